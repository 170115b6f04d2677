//! Accounts: the first registration, signing in and out, and a token for one tenant.

use std::sync::Arc;

use std::collections::BTreeSet;

use draxis_domain::account::{Account, AccountCommand, Grant, Role};
use draxis_domain::audit::{AuditEvent, TenantImpersonated};
use draxis_domain::organization::Organization;
use draxis_domain::tenant::Tenant;
use draxis_domain::{AccountId, Email, Name, OrganizationId, Reason, Rejection, TenantId};
use draxis_event_store::{Answer, PlatformRepository, TenantTx, claim_owner};
use serde::Serialize;

use crate::caller::Scope;
use crate::identity::access_token::Standing;
use crate::identity::{AccessToken, Identity, Password, RefreshToken};
use crate::secret::Secret;
use crate::{Caller, CommandError, Context, Execution, Permission};

/// A person who has just shown who they are.
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// What it may do, the widest first.
    pub grants: BTreeSet<Grant>,
    /// For the requests of the next minutes.
    pub access: AccessToken,
    /// For the cookie.
    pub refresh: RefreshToken,
}

impl SignedIn {
    /// The widest role of the account.
    pub fn role(&self) -> Option<Role> {
        self.grants.first().map(|grant| grant.role())
    }
}

/// What a person is shown about themselves.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The account.
    pub id: AccountId,
    /// The address they sign in with.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// The role of the token they came with.
    pub role: Role,
    /// The tenant of the token they came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// Everything they may do.
    pub grants: BTreeSet<Grant>,
}

fn already_set_up() -> CommandError {
    Rejection::conflict(
        "auth.already_set_up",
        "the first administrator has registered; ask them for an invitation",
    )
    .into()
}

impl Identity {
    /// Whether nobody has registered yet, by the platform's stream.
    pub async fn needs_setup(&self) -> Result<bool, CommandError> {
        let mut transaction = TenantTx::begin(&self.commands.pools().app, TenantId::PLATFORM).await?;
        Ok(claim_owner(&mut transaction, Account::FIRST, "").await?.is_none())
    }

    /// Makes the first account the platform's superadmin. It works once, also when two requests race: the claim in the
    /// stream decides.
    pub async fn register_first(
        &self,
        context: &Context,
        (email, name, password): (Email, Name, Password),
    ) -> Result<SignedIn, CommandError> {
        if !self.needs_setup().await? {
            return Err(already_set_up());
        }
        let id = AccountId::new(self.commands.ids().next());
        if !self.add_person(id, &email, &name, self.hasher.hash(password).await?).await? {
            return Err(already_set_up());
        }
        let execution = Execution {
            id: id.to_string(),
            command: AccountCommand::RegisterFirst { id },
            respond: Arc::new(nothing),
        };
        match self.commands.on_platform::<Account>(context, execution).await {
            Ok(_) => self.sign_in(id).await,
            Err(error) => {
                self.remove_person(id).await?;
                let taken =
                    matches!(error, CommandError::Rejected(Rejection::Taken { kind: Account::FIRST }));
                Err(if taken { already_set_up() } else { error })
            }
        }
    }

    /// Signs in with email and password.
    pub async fn login(&self, email: &Email, password: Secret) -> Result<SignedIn, CommandError> {
        let known = sqlx::query!("SELECT id, password_hash FROM accounts WHERE email = $1", email.as_str())
            .fetch_optional(&self.commands.pools().platform)
            .await?;
        let (id, stored) =
            known.map_or((None, None), |row| (Some(AccountId::from(row.id)), Some(row.password_hash)));
        let fits = self.hasher.verify(password, stored).await?;
        match id {
            Some(id) if fits => self.sign_in(id).await,
            Some(_) | None => Err(CommandError::WrongCredentials),
        }
    }

    /// Continues a session with its refresh token.
    pub async fn refresh(&self, token: &str) -> Result<SignedIn, CommandError> {
        let (account, refresh) = self.rotate(token).await?;
        let grants = self.grants(account).await?;
        self.signed_in(account, grants, refresh)
    }

    /// Ends the session of a refresh token.
    pub async fn logout(&self, token: &str) -> Result<(), CommandError> {
        self.end_session(token).await
    }

    /// Signs a token for one tenant. A member gets their own role there; an administrator above it acts as its admin, which
    /// is impersonation and is said so on every event it causes.
    pub async fn tenant_token(
        &self,
        context: &Context,
        tenant: TenantId,
        reason: Reason,
    ) -> Result<AccessToken, CommandError> {
        let account = context.caller.actor.account().ok_or(CommandError::NoSession)?;
        let grants = self.grants(account).await?;
        let own = grants.iter().copied().find(|grant| grant.tenant() == Some(tenant));
        let standing = if let Some(grant) = own {
            Standing { reason: Some(reason), ..Standing::of(grant) }
        } else {
            let standing = self.impersonate(account, &grants, tenant, reason).await?;
            self.record_impersonation(context, account, &standing).await?;
            standing
        };
        self.issue(account, standing)
    }

    async fn impersonate(
        &self,
        account: AccountId,
        grants: &BTreeSet<Grant>,
        tenant: TenantId,
        reason: Reason,
    ) -> Result<Standing, CommandError> {
        let missing = || CommandError::Rejected(Rejection::NotFound { noun: "tenant" });
        let organization = self.tenant_of_platform(tenant).await?.organization().ok_or_else(missing)?;
        let above = grants.iter().any(|grant| match grant {
            Grant::Superadmin => true,
            Grant::MasterAdmin { organization_id } => *organization_id == organization,
            Grant::TenantAdmin { .. } | Grant::TenantUser { .. } | Grant::Auditor { .. } => false,
        });
        if !above {
            return Err(missing());
        }
        let scope = Scope::Tenant(tenant);
        Ok(Standing { role: Role::TenantAdmin, scope, impersonator: Some(account), reason: Some(reason) })
    }

    /// Says so on the platform's stream and on the tenant's before there is a token: an impersonation that is on neither never
    /// happened.
    async fn record_impersonation(
        &self,
        context: &Context,
        account: AccountId,
        standing: &Standing,
    ) -> Result<(), CommandError> {
        let Scope::Tenant(tenant_id) = standing.scope else { return Err(CommandError::NoTenant) };
        let grants = self.grants(account).await?;
        let above = grants.first().copied().ok_or(CommandError::NoSession)?;
        let as_above = Caller { role: above.role(), scope: Scope::Platform, ..context.caller.clone() };
        let platform = Context { caller: as_above, key: None, ..context.clone() };
        let execution = Execution::<Account> {
            id: account.to_string(),
            command: AccountCommand::Impersonate { tenant_id },
            respond: Arc::new(nothing),
        };
        self.commands.on_platform(&platform.because(standing.reason.clone()), execution).await?;
        let inside = Caller {
            actor: context.caller.actor,
            impersonator: standing.impersonator,
            role: standing.role,
            scope: standing.scope,
            reason: standing.reason.clone(),
        };
        let inside = Context { caller: inside, key: None, ..context.clone() };
        let event = AuditEvent::Impersonated(TenantImpersonated { account_id: account });
        self.commands.record_look(&inside, event).await?;
        Ok(())
    }

    /// What a caller is shown about themselves.
    pub async fn profile(&self, caller: &Caller) -> Result<Profile, CommandError> {
        let id = caller.actor.account().ok_or(CommandError::NoSession)?;
        let row = sqlx::query!("SELECT email, name FROM accounts WHERE id = $1", id.uuid())
            .fetch_optional(&self.commands.pools().platform)
            .await?
            .ok_or(CommandError::NoSession)?;
        let grants = self.grants(id).await?;
        let tenant_id = caller.tenant().ok();
        Ok(Profile { id, email: row.email, name: row.name, role: caller.role, tenant_id, grants })
    }

    /// Whether there is such an organization, by the platform's stream.
    pub(crate) async fn organization_exists(&self, id: OrganizationId) -> Result<bool, CommandError> {
        Ok(self.load_platform::<Organization>(&id.to_string()).await?.exists())
    }

    pub(super) async fn tenant_of_platform(&self, tenant: TenantId) -> Result<Tenant, CommandError> {
        self.load_platform::<Tenant>(&tenant.to_string()).await
    }

    pub(super) async fn load_platform<A: draxis_domain::Root>(&self, id: &str) -> Result<A, CommandError> {
        use cqrs_es::{AggregateContext as _, EventStore as _};

        let store = PlatformRepository::<A>::new(self.commands.pools(), None, Box::new(|_| nothing_said()));
        Ok(store.load_aggregate(id).await?.aggregate().clone())
    }

    /// What an account may do, by the platform's stream; nothing where it does not exist.
    pub(super) async fn grants(&self, account: AccountId) -> Result<BTreeSet<Grant>, CommandError> {
        Ok(self.load_platform::<Account>(&account.to_string()).await?.grants().collect())
    }

    pub(super) async fn sign_in(&self, account: AccountId) -> Result<SignedIn, CommandError> {
        let grants = self.grants(account).await?;
        if grants.is_empty() {
            // A row without events is a registration that was cut off; to the outside there is no such account.
            return Err(CommandError::WrongCredentials);
        }
        let refresh = self.begin_session(account).await?;
        self.signed_in(account, grants, refresh)
    }

    fn signed_in(
        &self,
        account: AccountId,
        grants: BTreeSet<Grant>,
        refresh: RefreshToken,
    ) -> Result<SignedIn, CommandError> {
        let access = self.issue_widest(account, &grants)?;
        Ok(SignedIn { account, grants, access, refresh })
    }

    /// Keeps a person's name, address and password hash; false where the address is another account's. A row that a cut-off
    /// registration left behind, without events and older than any request, makes way.
    pub(super) async fn add_person(
        &self,
        id: AccountId,
        email: &Email,
        name: &Name,
        password_hash: String,
    ) -> Result<bool, CommandError> {
        let now = self.commands.clock().now();
        if let Some(stale) = sqlx::query_scalar!(
            "SELECT id FROM accounts WHERE email = $1 AND created_at < $2",
            email.as_str(),
            now - chrono::Duration::minutes(1)
        )
        .fetch_optional(&self.commands.pools().platform)
        .await?
        {
            let stale = AccountId::from(stale);
            if !self.load_platform::<Account>(&stale.to_string()).await?.exists() {
                self.remove_person(stale).await?;
            }
        }
        let added = sqlx::query!(
            "INSERT INTO accounts (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT ON CONSTRAINT accounts_email DO NOTHING",
            id.uuid(),
            email.as_str(),
            name.as_str(),
            password_hash,
            now
        )
        .execute(&self.commands.pools().platform)
        .await?;
        Ok(added.rows_affected() == 1)
    }

    pub(super) async fn remove_person(&self, id: AccountId) -> Result<(), CommandError> {
        sqlx::query!("DELETE FROM accounts WHERE id = $1", id.uuid())
            .execute(&self.commands.pools().platform)
            .await?;
        Ok(())
    }
}

impl crate::Guarded for AccountCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::RegisterFirst { .. } | Self::AcceptGrant { .. } => Permission::Open,
            Self::Impersonate { .. } => Permission::Impersonate,
        }
    }
}

fn nothing_said() -> Answer {
    Answer { status: 204, body: Vec::new(), version: None }
}

/// The answer of a command whose route makes its own, such as one with tokens in it.
pub(crate) fn nothing<A>(_: &A, _: &str) -> Answer {
    nothing_said()
}
