//! Callers: who asks, for which part of the platform, on whose behalf.

use std::collections::BTreeSet;

use draxis_domain::account::Role;
use draxis_domain::{AccountId, Actor, OrganizationId, PushTokenId, Reason, TenantId, WorkflowRunId};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

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

/// What a caller may do, beside what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Powers {
    /// What their role includes.
    #[default]
    OfRole,
    /// That, and what they were granted besides.
    And(BTreeSet<Permission>),
    /// These and nothing else, whatever the role includes: a token's scopes.
    Only(BTreeSet<Permission>),
    /// Nothing but enrolling the second factor that is required of them.
    Enrolling,
}

/// How sure it is that somebody is who they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// They have shown their password.
    #[default]
    Password,
    /// And a second factor.
    SecondFactor,
}

/// The session that an access token was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The family of its refresh tokens.
    pub family: Ulid,
    /// What was shown at its beginning.
    pub assurance: Assurance,
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
    /// What they may do.
    pub powers: Powers,
    /// The session, where a person has signed in.
    pub session: Option<Session>,
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
            powers: Powers::OfRole,
            session: None,
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
            powers: Powers::OfRole,
            session: None,
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
            powers: Powers::OfRole,
            session: None,
        }
    }

    /// A run of a workflow, at work in its tenant.
    pub fn workflow_run(tenant: TenantId, run: WorkflowRunId) -> Self {
        Self { actor: Actor::WorkflowRun(run.ulid()), ..Self::runner(tenant) }
    }

    /// A machine that presented a token for pushing values.
    pub fn push_token(tenant: TenantId, id: PushTokenId) -> Self {
        Self {
            actor: Actor::ApiToken(id.ulid()),
            impersonator: None,
            role: Role::TenantAdmin,
            scope: Scope::Tenant(tenant),
            reason: None,
            powers: Powers::Only(BTreeSet::from([Permission::WriteValues])),
            session: None,
        }
    }

    /// The tenant the caller acts in; without one, they are told how to get a token for it.
    pub const fn tenant(&self) -> Result<TenantId, CommandError> {
        match self.scope {
            Scope::Tenant(tenant) => Ok(tenant),
            Scope::Platform | Scope::Organization(_) => Err(CommandError::NoTenant),
        }
    }

    /// The person who has signed in; a machine is none.
    pub fn person(&self) -> Result<AccountId, CommandError> {
        match self.actor {
            Actor::Account(id) => Ok(id),
            Actor::ApiToken(_) => Err(CommandError::NotAPerson),
            Actor::WorkflowRun(_) | Actor::Runner | Actor::Public => Err(CommandError::NoSession),
        }
    }

    /// Whether they may do nothing yet but enroll a second factor.
    pub fn must_enroll(&self) -> bool {
        self.powers == Powers::Enrolling
    }

    /// The same caller with one more thing they may do: what belongs to a command they may give.
    #[must_use]
    pub fn also(mut self, permission: Permission) -> Self {
        match &mut self.powers {
            Powers::OfRole => self.powers = Powers::And(BTreeSet::from([permission])),
            Powers::And(more) | Powers::Only(more) => {
                more.insert(permission);
            }
            Powers::Enrolling => {}
        }
        self
    }

    /// Refuses a caller whose powers do not include the permission.
    pub fn must(&self, permission: Permission) -> Result<(), CommandError> {
        let included = match &self.powers {
            // Nobody has signed in: what their role would include is nothing to them.
            Powers::OfRole if self.actor == Actor::Public => false,
            Powers::OfRole => permission.belongs_to(self.role),
            Powers::And(more) => permission.belongs_to(self.role) || more.contains(&permission),
            Powers::Only(these) => these.contains(&permission),
            Powers::Enrolling if permission == Permission::Open => true,
            Powers::Enrolling => return Err(CommandError::EnrollFirst),
        };
        if included || permission == Permission::Open {
            Ok(())
        } else {
            Err(CommandError::Forbidden { permission })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(powers: Powers) -> Caller {
        let actor = Actor::Account(AccountId::default());
        Caller { actor, role: Role::TenantUser, powers, ..Caller::visitor(TenantId::default()) }
    }

    #[test]
    fn a_scoped_caller_may_do_what_the_scopes_say_whatever_the_role_includes() {
        let scoped = with(Powers::Only(BTreeSet::from([Permission::RunSources])));
        assert!(scoped.must(Permission::RunSources).is_ok());
        assert!(scoped.must(Permission::Read).is_err(), "the role includes it, the scopes do not");
        let granted = with(Powers::And(BTreeSet::from([Permission::RunSources])));
        assert!(granted.must(Permission::RunSources).is_ok() && granted.must(Permission::Read).is_ok());
        assert!(granted.must(Permission::WriteValues).is_err());
    }

    #[test]
    fn whoever_must_enroll_first_may_do_nothing_else() {
        let enrolling = with(Powers::Enrolling);
        assert!(matches!(enrolling.must(Permission::Read), Err(CommandError::EnrollFirst)));
        let more = enrolling.also(Permission::Read);
        assert!(matches!(more.must(Permission::Read), Err(CommandError::EnrollFirst)));
    }
}
