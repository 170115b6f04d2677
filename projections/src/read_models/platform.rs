//! Questions about the platform: organizations, tenants, accounts, invitations.

use std::collections::BTreeSet;

use draxis_domain::account::Grant;
use draxis_domain::{AccountId, InvitationId, OrganizationId, Position, TenantId};

use crate::directory::{
    self, AccountRow, Directory, DirectoryRow, InvitationRow, OrganizationRow, TenantRow,
};
use crate::error::ReadError;
use crate::page::{Page, PageOf};
use crate::read_models::ReadModels;
use crate::reading::{Ask, List, Order};

/// Takes one kind of row out of the directory's.
macro_rules! only {
    ($variant:ident) => {
        |row| if let DirectoryRow::$variant(row) = row { Some(row) } else { None }
    };
}

impl ReadModels {
    /// Organizations, oldest first.
    pub async fn list_organizations(
        &self,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<OrganizationRow>, ReadError> {
        self.listed(directory::ORGANIZATION, at_least, page, only!(Organization)).await
    }

    /// Invitations, oldest first.
    pub async fn list_invitations(
        &self,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<InvitationRow>, ReadError> {
        self.listed(directory::INVITATION, at_least, page, only!(Invitation)).await
    }

    /// The people of a tenant as far as they are something there, oldest first.
    pub async fn list_people_of_tenant(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<AccountRow>, ReadError> {
        self.listed(&directory::people_of(tenant), at_least, page, only!(Person)).await
    }

    /// The people of an organization and its tenants as far as they are something there, oldest first.
    pub async fn list_people_of_organization(
        &self,
        organization: OrganizationId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<AccountRow>, ReadError> {
        let tenants = self.tenants_of(organization, at_least).await?;
        let within = |grant: &Grant| match grant {
            Grant::Superadmin => false,
            Grant::MasterAdmin { organization_id } => *organization_id == organization,
            Grant::TenantAdmin { tenant_id }
            | Grant::TenantUser { tenant_id }
            | Grant::Auditor { tenant_id } => tenants.contains(tenant_id),
        };
        let keep = |row: DirectoryRow| {
            let DirectoryRow::Account(mut account) = row else { return None };
            account.grants.retain(&within);
            account.permissions.retain(|held| tenants.contains(&held.tenant_id));
            (!account.grants.is_empty()).then_some(account)
        };
        self.listed(directory::ACCOUNT, at_least, page, keep).await
    }

    async fn tenants_of(
        &self,
        organization: OrganizationId,
        at_least: Option<Position>,
    ) -> Result<BTreeSet<TenantId>, ReadError> {
        let below = directory::tenants_of(organization);
        let mut tenants = BTreeSet::new();
        let mut page = PageOf { cursor: None, limit: PageOf::MOST };
        loop {
            let found = self.listed(&below, at_least, &page, only!(TenantOf)).await?;
            tenants.extend(found.items);
            if found.next_cursor.is_none() {
                return Ok(tenants);
            }
            page.cursor = found.next_cursor;
        }
    }

    /// Accounts, oldest first.
    pub async fn list_accounts(
        &self,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<AccountRow>, ReadError> {
        self.listed(directory::ACCOUNT, at_least, page, only!(Account)).await
    }

    /// Tenants, oldest first: all, or those of one organization.
    pub async fn list_tenants(
        &self,
        organization: Option<OrganizationId>,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<TenantRow>, ReadError> {
        let Some(organization) = organization else {
            return self.listed(directory::TENANT, at_least, page, only!(Tenant)).await;
        };
        let below = directory::tenants_of(organization);
        let ids = self.listed(&below, at_least, page, only!(TenantOf)).await?;
        let keys: Vec<String> =
            ids.items.iter().map(|id| directory::key(directory::TENANT, &id.to_string())).collect();
        let named = Ask::Named(&keys);
        let found = self.live.read::<Directory>(TenantId::PLATFORM, Some(ids.position), named).await?;
        let items = found.rows.into_iter().map(|(_, row)| row).filter_map(only!(Tenant)).collect();
        Ok(Page { items, next_cursor: ids.next_cursor, position: ids.position })
    }

    /// An organization.
    pub async fn find_organization(
        &self,
        id: OrganizationId,
        at_least: Option<Position>,
    ) -> Result<Option<OrganizationRow>, ReadError> {
        self.named(directory::ORGANIZATION, &id.to_string(), at_least, only!(Organization)).await
    }

    /// A tenant.
    pub async fn find_tenant(
        &self,
        id: TenantId,
        at_least: Option<Position>,
    ) -> Result<Option<TenantRow>, ReadError> {
        self.named(directory::TENANT, &id.to_string(), at_least, only!(Tenant)).await
    }

    /// An account.
    pub async fn find_account(
        &self,
        id: AccountId,
        at_least: Option<Position>,
    ) -> Result<Option<AccountRow>, ReadError> {
        self.named(directory::ACCOUNT, &id.to_string(), at_least, only!(Account)).await
    }

    /// An invitation.
    pub async fn find_invitation(
        &self,
        id: InvitationId,
        at_least: Option<Position>,
    ) -> Result<Option<InvitationRow>, ReadError> {
        self.named(directory::INVITATION, &id.to_string(), at_least, only!(Invitation)).await
    }

    async fn listed<T>(
        &self,
        noun: &str,
        at_least: Option<Position>,
        page: &PageOf,
        keep: impl Fn(DirectoryRow) -> Option<T>,
    ) -> Result<Page<T>, ReadError> {
        let prefix = directory::key(noun, "");
        let list = List { prefix: &prefix, order: Order::OldestFirst, page };
        self.live.page::<Directory, T>(TenantId::PLATFORM, at_least, list, keep).await
    }

    async fn named<T>(
        &self,
        noun: &str,
        id: &str,
        at_least: Option<Position>,
        keep: impl Fn(DirectoryRow) -> Option<T>,
    ) -> Result<Option<T>, ReadError> {
        let key = directory::key(noun, id);
        Ok(self.live.find::<Directory>(TenantId::PLATFORM, at_least, key).await?.and_then(keep))
    }
}
