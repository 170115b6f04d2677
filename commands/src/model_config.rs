//! Commands on the choice of a model, and the book of exchanges with models. The key lies in the vault.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use draxis_domain::model_config::{ModelChoice, ModelConfig, ModelConfigCommand};
use draxis_domain::{SecretId, TenantId};
use draxis_event_store::{Answer, Committed, TenantTx};
use serde_json::{Value, json};
use ulid::Ulid;
use uuid::Uuid;

use crate::execution::{Commands, Context, Execution};
use crate::secret::Secret;
use crate::{CommandError, Guarded, Permission};

/// The kind of vault entry that a model's key is.
const VAULT_KIND: &str = "model_key";

/// An exchange with a model: what was said since the one before, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelExchange {
    /// The conversation it belongs to: a session of the panel, or an interview.
    pub about: Ulid,
    /// The protocol.
    pub provider: &'static str,
    /// The model.
    pub model: String,
    /// What was said.
    pub asked: Value,
    /// What came back, or how it failed.
    pub answered: Value,
    /// Tokens sent and come back.
    pub tokens: (u64, u64),
}

/// What was spent on models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentOnModels {
    /// Tokens, sent and come back.
    pub tokens: u64,
    /// How often a model was asked.
    pub turns: u64,
}

impl Commands {
    /// Chooses a model; its key is replaced only when one is sent, and the old one is forgotten then.
    pub async fn choose_model(
        &self,
        context: &Context,
        choice: ModelChoice,
        key: Option<Secret>,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageModel)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let old = self.sealed_key(tenant).await?;
        let secret = match key {
            Some(key) => {
                let id = SecretId::new(self.ids().next());
                self.vault().keep(&self.pools().app, (tenant, VAULT_KIND, id), &key).await?;
                Some(id)
            }
            None => None,
        };
        let done = self.change_model_config(context, ModelConfigCommand::Choose { choice, secret }).await;
        self.forget_key_unless_used(tenant, if done.is_ok() { old } else { secret }).await?;
        done
    }

    /// Takes the choice back, with its key.
    pub async fn remove_model(&self, context: &Context) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageModel)?;
        let tenant = context.caller.tenant()?;
        let old = self.sealed_key(tenant).await?;
        let done = self.change_model_config(context, ModelConfigCommand::Remove).await?;
        self.forget_key_unless_used(tenant, old).await?;
        Ok(done)
    }

    /// What a tenant has chosen, with the opened key, for asking.
    pub async fn open_model(&self, tenant: TenantId) -> Result<(ModelConfig, Option<Secret>), CommandError> {
        let config = self.load::<ModelConfig>(tenant, ModelConfig::ID).await?;
        let secret = match config.chosen().and_then(|chosen| chosen.secret) {
            Some(secret) => self.vault().open(&self.pools().app, (tenant, VAULT_KIND, secret)).await?,
            None => None,
        };
        Ok((config, secret))
    }

    /// Writes an exchange with a model down.
    pub async fn record_model_exchange(
        &self,
        tenant: TenantId,
        exchange: ModelExchange,
    ) -> Result<(), CommandError> {
        let (input, output) = exchange.tokens;
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        sqlx::query!(
            "INSERT INTO model_exchanges
                 (tenant_id, exchange_id, session_id, at, provider, model, asked, answered, input_tokens, output_tokens)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            tenant.uuid(),
            Uuid::from_u128(self.ids().next().0),
            Uuid::from_u128(exchange.about.0),
            self.clock().now(),
            exchange.provider,
            exchange.model,
            exchange.asked,
            exchange.answered,
            i64::try_from(input).unwrap_or(i64::MAX),
            i64::try_from(output).unwrap_or(i64::MAX)
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// What a tenant has spent on models within the day before.
    pub async fn spent_on_models(
        &self,
        tenant: TenantId,
        now: DateTime<Utc>,
    ) -> Result<SpentOnModels, CommandError> {
        let since = now - Duration::days(1);
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        let spent = sqlx::query!(
            r#"SELECT coalesce(sum(input_tokens + output_tokens), 0)::bigint AS "tokens!", count(*) AS "turns!"
               FROM model_exchanges WHERE tenant_id = $1 AND at > $2"#,
            tenant.uuid(),
            since
        )
        .fetch_one(&mut *transaction)
        .await?;
        let counted = |count: i64| u64::try_from(count).unwrap_or_default();
        Ok(SpentOnModels { tokens: counted(spent.tokens), turns: counted(spent.turns) })
    }

    async fn change_model_config(
        &self,
        context: &Context,
        command: ModelConfigCommand,
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(|config: &ModelConfig, _: &str| {
            let version = config.version();
            let body = json!({ "version": version, "configured": config.chosen().is_some() });
            Answer { status: 200, body: body.to_string().into_bytes(), version: Some(version) }
        });
        self.on_tenant(context, Execution { id: ModelConfig::ID.to_owned(), command, respond }).await
    }

    async fn sealed_key(&self, tenant: TenantId) -> Result<Option<SecretId>, CommandError> {
        let config = self.load::<ModelConfig>(tenant, ModelConfig::ID).await?;
        Ok(config.chosen().and_then(|chosen| chosen.secret))
    }

    /// Forgets a sealed key that the log no longer refers to: a command that raced or failed half-way may still do.
    async fn forget_key_unless_used(
        &self,
        tenant: TenantId,
        secret: Option<SecretId>,
    ) -> Result<(), CommandError> {
        let Some(secret) = secret else { return Ok(()) };
        if self.sealed_key(tenant).await? != Some(secret) {
            self.vault().forget(&self.pools().app, (tenant, VAULT_KIND, secret)).await?;
        }
        Ok(())
    }
}

impl Guarded for ModelConfigCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Choose { .. } | Self::Remove => Permission::ManageModel,
        }
    }
}
