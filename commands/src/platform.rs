//! Commands on the platform's stream: organizations and tenants.

use std::sync::Arc;

use draxis_domain::organization::{Organization, OrganizationCommand};
use draxis_domain::tenant::{Tenant, TenantCommand, TenantCreated};
use draxis_domain::{Name, OrganizationId, Rejection, TenantId, TenantSlug};
use draxis_event_store::{Answer, Committed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::caller::Scope;
use crate::execution::{Commands, Context, Execution};
use crate::identity::Identity;
use crate::{CommandError, Guarded, Permission};

/// The body of `POST /api/organizations`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationBody {
    /// What people call it.
    pub name: Name,
}

/// The body of `POST /api/tenants`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantBody {
    /// The organization above it.
    pub organization_id: OrganizationId,
    /// Its unique short name.
    pub slug: TenantSlug,
    /// What people call it.
    pub display_name: Name,
}

/// What a command answers that brought something into being, or that makes no version.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Created {
    /// Its id.
    pub id: String,
}

/// What a command that changed something answers.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// The version it stands at, which is also the `ETag`.
    pub version: u64,
}

/// The answer to a command that brought something into being: its id.
pub fn created<A>(_: &A, id: &str) -> Answer {
    let body = json!(Created { id: id.to_owned() });
    Answer { status: 201, body: body.to_string().into_bytes(), version: Some(1) }
}

/// The answer to a command that changed something: its id and the version it stands at, which is also the `ETag`.
pub fn accepted(id: &str, version: u64) -> Answer {
    let body = json!(Accepted { id: id.to_owned(), version }).to_string().into_bytes();
    Answer { status: 200, body, version: Some(version) }
}

impl Commands {
    /// Creates an organization.
    pub async fn create_organization(
        &self,
        context: &Context,
        body: OrganizationBody,
    ) -> Result<Committed, CommandError> {
        let id = OrganizationId::new(self.ids().next());
        let command = OrganizationCommand::Create { id, name: body.name };
        self.on_platform(
            context,
            Execution::<Organization> { id: id.to_string(), command, respond: Arc::new(created) },
        )
        .await
    }
}

impl Identity {
    /// Creates a tenant under an organization that the caller may reach.
    pub async fn create_tenant(
        &self,
        context: &Context,
        body: TenantBody,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageTenants)?;
        let TenantBody { organization_id, slug, display_name } = body;
        let reachable = match context.caller.scope {
            Scope::Platform => self.organization_exists(organization_id).await?,
            Scope::Organization(own) => own == organization_id,
            Scope::Tenant(_) => false,
        };
        if !reachable {
            return Err(Rejection::NotFound { noun: "organization" }.into());
        }
        let id = TenantId::new(self.commands().ids().next());
        let command = TenantCommand::Create(TenantCreated { id, organization_id, slug, display_name });
        let execution = Execution::<Tenant> { id: id.to_string(), command, respond: Arc::new(created) };
        self.commands().on_platform(context, execution).await
    }
}

impl Guarded for OrganizationCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Create { .. } => Permission::ManageOrganizations,
        }
    }
}

impl Guarded for TenantCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Create(_) => Permission::ManageTenants,
        }
    }
}
