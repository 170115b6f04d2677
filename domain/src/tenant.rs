//! Tenant: one customer's risk environment; its stream bears its id (product.md section 1).

use serde::{Deserialize, Serialize};

use crate::{Claim, Moment, Name, OrganizationId, Rejection, TenantId, TenantSlug};

/// A tenant as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Tenant {
    /// No event yet: there is no such tenant.
    #[default]
    Absent,
    /// Created under its organization.
    Active {
        /// The organization above it.
        organization_id: OrganizationId,
    },
}

/// What can be asked of a tenant.
#[derive(Debug, Clone)]
pub enum TenantCommand {
    /// Brings a new one into being.
    Create(TenantCreated),
}

events! {
    /// What happened to a tenant.
    pub enum TenantEvent {
        /// It came into being.
        Created(TenantCreated) = "tenant.created" v 1,
    }
}

/// It came into being.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantCreated {
    /// Its id.
    pub id: TenantId,
    /// The organization above it.
    pub organization_id: OrganizationId,
    /// Its unique short name.
    pub slug: TenantSlug,
    /// What people call it.
    pub display_name: Name,
}

impl Tenant {
    /// The kind of name a tenant's slug is.
    pub const SLUG: &'static str = "tenant_slug";

    /// The organization above it, where it exists.
    pub const fn organization(&self) -> Option<OrganizationId> {
        match self {
            Self::Absent => None,
            Self::Active { organization_id } => Some(*organization_id),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the shape of every aggregate's rule")]
    fn decide(&self, command: TenantCommand, _: &Moment) -> Result<Vec<TenantEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, TenantCommand::Create(created)) => Ok(vec![TenantEvent::Created(created)]),
            (Self::Active { .. }, TenantCommand::Create(_)) => Ok(Vec::new()),
        }
    }

    fn evolve(&mut self, event: TenantEvent) {
        match event {
            TenantEvent::Created(created) => {
                *self = Self::Active { organization_id: created.organization_id };
            }
        }
    }
}

aggregate!(Tenant, "tenant", TenantCommand, TenantEvent, |event| match event {
    TenantEvent::Created(created) => vec![Claim::take(Tenant::SLUG, created.slug.as_str())],
});
