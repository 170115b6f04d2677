//! Permissions: what each role may do, and what each command asks for.

use draxis_domain::Privilege;
use draxis_domain::account::Role;

/// One thing a role may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Anybody: what is checked by other means, such as a first registration or an invitation's token.
    Open,
    /// Create organizations.
    ManageOrganizations,
    /// Create tenants within one's scope.
    ManageTenants,
    /// Invite people within one's scope.
    InvitePeople,
    /// See the people within one's scope, take roles away and grant permissions.
    ManagePeople,
    /// Say for whom a second factor is required, within one's scope.
    RequireSecondFactor,
    /// Make and revoke a tenant's API tokens.
    ManageApiTokens,
    /// Take a token for a tenant one is no member of.
    Impersonate,
    /// Read dashboards, lists and histories of a tenant.
    Read,
    /// Read, export, verify and replay a tenant's stream.
    ReadAudit,
    /// Connect, edit and archive sources.
    ManageSources,
    /// Call a source's connector now.
    RunSources,
    /// Write manual values.
    WriteValues,
    /// Create and edit KRIs, risks, controls, outcomes and vendors.
    ManageRiskModel,
    /// Put questions to the expert panel.
    AskPanel,
    /// Set and remove what is remembered.
    ManageMemory,
    /// Say which model is asked, and under which key.
    ManageModel,
    /// Draft, edit, activate, pause and archive workflows, declare KRI events, set up relays, share previews.
    ManageWorkflows,
}

impl Permission {
    /// Whether the role includes it (product.md section 1).
    pub const fn belongs_to(self, role: Role) -> bool {
        match self {
            Self::Open => true,
            Self::ManageOrganizations => matches!(role, Role::Superadmin),
            Self::ManageTenants | Self::Impersonate => matches!(role, Role::Superadmin | Role::MasterAdmin),
            Self::InvitePeople | Self::ManagePeople | Self::RequireSecondFactor => {
                matches!(role, Role::Superadmin | Role::MasterAdmin | Role::TenantAdmin)
            }
            Self::Read => matches!(role, Role::TenantAdmin | Role::TenantUser | Role::Auditor),
            // Asking changes nothing of the model (decided); an auditor reads what others asked.
            Self::AskPanel => matches!(role, Role::TenantAdmin | Role::TenantUser),
            // Where somebody is that, says their scope: a superadmin's own stream is the platform's.
            Self::ReadAudit => matches!(role, Role::Superadmin | Role::TenantAdmin | Role::Auditor),
            Self::ManageSources
            | Self::RunSources
            | Self::WriteValues
            | Self::ManageRiskModel
            | Self::ManageMemory
            | Self::ManageModel
            | Self::ManageWorkflows
            | Self::ManageApiTokens => matches!(role, Role::TenantAdmin),
        }
    }

    /// What a token's scope, or a permission granted to a tenant's user, comes to.
    pub const fn of(privilege: Privilege) -> Self {
        match privilege {
            Privilege::Read => Self::Read,
            Privilege::ReadAudit => Self::ReadAudit,
            Privilege::WriteValues => Self::WriteValues,
            Privilege::ManageSources => Self::ManageSources,
            Privilege::RunSources => Self::RunSources,
            Privilege::ManageRiskModel => Self::ManageRiskModel,
            Privilege::ManageWorkflows => Self::ManageWorkflows,
        }
    }

    /// The permission in words, for the person who lacks it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "nothing",
            Self::ManageOrganizations => "manage organizations",
            Self::ManageTenants => "manage tenants",
            Self::InvitePeople => "invite people",
            Self::ManagePeople => "manage people",
            Self::RequireSecondFactor => "say for whom a second factor is required",
            Self::ManageApiTokens => "manage API tokens",
            Self::Impersonate => "act in a tenant without being a member",
            Self::Read => "read a tenant",
            Self::ReadAudit => "read the audit trail",
            Self::ManageSources => "manage sources",
            Self::RunSources => "run sources",
            Self::WriteValues => "write values",
            Self::ManageRiskModel => "manage the risk model",
            Self::AskPanel => "ask the expert panel",
            Self::ManageMemory => "manage the institutional memory",
            Self::ManageModel => "choose the model",
            Self::ManageWorkflows => "manage workflows",
        }
    }
}

/// A command that says which permission it takes: a command without one cannot be carried out.
pub trait Guarded {
    /// The permission, decided by an exhaustive match.
    fn permission(&self) -> Permission;
}
