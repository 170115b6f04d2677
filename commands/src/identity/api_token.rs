//! API tokens: machines that act in one tenant within their scopes, never beyond whoever made them. Shown once, kept as a hash.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, DurationRound as _, Utc};
use draxis_domain::api_token::{ApiToken, ApiTokenCommand, MintedApiToken};
use draxis_domain::{AccountId, Actor, ApiTokenId, Name, Privilege, Reason, Rejection, TenantId};
use draxis_event_store::{Answer, Committed, TenantTx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::caller::{Caller, Powers, Scope};
use crate::identity::access_token::Standing;
use crate::identity::{Identity, MachineToken, MachineTokenKind, machine_token};
use crate::secret::Secret;
use crate::{CommandError, Context, Execution, Guarded, Permission};

/// How exactly it is noted when a token was used last: often enough to find one nobody uses, seldom enough to cost nothing.
const GRAIN: Duration = Duration::hours(1);

/// The body of `POST /api/api-tokens`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiTokenBody {
    /// What people call it, such as the machine it is for.
    pub name: Name,
    /// What it may do at most; never more than whoever makes it may do then and later.
    pub scopes: BTreeSet<Privilege>,
    /// Until when it works; until it is revoked, where it is left out.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Why; goes to the event's metadata.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// A token that was just made: the one time that it is seen.
pub struct MintedToken {
    /// The answer as it was recorded, without the token.
    pub done: Committed,
    /// The token.
    pub token: Secret,
}

/// A token as it is listed.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiTokenRow {
    /// What is known of it.
    #[serde(flatten)]
    pub token: draxis_domain::api_token::ApiTokenMinted,
    /// When it was taken back, if it was.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to the hour.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it lets somebody in now: not revoked, not expired, and whoever made it still may.
    pub works: bool,
}

impl Identity {
    /// Makes a token for the caller's tenant. Asked again under the same key it is not shown again: what is not kept cannot be.
    pub async fn mint_api_token(
        &self,
        context: &Context,
        body: ApiTokenBody,
    ) -> Result<MintedToken, CommandError> {
        context.caller.must(Permission::ManageApiTokens)?;
        let (tenant, minted_by) = (context.caller.tenant()?, context.caller.person()?);
        for scope in &body.scopes {
            context.caller.must(Permission::of(*scope))?;
        }
        let id = ApiTokenId::new(self.commands.ids().next());
        let token = MachineToken { kind: MachineTokenKind::Api, tenant, id: id.ulid() }.make()?;
        // The hash first: a token that was shown always works, and one that was not is nobody's.
        self.keep_api_token((tenant, id), &token).await?;
        let ApiTokenBody { name, scopes, expires_at, reason } = body;
        let command = ApiTokenCommand::Mint { id, name, scopes, minted_by, expires_at };
        let respond = Arc::new(move |_: &ApiToken, _: &str| {
            let body = json!({ "id": id }).to_string().into_bytes();
            Answer { status: 201, body, version: None }
        });
        let context = context.clone().because(reason);
        let execution = Execution { id: id.to_string(), command, respond };
        match self.commands.on_tenant(&context, execution).await {
            Ok(done) if done.repeated => {
                self.forget_api_token(tenant, id).await?;
                Err(shown_once().into())
            }
            Ok(done) => Ok(MintedToken { done, token }),
            Err(CommandError::Unknown) => Err(CommandError::Unknown),
            Err(error) => {
                self.forget_api_token(tenant, id).await?;
                Err(error)
            }
        }
    }

    /// Ends a token at once, in every process.
    pub async fn revoke_api_token(
        &self,
        context: &Context,
        id: ApiTokenId,
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(|_: &ApiToken, id: &str| {
            let body = json!({ "id": id }).to_string().into_bytes();
            Answer { status: 200, body, version: None }
        });
        let execution = Execution { id: id.to_string(), command: ApiTokenCommand::Revoke, respond };
        self.commands.on_tenant(context, execution).await
    }

    /// The tokens of the caller's tenant after that id, oldest first, those that were revoked among them; and where to go on.
    pub async fn api_tokens(
        &self,
        caller: &Caller,
        (after, limit): (Option<ApiTokenId>, usize),
    ) -> Result<(Vec<ApiTokenRow>, Option<ApiTokenId>), CommandError> {
        caller.must(Permission::ManageApiTokens)?;
        let tenant = caller.tenant()?;
        let mut listed = self.api_token_uses(tenant, (after, limit.saturating_add(1))).await?;
        let more = listed.len() > limit;
        listed.truncate(limit);
        let next = listed.last().filter(|_| more).map(|(id, _)| *id);
        let mut standings: BTreeMap<AccountId, bool> = BTreeMap::new();
        let mut rows = Vec::new();
        for (id, last_used_at) in listed {
            let token = self.commands.load::<ApiToken>(tenant, &id.to_string()).await?;
            // Its minting was refused or cut off: there is no such token.
            let Some(token) = token.minted() else { continue };
            let maker = token.minted.minted_by;
            let stands = match standings.get(&maker) {
                Some(stands) => *stands,
                None => self.stands_for_tokens(maker, tenant).await?.is_some(),
            };
            standings.insert(maker, stands);
            let row = self.row(token, last_used_at);
            rows.push(ApiTokenRow { works: row.works && stands, ..row });
        }
        Ok((rows, next))
    }

    fn row(&self, token: &MintedApiToken, last_used_at: Option<DateTime<Utc>>) -> ApiTokenRow {
        ApiTokenRow {
            token: token.minted.clone(),
            revoked_at: token.revoked_at,
            last_used_at,
            works: token.works(self.commands.clock().now()),
        }
    }

    /// The token that a machine presents, as it is told about itself.
    pub async fn api_token_profile(&self, caller: &Caller) -> Result<ApiTokenRow, CommandError> {
        let (tenant, Actor::ApiToken(id)) = (caller.tenant()?, caller.actor) else {
            return Err(CommandError::NoSession);
        };
        let token = self.commands.load::<ApiToken>(tenant, &id.to_string()).await?;
        Ok(self.row(token.minted().ok_or(CommandError::NoSession)?, None))
    }

    /// Who presents a token of any kind that acts by itself: a person's access token, or a machine's API token. Anything wrong
    /// with it is one and the same refusal.
    pub async fn authenticate(&self, token: &str) -> Result<Caller, CommandError> {
        match MachineToken::parse(token) {
            Some(MachineToken { kind: MachineTokenKind::Api, tenant, id }) => {
                self.api_token_caller((tenant, ApiTokenId::new(id)), token).await
            }
            // It pushes values to its source and opens nothing else.
            Some(MachineToken { kind: MachineTokenKind::Push, .. }) => Err(CommandError::NoSession),
            None => self.caller(token),
        }
    }

    async fn api_token_caller(
        &self,
        (tenant, id): (TenantId, ApiTokenId),
        token: &str,
    ) -> Result<Caller, CommandError> {
        let last_used_at = self.find_api_token((tenant, id), token).await?.ok_or(CommandError::NoSession)?;
        let now = self.commands.clock().now();
        let token = self.commands.load::<ApiToken>(tenant, &id.to_string()).await?;
        let token = token.minted().filter(|token| token.works(now)).ok_or(CommandError::NoSession)?;
        let maker = self.stands_for_tokens(token.minted.minted_by, tenant).await?;
        let maker = maker.ok_or(CommandError::NoSession)?;
        self.note_use((tenant, id), last_used_at, now).await?;
        let scopes = token.minted.scopes.iter().copied().map(Permission::of);
        Ok(Caller {
            actor: Actor::ApiToken(id.ulid()),
            impersonator: maker.impersonator,
            role: maker.role,
            scope: Scope::Tenant(tenant),
            reason: None,
            powers: Powers::Only(scopes.filter(|scope| scope.belongs_to(maker.role)).collect()),
            session: None,
        })
    }

    /// What whoever made a token is in its tenant now, while they still may make one: with their role goes the token.
    async fn stands_for_tokens(
        &self,
        maker: AccountId,
        tenant: TenantId,
    ) -> Result<Option<Standing>, CommandError> {
        let account = self.account(maker).await?;
        let standing = self.standing_in(maker, &account, tenant).await?;
        Ok(standing.filter(|standing| Permission::ManageApiTokens.belongs_to(standing.role)))
    }

    async fn keep_api_token(
        &self,
        (tenant, id): (TenantId, ApiTokenId),
        token: &Secret,
    ) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(&self.commands.pools().app, tenant).await?;
        sqlx::query!(
            "INSERT INTO api_tokens (tenant_id, id, token_hash) VALUES ($1, $2, $3)",
            tenant.uuid(),
            id.uuid(),
            &machine_token::digest(token.expose())
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn forget_api_token(&self, tenant: TenantId, id: ApiTokenId) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(&self.commands.pools().app, tenant).await?;
        sqlx::query!("DELETE FROM api_tokens WHERE tenant_id = $1 AND id = $2", tenant.uuid(), id.uuid())
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// When the token was used last, if there is such a token.
    async fn find_api_token(
        &self,
        (tenant, id): (TenantId, ApiTokenId),
        token: &str,
    ) -> Result<Option<Option<DateTime<Utc>>>, CommandError> {
        let mut transaction = TenantTx::begin(&self.commands.pools().app, tenant).await?;
        Ok(sqlx::query_scalar!(
            "SELECT last_used_at FROM api_tokens WHERE tenant_id = $1 AND id = $2 AND token_hash = $3",
            tenant.uuid(),
            id.uuid(),
            &machine_token::digest(token)
        )
        .fetch_optional(&mut *transaction)
        .await?)
    }

    async fn note_use(
        &self,
        (tenant, id): (TenantId, ApiTokenId),
        last: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), CommandError> {
        let hour = now.duration_trunc(GRAIN).unwrap_or(now);
        if last.is_some_and(|last| last >= hour) {
            return Ok(());
        }
        let mut transaction = TenantTx::begin(&self.commands.pools().app, tenant).await?;
        sqlx::query!(
            "UPDATE api_tokens SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2",
            tenant.uuid(),
            id.uuid(),
            hour
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn api_token_uses(
        &self,
        tenant: TenantId,
        (after, limit): (Option<ApiTokenId>, usize),
    ) -> Result<Vec<(ApiTokenId, Option<DateTime<Utc>>)>, CommandError> {
        let mut transaction = TenantTx::begin(&self.commands.pools().app, tenant).await?;
        let rows = sqlx::query!(
            "SELECT id, last_used_at FROM api_tokens
             WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
            tenant.uuid(),
            after.map(ApiTokenId::uuid),
            i64::try_from(limit).unwrap_or(i64::MAX)
        )
        .fetch_all(&mut *transaction)
        .await?;
        Ok(rows.into_iter().map(|row| (ApiTokenId::from(row.id), row.last_used_at)).collect())
    }
}

fn shown_once() -> Rejection {
    let detail =
        "the token of this Idempotency-Key was shown once and is not kept: revoke it and mint another";
    Rejection::conflict("api_token.shown_once", detail)
}

impl Guarded for ApiTokenCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Mint { .. } | Self::Revoke => Permission::ManageApiTokens,
        }
    }
}
