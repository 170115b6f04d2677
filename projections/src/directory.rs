//! The directory: who and what there is on the platform. Names and addresses of people stay in the platform's tables.

use chrono::{DateTime, Utc};
use draxis_domain::account::{AccountEvent, Grant};
use draxis_domain::invitation::InvitationEvent;
use draxis_domain::organization::OrganizationEvent;
use draxis_domain::tenant::TenantEvent;
use draxis_domain::{
    AccountId, InvitationId, Name, OrganizationId, PlatformEvent, Recorded, TenantId, TenantSlug,
};
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of the platform's stream. Keys: `organization/<id>`, `tenant/<id>`, `account/<id>`, `invitation/<id>`, and
/// `of/<organization id>/<tenant id>`, which names an organization's tenants.
#[derive(Debug, Clone, Copy)]
pub struct Directory;

/// A row of the directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryRow {
    /// An organization.
    Organization(OrganizationRow),
    /// A tenant.
    Tenant(TenantRow),
    /// A tenant of an organization.
    TenantOf(TenantId),
    /// An account.
    Account(AccountRow),
    /// An invitation.
    Invitation(InvitationRow),
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationRow {
    /// Its id.
    pub id: OrganizationId,
    /// Counts definitions; the `ETag`.
    pub version: u64,
    /// What people call it.
    pub name: Name,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantRow {
    /// Its id.
    pub id: TenantId,
    /// Counts definitions; the `ETag`.
    pub version: u64,
    /// The organization above it.
    pub organization_id: OrganizationId,
    /// Its unique short name.
    pub slug: TenantSlug,
    /// What people call it.
    pub display_name: Name,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
}

/// An account and what it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Counts what happened to it; the `ETag`.
    pub version: u64,
    /// Its roles and their scopes.
    pub grants: Vec<Grant>,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// Counts what happened to it; the `ETag`.
    pub version: u64,
    /// What accepting it grants.
    pub grant: Grant,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was accepted.
    pub accepted_at: Option<DateTime<Utc>>,
    /// By whom.
    pub account_id: Option<AccountId>,
}

impl Projection for Directory {
    const TABLE: Table = Table::Directory;
    const VERSION: i32 = 1;
    type Event = PlatformEvent;
    type Row = DirectoryRow;

    fn keys(told: &Recorded<PlatformEvent>) -> Vec<String> {
        let id = &told.aggregate_id;
        match &told.event {
            PlatformEvent::Organization(OrganizationEvent::Created(_)) => vec![key(ORGANIZATION, id)],
            PlatformEvent::Tenant(TenantEvent::Created(created)) => {
                vec![key(TENANT, id), key(&tenants_of(created.organization_id), id)]
            }
            PlatformEvent::Account(
                AccountEvent::FirstRegistered(_) | AccountEvent::Registered(_) | AccountEvent::Granted(_),
            ) => vec![key(ACCOUNT, id)],
            PlatformEvent::Invitation(InvitationEvent::Sent(_) | InvitationEvent::Accepted(_)) => {
                vec![key(INVITATION, id)]
            }
        }
    }

    fn apply(key: &str, row: Option<DirectoryRow>, told: &Recorded<PlatformEvent>) -> Option<DirectoryRow> {
        match &told.event {
            PlatformEvent::Organization(OrganizationEvent::Created(created)) => {
                Some(DirectoryRow::Organization(OrganizationRow {
                    id: created.id,
                    version: 1,
                    name: created.name.clone(),
                    created_at: told.recorded_at,
                }))
            }
            PlatformEvent::Tenant(TenantEvent::Created(created)) if key.starts_with(OF) => {
                Some(DirectoryRow::TenantOf(created.id))
            }
            PlatformEvent::Tenant(TenantEvent::Created(created)) => Some(DirectoryRow::Tenant(TenantRow {
                id: created.id,
                version: 1,
                organization_id: created.organization_id,
                slug: created.slug.clone(),
                display_name: created.display_name.clone(),
                created_at: told.recorded_at,
            })),
            PlatformEvent::Account(event) => account(row, event, told.recorded_at),
            PlatformEvent::Invitation(event) => invitation(row, event, told.recorded_at),
        }
    }
}

/// What the keys of organizations begin with.
pub(crate) const ORGANIZATION: &str = "organization";
/// What the keys of tenants begin with.
pub(crate) const TENANT: &str = "tenant";
/// What the keys of accounts begin with.
pub(crate) const ACCOUNT: &str = "account";
/// What the keys of invitations begin with.
pub(crate) const INVITATION: &str = "invitation";
/// What the keys of organizations' tenants begin with.
const OF: &str = "of/";

/// The key of a thing.
pub(crate) fn key(noun: &str, id: &str) -> String {
    format!("{noun}/{id}")
}

/// What the keys of one organization's tenants begin with.
pub(crate) fn tenants_of(organization: OrganizationId) -> String {
    format!("{OF}{organization}")
}

fn account(row: Option<DirectoryRow>, event: &AccountEvent, at: DateTime<Utc>) -> Option<DirectoryRow> {
    let begun = |id| AccountRow { id, version: 1, grants: Vec::new(), created_at: at };
    match event {
        AccountEvent::FirstRegistered(registered) => Some(DirectoryRow::Account(begun(registered.id))),
        AccountEvent::Registered(registered) => Some(DirectoryRow::Account(begun(registered.id))),
        AccountEvent::Granted(granted) => {
            let Some(DirectoryRow::Account(mut account)) = row else { return row };
            if !account.grants.contains(&granted.grant) {
                account.grants.push(granted.grant);
            }
            account.version = account.version.saturating_add(1);
            Some(DirectoryRow::Account(account))
        }
    }
}

fn invitation(row: Option<DirectoryRow>, event: &InvitationEvent, at: DateTime<Utc>) -> Option<DirectoryRow> {
    match event {
        InvitationEvent::Sent(sent) => Some(DirectoryRow::Invitation(InvitationRow {
            id: sent.id,
            version: 1,
            grant: sent.grant,
            created_at: at,
            expires_at: sent.expires_at,
            accepted_at: None,
            account_id: None,
        })),
        InvitationEvent::Accepted(accepted) => {
            let Some(DirectoryRow::Invitation(mut invitation)) = row else { return row };
            invitation.version = invitation.version.saturating_add(1);
            invitation.accepted_at = Some(at);
            invitation.account_id = Some(accepted.account_id);
            Some(DirectoryRow::Invitation(invitation))
        }
    }
}
