//! Tokens that may push values to one source: shown once, kept as a hash, gone when revoked.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use draxis_domain::source::{PushToken, Source, SourceCommand};
use draxis_domain::{Name, PushTokenId, Reason, Rejection, SourceId, TenantId};
use draxis_event_store::{Answer, Committed, TenantTx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::execution::{Commands, Context, Execution};
use crate::identity::{MachineToken, MachineTokenKind, machine_token};
use crate::secret::Secret;
use crate::{Caller, CommandError, Permission};

/// The body of `POST /api/kri-sources/<id>/push-tokens`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushTokenBody {
    /// What people call it, such as the machine it is for.
    pub name: Name,
    /// Until when it works; until it is revoked, where it is left out.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Why; goes to the event's metadata.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// A token that was just made: the one time that it is seen.
pub struct MintedPushToken {
    /// The answer as it was recorded, without the token.
    pub done: Committed,
    /// The token.
    pub token: Secret,
}

/// A token as it is listed.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushTokenRow {
    /// Its id, which is also the actor of what is pushed with it.
    pub id: PushTokenId,
    /// What is known of it.
    #[serde(flatten)]
    pub token: PushToken,
    /// Whether it lets somebody in now.
    pub works: bool,
}

impl Commands {
    /// Makes a token that may push values to one source. Asked again under the same key it is not shown again: what is not
    /// kept cannot be.
    pub async fn mint_push_token(
        &self,
        context: &Context,
        source: SourceId,
        body: PushTokenBody,
    ) -> Result<MintedPushToken, CommandError> {
        context.caller.must(Permission::ManageSources)?;
        let tenant = context.caller.tenant()?;
        self.load::<Source>(tenant, &source.to_string())
            .await?
            .in_use()
            .ok_or(Rejection::NotFound { noun: "source" })?;
        let id = PushTokenId::new(self.ids().next());
        let token = MachineToken { kind: MachineTokenKind::Push, tenant, id: id.ulid() }.make()?;
        // The hash first: a token that was shown always works, and one that was not is nobody's.
        self.keep_push_token((tenant, id, source), &token).await?;
        let context = context.clone().because(body.reason);
        let command = SourceCommand::MintPushToken { id, name: body.name, expires_at: body.expires_at };
        let respond = Arc::new(move |_: &Source, _: &str| {
            let body = json!({ "id": id }).to_string().into_bytes();
            Answer { status: 201, body, version: None }
        });
        let done = self.on_tenant(&context, Execution { id: source.to_string(), command, respond }).await;
        match done {
            Ok(done) if done.repeated => {
                self.forget_push_token(tenant, id).await?;
                Err(shown_once().into())
            }
            Ok(done) => Ok(MintedPushToken { done, token }),
            Err(CommandError::Unknown) => Err(CommandError::Unknown),
            Err(error) => {
                self.forget_push_token(tenant, id).await?;
                Err(error)
            }
        }
    }

    /// Ends a token at once, in every process.
    pub async fn revoke_push_token(
        &self,
        context: &Context,
        (source, id): (SourceId, PushTokenId),
    ) -> Result<Committed, CommandError> {
        let done = self.change_source(context, source, SourceCommand::RevokePushToken(id)).await?;
        self.forget_push_token(context.caller.tenant()?, id).await?;
        Ok(done)
    }

    /// The tokens of a source, oldest first, those that were revoked among them.
    pub async fn push_tokens(
        &self,
        tenant: TenantId,
        source: SourceId,
    ) -> Result<Vec<PushTokenRow>, CommandError> {
        let now = self.clock().now();
        let source = self.load::<Source>(tenant, &source.to_string()).await?;
        let state = source.in_use().ok_or(Rejection::NotFound { noun: "source" })?;
        let row = |(id, token): (&PushTokenId, &PushToken)| PushTokenRow {
            id: *id,
            token: token.clone(),
            works: token.works(now),
        };
        Ok(state.push_tokens.iter().map(row).collect())
    }

    /// Who presents a token, and the one source it may push to. Anything wrong with it is one and the same refusal.
    pub async fn push_caller(
        &self,
        named: MachineToken,
        token: &str,
    ) -> Result<(Caller, SourceId), CommandError> {
        let (tenant, id) = (named.tenant, PushTokenId::new(named.id));
        let source = {
            let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
            sqlx::query_scalar!(
                "SELECT source_id FROM push_tokens WHERE tenant_id = $1 AND id = $2 AND token_hash = $3",
                tenant.uuid(),
                id.uuid(),
                &machine_token::digest(token)
            )
            .fetch_optional(&mut *transaction)
            .await?
        };
        let source = SourceId::from(source.ok_or(CommandError::NoSession)?);
        let state = self.load::<Source>(tenant, &source.to_string()).await?;
        let known = state.in_use().and_then(|state| state.push_tokens.get(&id));
        if known.is_some_and(|token| token.works(self.clock().now())) {
            Ok((Caller::push_token(tenant, id), source))
        } else {
            Err(CommandError::NoSession)
        }
    }

    async fn keep_push_token(
        &self,
        (tenant, id, source): (TenantId, PushTokenId, SourceId),
        token: &Secret,
    ) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        sqlx::query!(
            "INSERT INTO push_tokens (tenant_id, id, source_id, token_hash) VALUES ($1, $2, $3, $4)",
            tenant.uuid(),
            id.uuid(),
            source.uuid(),
            &machine_token::digest(token.expose())
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn forget_push_token(&self, tenant: TenantId, id: PushTokenId) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        sqlx::query!("DELETE FROM push_tokens WHERE tenant_id = $1 AND id = $2", tenant.uuid(), id.uuid())
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

fn shown_once() -> Rejection {
    let detail =
        "the token of this Idempotency-Key was shown once and is not kept: revoke it and mint another";
    Rejection::conflict("push_token.shown_once", detail)
}
