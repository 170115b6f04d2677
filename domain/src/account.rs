//! Account: a person and what they may do. Names and emails stay in the platform's tables; events know accounts by id.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Claim, InvitationId, Moment, OrganizationId, Rejection, TenantId};

/// A role and the part of the platform it holds for (product.md section 1); ordered from the widest to the narrowest.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(tag = "role", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Grant {
    /// The platform: organizations, impersonation, platform audit.
    Superadmin,
    /// One organization: its tenants and users.
    MasterAdmin {
        /// The organization.
        organization_id: OrganizationId,
    },
    /// One tenant: users, integrations, risk model, workflows.
    TenantAdmin {
        /// The tenant.
        tenant_id: TenantId,
    },
    /// One tenant: reads; approves where named.
    TenantUser {
        /// The tenant.
        tenant_id: TenantId,
    },
    /// One tenant: reads, exports, verifies and replays; changes nothing.
    Auditor {
        /// The tenant.
        tenant_id: TenantId,
    },
}

/// What a person is within what they may reach.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Of the platform.
    Superadmin,
    /// Of one organization.
    MasterAdmin,
    /// Of one tenant.
    TenantAdmin,
    /// Of one tenant, reading.
    TenantUser,
    /// Of one tenant, reading, exporting and verifying.
    Auditor,
}

impl Grant {
    /// The role without its scope.
    pub const fn role(self) -> Role {
        match self {
            Self::Superadmin => Role::Superadmin,
            Self::MasterAdmin { .. } => Role::MasterAdmin,
            Self::TenantAdmin { .. } => Role::TenantAdmin,
            Self::TenantUser { .. } => Role::TenantUser,
            Self::Auditor { .. } => Role::Auditor,
        }
    }

    /// The tenant a tenant role holds for.
    pub const fn tenant(self) -> Option<TenantId> {
        match self {
            Self::TenantAdmin { tenant_id }
            | Self::TenantUser { tenant_id }
            | Self::Auditor { tenant_id } => Some(tenant_id),
            Self::Superadmin | Self::MasterAdmin { .. } => None,
        }
    }
}

/// An account as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Account {
    /// No event yet: there is no such account.
    #[default]
    Absent,
    /// A person who can sign in.
    Active {
        /// What they may do.
        grants: BTreeSet<Grant>,
    },
}

/// What can be asked of an account.
#[derive(Debug, Clone)]
pub enum AccountCommand {
    /// The very first registration, which makes the platform's superadmin.
    RegisterFirst {
        /// The new account's id.
        id: AccountId,
    },
    /// An accepted invitation: the account comes into being, or gains a role.
    AcceptGrant {
        /// The account's id.
        id: AccountId,
        /// What the invitation grants.
        grant: Grant,
        /// The invitation.
        invitation_id: InvitationId,
    },
    /// A token for a tenant that the account is above, and no member of.
    Impersonate {
        /// The tenant.
        tenant_id: TenantId,
    },
}

events! {
    /// What happened to an account.
    pub enum AccountEvent {
        /// The first account of the platform came into being.
        FirstRegistered(FirstRegistered) = "account.first_registered" v 1,
        /// An account came into being.
        Registered(AccountRegistered) = "account.registered" v 1,
        /// It gained a role.
        Granted(RoleGranted) = "account.role_granted" v 1,
        /// It took a token for a tenant that it is no member of.
        Impersonated(AccountImpersonated) = "account.impersonated" v 1,
    }
}

/// The first account of the platform came into being.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstRegistered {
    /// Its id.
    pub id: AccountId,
}

/// An account came into being.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountRegistered {
    /// Its id.
    pub id: AccountId,
}

/// It gained a role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleGranted {
    /// The role and its scope.
    pub grant: Grant,
    /// The invitation it came by; none for the first account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation_id: Option<InvitationId>,
}

/// It took a token for a tenant that it is no member of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountImpersonated {
    /// The tenant.
    pub tenant_id: TenantId,
}

impl Account {
    /// The kind of name that the first registration takes, so that it works once, also when two requests race.
    pub const FIRST: &'static str = "first_account";

    /// What the account may do; nothing where it does not exist.
    pub fn grants(&self) -> impl Iterator<Item = Grant> {
        match self {
            Self::Absent => None,
            Self::Active { grants } => Some(grants.iter().copied()),
        }
        .into_iter()
        .flatten()
    }

    /// Whether the account has come into being.
    pub const fn exists(&self) -> bool {
        matches!(self, Self::Active { .. })
    }

    fn decide(&self, command: AccountCommand, _: &Moment) -> Result<Vec<AccountEvent>, Rejection> {
        Ok(match (self, command) {
            (Self::Absent, AccountCommand::RegisterFirst { id }) => vec![
                AccountEvent::FirstRegistered(FirstRegistered { id }),
                AccountEvent::Granted(RoleGranted { grant: Grant::Superadmin, invitation_id: None }),
            ],
            (Self::Active { .. }, AccountCommand::RegisterFirst { .. }) => Vec::new(),
            (Self::Absent, AccountCommand::AcceptGrant { id, grant, invitation_id }) => vec![
                AccountEvent::Registered(AccountRegistered { id }),
                AccountEvent::Granted(RoleGranted { grant, invitation_id: Some(invitation_id) }),
            ],
            (Self::Active { grants }, AccountCommand::AcceptGrant { grant, .. })
                if grants.contains(&grant) =>
            {
                Vec::new()
            }
            (Self::Active { .. }, AccountCommand::AcceptGrant { grant, invitation_id, .. }) => {
                vec![AccountEvent::Granted(RoleGranted { grant, invitation_id: Some(invitation_id) })]
            }
            (Self::Active { .. }, AccountCommand::Impersonate { tenant_id }) => {
                vec![AccountEvent::Impersonated(AccountImpersonated { tenant_id })]
            }
            (Self::Absent, AccountCommand::Impersonate { .. }) => {
                return Err(Rejection::NotFound { noun: "account" });
            }
        })
    }

    fn evolve(&mut self, event: AccountEvent) {
        match (self, event) {
            (this, AccountEvent::FirstRegistered(_) | AccountEvent::Registered(_)) => {
                *this = Self::Active { grants: BTreeSet::new() };
            }
            (Self::Active { grants }, AccountEvent::Granted(granted)) => {
                grants.insert(granted.grant);
            }
            (Self::Absent, AccountEvent::Granted(_)) | (_, AccountEvent::Impersonated(_)) => {}
        }
    }
}

aggregate!(Account, "account", AccountCommand, AccountEvent, |event| match event {
    AccountEvent::FirstRegistered(_) => vec![Claim::take(Account::FIRST, "")],
    AccountEvent::Registered(_) | AccountEvent::Granted(_) | AccountEvent::Impersonated(_) => Vec::new(),
});
