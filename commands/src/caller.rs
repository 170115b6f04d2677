//! Callers: who asks, for which part of the platform, on whose behalf.

use draxis_domain::account::Role;
use draxis_domain::{AccountId, Actor, OrganizationId, PushTokenId, Reason, TenantId};

use crate::{CommandError, Permission};

/// The part of the platform a caller's role holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Platform,
    /// One organization and its tenants.
    Organization(OrganizationId),
    /// One tenant.
    Tenant(TenantId),
}

/// Somebody who has shown who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is, as events will say.
    pub actor: Actor,
    /// The person behind it, where they are no member of the tenant they act in.
    pub impersonator: Option<AccountId>,
    /// What they are.
    pub role: Role,
    /// Where they are that.
    pub scope: Scope,
    /// Why they took a token for a tenant, where they said so.
    pub reason: Option<Reason>,
}

impl Caller {
    /// Somebody who has not signed in.
    pub const fn public() -> Self {
        Self {
            actor: Actor::Public,
            impersonator: None,
            role: Role::TenantUser,
            scope: Scope::Platform,
            reason: None,
        }
    }

    /// Somebody who has not signed in and holds a link into one tenant.
    pub const fn visitor(tenant: TenantId) -> Self {
        Self {
            actor: Actor::Public,
            impersonator: None,
            role: Role::TenantUser,
            scope: Scope::Tenant(tenant),
            reason: None,
        }
    }

    /// The program itself, at work for one tenant.
    pub const fn runner(tenant: TenantId) -> Self {
        Self {
            actor: Actor::Runner,
            impersonator: None,
            role: Role::TenantAdmin,
            scope: Scope::Tenant(tenant),
            reason: None,
        }
    }

    /// A machine that presented a token for pushing values.
    pub const fn push_token(tenant: TenantId, id: PushTokenId) -> Self {
        Self {
            actor: Actor::ApiToken(id.ulid()),
            impersonator: None,
            role: Role::TenantAdmin,
            scope: Scope::Tenant(tenant),
            reason: None,
        }
    }

    /// The tenant the caller acts in; without one, they are told how to get a token for it.
    pub const fn tenant(&self) -> Result<TenantId, CommandError> {
        match self.scope {
            Scope::Tenant(tenant) => Ok(tenant),
            Scope::Platform | Scope::Organization(_) => Err(CommandError::NoTenant),
        }
    }

    /// Refuses a caller whose role does not include the permission.
    pub fn must(&self, permission: Permission) -> Result<(), CommandError> {
        let included = match self.actor {
            Actor::Public => permission == Permission::Open,
            Actor::Runner => permission == Permission::Open || permission.belongs_to(self.role),
            // Whatever a push token's holder has learnt about roles: it writes values and does nothing else.
            Actor::ApiToken(_) => permission == Permission::WriteValues,
            Actor::Account(_) | Actor::WorkflowRun(_) => permission.belongs_to(self.role),
        };
        if included { Ok(()) } else { Err(CommandError::Forbidden { permission }) }
    }
}
