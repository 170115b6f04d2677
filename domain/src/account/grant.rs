//! Grants: a role, and the part of the platform it holds for.

use serde::{Deserialize, Serialize};

use crate::{OrganizationId, TenantId};

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
