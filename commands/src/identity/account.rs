//! Accounts: the first registration, signing in and out.

use std::collections::BTreeSet;
use std::sync::Arc;

use draxis_domain::account::{Account, AccountCommand, Grant, Role};
use draxis_domain::organization::Organization;
use draxis_domain::tenant::Tenant;
use draxis_domain::{AccountId, Email, Name, OrganizationId, Privilege, Rejection, TenantId};
use draxis_event_store::{Answer, PlatformRepository, TenantTx, claim_owner};
use serde::Serialize;

use crate::identity::access_token::{Only, Standing};
use crate::identity::{AccessToken, Code, Identity, Password, RefreshToken};
use crate::secret::Secret;
use crate::{Assurance, Caller, CommandError, Context, Execution, Permission, Session};

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
    /// Whether the access token is good for nothing but enrolling a second factor.
    pub must_enroll: bool,
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
    /// What they may do in that tenant beyond their role there.
    pub permissions: BTreeSet<Privilege>,
    /// Whether they sign in with a second factor.
    pub second_factor: bool,
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
            Ok(_) => self.sign_in(context, id, None).await,
            Err(error) => {
                self.remove_person(id).await?;
                let taken =
                    matches!(error, CommandError::Rejected(Rejection::Taken { kind: Account::FIRST }));
                Err(if taken { already_set_up() } else { error })
            }
        }
    }

    /// Signs in with email and password, and with a second factor where one is enrolled. Whether there is one is told to
    /// nobody whose password is wrong.
    pub async fn login(
        &self,
        context: &Context,
        email: &Email,
        (password, code): (Secret, Option<Code>),
    ) -> Result<SignedIn, CommandError> {
        let known = sqlx::query!("SELECT id, password_hash FROM accounts WHERE email = $1", email.as_str())
            .fetch_optional(&self.commands.pools().platform)
            .await?;
        let (id, stored) =
            known.map_or((None, None), |row| (Some(AccountId::from(row.id)), Some(row.password_hash)));
        let fits = self.hasher.verify(password, stored).await?;
        match id {
            Some(id) if fits => self.sign_in(context, id, code).await,
            Some(_) | None => Err(CommandError::WrongCredentials),
        }
    }

    /// Continues a session with its refresh token. The session ends where its account holds nothing any more, and where it
    /// began before there was a second factor.
    pub async fn refresh(&self, token: &str) -> Result<SignedIn, CommandError> {
        let (id, session, refresh) = self.rotate(token).await?;
        let account = self.account(id).await?;
        let outlived = account.second_factor().is_some() && session.assurance == Assurance::Password;
        if outlived || account.grants().next().is_none() {
            self.end_session(&refresh.token).await?;
            return Err(CommandError::NoSession);
        }
        self.signed_in(id, &account, (session, refresh)).await
    }

    /// Ends the session of a refresh token.
    pub async fn logout(&self, token: &str) -> Result<(), CommandError> {
        self.end_session(token).await
    }

    /// What a caller is shown about themselves.
    pub async fn profile(&self, caller: &Caller) -> Result<Profile, CommandError> {
        let id = caller.person()?;
        let row = sqlx::query!("SELECT email, name FROM accounts WHERE id = $1", id.uuid())
            .fetch_optional(&self.commands.pools().platform)
            .await?
            .ok_or(CommandError::NoSession)?;
        let account = self.account(id).await?;
        let tenant_id = caller.tenant().ok();
        let permissions = tenant_id.map(|tenant| account.permissions_in(tenant)).unwrap_or_default();
        Ok(Profile {
            id,
            email: row.email,
            name: row.name,
            role: caller.role,
            tenant_id,
            grants: account.grants().collect(),
            permissions,
            second_factor: account.second_factor().is_some(),
        })
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

    /// What an account is, by the platform's stream.
    pub(super) async fn account(&self, id: AccountId) -> Result<Account, CommandError> {
        self.load_platform::<Account>(&id.to_string()).await
    }

    /// What an account may do; nothing where it does not exist.
    pub(super) async fn grants(&self, account: AccountId) -> Result<BTreeSet<Grant>, CommandError> {
        Ok(self.account(account).await?.grants().collect())
    }

    /// Signs somebody in who has shown their password; whoever has a second factor shows that too.
    pub(super) async fn sign_in(
        &self,
        context: &Context,
        id: AccountId,
        code: Option<Code>,
    ) -> Result<SignedIn, CommandError> {
        let account = self.account(id).await?;
        if account.grants().next().is_none() {
            // A row without events is a registration that was cut off, an account without roles has none any more; to the
            // outside there is no such account.
            return Err(CommandError::WrongCredentials);
        }
        let assurance = match (account.second_factor(), code) {
            (None, _) => Assurance::Password,
            (Some(_), None) => return Err(CommandError::SecondFactor(self.challenge(id)?)),
            (Some(secret), Some(code)) => {
                self.must_show(context, (id, secret), code).await?;
                Assurance::SecondFactor
            }
        };
        let begun = self.begin_session(id, assurance).await?;
        self.signed_in(id, &account, begun).await
    }

    /// The widest token of a person, limited to enrolling where a second factor is required and they have none.
    async fn signed_in(
        &self,
        id: AccountId,
        account: &Account,
        (session, refresh): (Session, RefreshToken),
    ) -> Result<SignedIn, CommandError> {
        let access = self.widest_token(id, account, Some(session)).await?;
        let must_enroll = self.caller(&access.access_token)?.must_enroll();
        Ok(SignedIn { account: id, grants: account.grants().collect(), access, refresh, must_enroll })
    }

    /// Signs a token for what a person is without having asked for one tenant: their widest grant.
    pub(super) async fn widest_token(
        &self,
        id: AccountId,
        account: &Account,
        session: Option<Session>,
    ) -> Result<AccessToken, CommandError> {
        // Grants are ordered from the widest role to the narrowest.
        let widest = account.grants().next().ok_or(CommandError::WrongCredentials)?;
        let standing = Standing::of(account, widest);
        let enrolled = account.second_factor().is_some();
        let only =
            (!enrolled && self.second_factor_required(id, standing.scope).await?).then_some(Only::Enrolling);
        self.issue(id, Standing { session, only, ..standing })
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
            // What a person does with their own account, shown to be theirs by other means than a role.
            Self::RegisterFirst { .. }
            | Self::AcceptGrant { .. }
            | Self::EnrollSecondFactor { .. }
            | Self::DisableSecondFactor
            | Self::UseRecoveryCode { .. } => Permission::Open,
            Self::Revoke { .. } | Self::GrantPermission(_) | Self::RevokePermission(_) => {
                Permission::ManagePeople
            }
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
