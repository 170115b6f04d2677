//! The directory: who and what there is on the platform. Names and addresses of people stay in the platform's tables.

use chrono::{DateTime, Utc};
use draxis_domain::account::{AccountEvent, Grant, HeldPermission};
use draxis_domain::invitation::InvitationEvent;
use draxis_domain::organization::OrganizationEvent;
use draxis_domain::tenant::TenantEvent;
use draxis_domain::{
    AccountId, InvitationId, Name, OrganizationId, PlatformEvent, Recorded, TenantId, TenantSlug,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of the platform's stream. Keys: `organization/<id>`, `tenant/<id>`, `account/<id>`, `invitation/<id>`, and
/// `of/<organization id>/<tenant id>`, which names an organization's tenants, and `people/<scope id>/<account id>`, which says what
/// a person is in one organization or tenant.
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
    /// What a person is in one organization or tenant; an account as far as it is of that one alone.
    Person(AccountRow),
    /// An invitation.
    Invitation(InvitationRow),
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Counts what happened to it; the `ETag`.
    pub version: u64,
    /// Its roles and their scopes.
    pub grants: Vec<Grant>,
    /// What it may do in tenants beyond its roles.
    #[serde(default)]
    pub permissions: Vec<HeldPermission>,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    const VERSION: i32 = 2;
    type Event = PlatformEvent;
    type Row = DirectoryRow;

    fn keys(told: &Recorded<PlatformEvent>) -> Vec<String> {
        let id = &told.aggregate_id;
        match &told.event {
            PlatformEvent::Organization(OrganizationEvent::Created(_)) => vec![key(ORGANIZATION, id)],
            PlatformEvent::Tenant(TenantEvent::Created(created)) => {
                vec![key(TENANT, id), key(&tenants_of(created.organization_id), id)]
            }
            PlatformEvent::Account(event) => keys_of_account(event, id),
            PlatformEvent::Audit(_) | PlatformEvent::MfaPolicy(_) | PlatformEvent::CheckpointKey(_) => {
                Vec::new()
            }
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
            PlatformEvent::Account(event) if key.starts_with(PEOPLE) => {
                person(row, event, (&told.aggregate_id, told.recorded_at))
            }
            PlatformEvent::Account(event) => account(row, event, told.recorded_at),
            PlatformEvent::Invitation(event) => invitation(row, event, told.recorded_at),
            PlatformEvent::Audit(_) | PlatformEvent::MfaPolicy(_) | PlatformEvent::CheckpointKey(_) => row,
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

/// What the keys of people in a scope begin with.
const PEOPLE: &str = "people/";

/// What the keys of one tenant's people begin with.
pub(crate) fn people_of(tenant: TenantId) -> String {
    format!("{PEOPLE}{tenant}")
}

/// The organization or tenant that a role holds for.
fn scope_of(grant: Grant) -> Option<String> {
    match grant {
        Grant::Superadmin => None,
        Grant::MasterAdmin { organization_id } => Some(organization_id.to_string()),
        Grant::TenantAdmin { tenant_id } | Grant::TenantUser { tenant_id } | Grant::Auditor { tenant_id } => {
            Some(tenant_id.to_string())
        }
    }
}

fn keys_of_account(event: &AccountEvent, id: &str) -> Vec<String> {
    let scope = match event {
        AccountEvent::FirstRegistered(_) | AccountEvent::Registered(_) => None,
        AccountEvent::Granted(granted) => scope_of(granted.grant),
        AccountEvent::Revoked(revoked) => scope_of(revoked.grant),
        AccountEvent::PermissionGranted(held) | AccountEvent::PermissionRevoked(held) => {
            Some(held.tenant_id.to_string())
        }
        AccountEvent::Impersonated(_)
        | AccountEvent::SecondFactorEnrolled(_)
        | AccountEvent::SecondFactorDisabled(_)
        | AccountEvent::RecoveryCodeUsed(_) => return Vec::new(),
    };
    let in_scope = scope.map(|scope| key(&format!("{PEOPLE}{scope}"), id));
    [key(ACCOUNT, id)].into_iter().chain(in_scope).collect()
}

/// The key of a thing.
pub(crate) fn key(noun: &str, id: &str) -> String {
    format!("{noun}/{id}")
}

/// What the keys of one organization's tenants begin with.
pub(crate) fn tenants_of(organization: OrganizationId) -> String {
    format!("{OF}{organization}")
}

fn begun(id: AccountId, at: DateTime<Utc>) -> AccountRow {
    AccountRow { id, version: 1, grants: Vec::new(), permissions: Vec::new(), created_at: at }
}

fn account(row: Option<DirectoryRow>, event: &AccountEvent, at: DateTime<Utc>) -> Option<DirectoryRow> {
    match event {
        AccountEvent::FirstRegistered(registered) => Some(DirectoryRow::Account(begun(registered.id, at))),
        AccountEvent::Registered(registered) => Some(DirectoryRow::Account(begun(registered.id, at))),
        AccountEvent::Granted(_)
        | AccountEvent::Revoked(_)
        | AccountEvent::PermissionGranted(_)
        | AccountEvent::PermissionRevoked(_)
        | AccountEvent::Impersonated(_)
        | AccountEvent::SecondFactorEnrolled(_)
        | AccountEvent::SecondFactorDisabled(_)
        | AccountEvent::RecoveryCodeUsed(_) => {
            let Some(DirectoryRow::Account(mut account)) = row else { return row };
            account.evolve(event);
            Some(DirectoryRow::Account(account))
        }
    }
}

/// What somebody is in one scope; nothing once they are nothing there.
fn person(
    row: Option<DirectoryRow>,
    event: &AccountEvent,
    (id, at): (&str, DateTime<Utc>),
) -> Option<DirectoryRow> {
    let mut person = match row {
        Some(DirectoryRow::Person(person)) => person,
        // Its version counts from nothing, as everything in this scope does.
        Some(_) | None => AccountRow { version: 0, ..begun(id.parse().ok()?, at) },
    };
    person.evolve(event);
    (!person.grants.is_empty()).then_some(DirectoryRow::Person(person))
}

impl AccountRow {
    fn evolve(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Granted(granted) => {
                if !self.grants.contains(&granted.grant) {
                    self.grants.push(granted.grant);
                }
            }
            AccountEvent::Revoked(revoked) => {
                self.grants.retain(|grant| *grant != revoked.grant);
                if let Grant::TenantUser { tenant_id } = revoked.grant {
                    self.permissions.retain(|held| held.tenant_id != tenant_id);
                }
            }
            AccountEvent::PermissionGranted(held) => self.permissions.push(*held),
            AccountEvent::PermissionRevoked(held) => self.permissions.retain(|other| other != held),
            AccountEvent::FirstRegistered(_)
            | AccountEvent::Registered(_)
            | AccountEvent::Impersonated(_)
            | AccountEvent::SecondFactorEnrolled(_)
            | AccountEvent::SecondFactorDisabled(_)
            | AccountEvent::RecoveryCodeUsed(_) => return,
        }
        self.version = self.version.saturating_add(1);
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

#[cfg(test)]
mod tests {
    use draxis_domain::account::{FirstRegistered, RoleGranted, RoleRevoked};
    use draxis_domain::organization::OrganizationCreated;
    use draxis_domain::tenant::TenantCreated;
    use draxis_domain::{Actor, EventId, Metadata, Position, Privilege, Sequence};

    use super::{
        AccountEvent, AccountId, DateTime, Directory, DirectoryRow, Grant, HeldPermission, Name,
        OrganizationEvent, OrganizationId, PlatformEvent, Recorded, TenantEvent, TenantId, TenantSlug,
        people_of,
    };
    use crate::memory::fold_in_memory;

    fn told(position: u64, aggregate_id: &str, event: PlatformEvent) -> Recorded<PlatformEvent> {
        Recorded {
            position: Position::new(position),
            event_id: EventId::default(),
            aggregate_id: aggregate_id.to_owned(),
            sequence: Sequence::new(1),
            recorded_at: DateTime::UNIX_EPOCH,
            metadata: Metadata::by(Actor::Public),
            event,
        }
    }

    #[test]
    fn a_tenant_is_found_by_itself_and_under_its_organization() {
        let (organization, tenant) = (OrganizationId::default(), TenantId::default());
        let created = OrganizationCreated { id: organization, name: Name::parse("Acme").unwrap() };
        let tenant_created = TenantCreated {
            id: tenant,
            organization_id: organization,
            slug: TenantSlug::parse("acme-corp").unwrap(),
            display_name: Name::parse("Acme").unwrap(),
        };
        let rows = fold_in_memory::<Directory>(&[
            told(
                1,
                &organization.to_string(),
                PlatformEvent::Organization(OrganizationEvent::Created(created)),
            ),
            told(2, &tenant.to_string(), PlatformEvent::Tenant(TenantEvent::Created(tenant_created))),
        ]);
        let keys: Vec<&str> = rows.keys().filter_map(|key| key.split('/').next()).collect();
        assert_eq!(keys, ["of", "organization", "tenant"]);
    }

    #[test]
    fn an_account_gathers_its_grants_each_once() {
        let id = AccountId::default();
        let granted =
            |grant| PlatformEvent::Account(AccountEvent::Granted(RoleGranted { grant, invitation_id: None }));
        let auditor = Grant::Auditor { tenant_id: TenantId::default() };
        let first = PlatformEvent::Account(AccountEvent::FirstRegistered(FirstRegistered { id }));
        let events = [first, granted(Grant::Superadmin), granted(auditor), granted(auditor)];
        let events: Vec<_> = (1..).zip(events).map(|(n, event)| told(n, &id.to_string(), event)).collect();
        let rows = fold_in_memory::<Directory>(&events);
        let [DirectoryRow::Account(account), DirectoryRow::Person(person)] =
            rows.values().collect::<Vec<_>>()[..]
        else {
            panic!("{rows:?}")
        };
        assert_eq!(account.grants, [Grant::Superadmin, auditor]);
        assert_eq!(account.version, 4);
        assert_eq!(person.grants, [auditor], "of a tenant's people is told what they are there");
    }

    #[test]
    fn a_person_is_found_in_a_tenant_while_they_are_something_there() {
        let id = AccountId::default();
        let tenant_id = TenantId::default();
        let (user, auditor) = (Grant::TenantUser { tenant_id }, Grant::Auditor { tenant_id });
        let granted = |grant| AccountEvent::Granted(RoleGranted { grant, invitation_id: None });
        let revoked = |grant| AccountEvent::Revoked(RoleRevoked { grant, superadmin_removal: None });
        let held = HeldPermission { tenant_id, permission: Privilege::WriteValues };
        let mut events = vec![
            AccountEvent::FirstRegistered(FirstRegistered { id }),
            granted(Grant::Superadmin),
            granted(user),
            granted(auditor),
            AccountEvent::PermissionGranted(held),
            revoked(user),
        ];
        let there = |events: &[AccountEvent]| {
            let told: Vec<_> = (1..)
                .zip(events)
                .map(|(n, event)| told(n, &id.to_string(), PlatformEvent::Account(event.clone())))
                .collect();
            let rows = fold_in_memory::<Directory>(&told);
            rows.into_iter().find(|(key, _)| key.starts_with(&people_of(tenant_id))).map(|(_, row)| row)
        };
        let Some(DirectoryRow::Person(person)) = there(&events) else { panic!("nobody is there") };
        assert_eq!((person.grants, person.permissions), (vec![auditor], vec![]), "of this tenant alone");
        events.push(revoked(auditor));
        assert_eq!(there(&events), None);
    }
}
