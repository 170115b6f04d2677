//! What happened to an account, as it is recorded.

use serde::{Deserialize, Serialize};

use crate::account::Grant;
use crate::{AccountId, InvitationId, Privilege, SecretId, TenantId};

events! {
    /// What happened to an account.
    pub enum AccountEvent {
        /// The first account of the platform came into being.
        FirstRegistered(FirstRegistered) = "account.first_registered" v 1,
        /// An account came into being.
        Registered(AccountRegistered) = "account.registered" v 1,
        /// It gained a role.
        Granted(RoleGranted) = "account.role_granted" v 1,
        /// A role was taken away from it.
        Revoked(RoleRevoked) = "account.role_revoked" v 1,
        /// It may do one thing more in a tenant.
        PermissionGranted(HeldPermission) = "account.permission_granted" v 1,
        /// It may no longer.
        PermissionRevoked(HeldPermission) = "account.permission_revoked" v 1,
        /// It took a token for a tenant that it is no member of.
        Impersonated(AccountImpersonated) = "account.impersonated" v 1,
        /// It signs in with a second factor from now on.
        SecondFactorEnrolled(SecondFactorEnrolled) = "account.second_factor_enrolled" v 1,
        /// It signs in without one again.
        SecondFactorDisabled(SecondFactorDisabled) = "account.second_factor_disabled" v 1,
        /// It signed in with a recovery code instead.
        RecoveryCodeUsed(RecoveryCodeUsed) = "account.recovery_code_used" v 1,
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

/// A role was taken away from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleRevoked {
    /// The role and its scope.
    pub grant: Grant,
    /// For a superadmin: the how-manieth of the platform this was. It claims that number, so that of two removals at once the
    /// second sees the first, and the last superadmin stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superadmin_removal: Option<u64>,
}

/// One thing that an account may do in a tenant beyond its role.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct HeldPermission {
    /// The tenant.
    pub tenant_id: TenantId,
    /// What.
    pub permission: Privilege,
}

/// It took a token for a tenant that it is no member of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountImpersonated {
    /// The tenant.
    pub tenant_id: TenantId,
}

/// It signs in with a second factor from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactorEnrolled {
    /// Where the vault keeps what the codes are made of.
    pub secret_id: SecretId,
}

/// It signs in without one again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactorDisabled {}

/// It signed in with a recovery code instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodeUsed {
    /// How many are left.
    pub left: u32,
}
