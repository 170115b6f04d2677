//! Members: who can sign in to a tenant, each with their roles for it, by the log; and that whoever answers for a thing is one.

mod roster;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use draxis_domain::account::{Account, Grant, Role};
use draxis_domain::tenant::Tenant;
use draxis_domain::{AccountId, OrganizationId, Rejection, TenantId};
use draxis_event_store::{Those, head};

use crate::CommandError;
use crate::execution::Commands;
pub(crate) use crate::member::roster::{Roster, Rosters};

/// A tenant, and the organization above it, whose administrators can sign in to it too.
#[derive(Debug, Clone, Copy)]
struct Home {
    tenant: TenantId,
    organization: Option<OrganizationId>,
}

impl Home {
    /// The roles of an account here; none where it cannot sign in.
    fn roles(self, account: &Account) -> BTreeSet<Role> {
        account.grants().filter(|grant| self.holds(*grant)).map(Grant::role).collect()
    }

    fn holds(self, grant: Grant) -> bool {
        match grant {
            Grant::Superadmin => false,
            Grant::MasterAdmin { organization_id } => Some(organization_id) == self.organization,
            Grant::TenantAdmin { tenant_id }
            | Grant::TenantUser { tenant_id }
            | Grant::Auditor { tenant_id } => tenant_id == self.tenant,
        }
    }
}

impl Commands {
    /// Who can sign in to the tenant, with their roles for it: its own people and the administrators of its organization.
    pub(crate) async fn members(&self, tenant: TenantId) -> Result<Roster, CommandError> {
        let asked_at = Instant::now();
        let seen = (head(&self.pools().app, TenantId::PLATFORM).await?, asked_at);
        if let Some(roster) = self.rosters().at(seen, tenant) {
            return Ok(roster);
        }
        let roster = self.read_members(tenant).await?;
        self.rosters().keep(seen, tenant, &roster);
        Ok(roster)
    }

    /// The same as it was no longer ago than that; what this process has written since is in it.
    pub(crate) async fn members_of_late(
        &self,
        tenant: TenantId,
        age: Duration,
    ) -> Result<Roster, CommandError> {
        match self.rosters().recent(tenant, age) {
            Some(roster) => Ok(roster),
            None => self.members(tenant).await,
        }
    }

    async fn read_members(&self, tenant: TenantId) -> Result<Roster, CommandError> {
        let own = Those::Naming(&["grant", "tenantId"], &tenant.to_string());
        let mut accounts = self.log().load_those::<Account>(TenantId::PLATFORM, own).await?;
        let home = self.home(tenant).await?;
        if let Some(organization) = home.organization {
            let above = Those::Naming(&["grant", "organizationId"], &organization.to_string());
            accounts.extend(self.log().load_those::<Account>(TenantId::PLATFORM, above).await?);
        }
        let member = |(id, account): (String, Account)| {
            let roles = home.roles(&account);
            (!roles.is_empty()).then_some((id.parse().ok()?, roles))
        };
        Ok(accounts.into_iter().filter_map(member).collect())
    }

    /// What one person is in the tenant now; nothing where they are no member, or nobody.
    pub(crate) async fn roles_in(
        &self,
        tenant: TenantId,
        account: AccountId,
    ) -> Result<BTreeSet<Role>, CommandError> {
        let account = self.load::<Account>(TenantId::PLATFORM, &account.to_string()).await?;
        Ok(self.home(tenant).await?.roles(&account))
    }

    /// Refuses an owner who cannot sign in to the tenant; the same for foreign, missing and former accounts (hazards A5).
    pub(crate) async fn owner_must_be_member(
        &self,
        tenant: TenantId,
        owner: Option<AccountId>,
    ) -> Result<(), CommandError> {
        let Some(owner) = owner else { return Ok(()) };
        if self.roles_in(tenant, owner).await?.is_empty() {
            let detail = "there is nobody with this id who can sign in to this tenant; take an id from GET /api/accounts, or \
                          invite them first";
            return Err(Rejection::invalid("owner.no_member", "/owner", detail).into());
        }
        Ok(())
    }

    async fn home(&self, tenant: TenantId) -> Result<Home, CommandError> {
        let loaded = self.load::<Tenant>(TenantId::PLATFORM, &tenant.to_string()).await?;
        Ok(Home { tenant, organization: loaded.organization() })
    }
}
