//! Commands on relays: how a tenant's workflows reach the outside. Credentials lie in the vault, events refer to them.

use std::sync::Arc;

use draxis_domain::relay::{Channel, Relay, RelayCommand, RelayConfig, RelaySettings, TestOutcome};
use draxis_domain::{Name, Rejection, SecretId, TenantId};
use draxis_event_store::{Answer, Committed, head};
use serde_json::json;

use crate::execution::{Commands, Context, Execution};
use crate::secret::Secret;
use crate::workflow::{NEEDING, OVERTAKEN};
use crate::{CommandError, Guarded, Permission};

/// The kind of vault entry that a relay's credentials are.
const VAULT_KIND: &str = "relay";

impl Commands {
    /// Sets a relay up, or anew; credentials are replaced only when they are sent, and the old ones are forgotten then.
    pub async fn configure_relay(
        &self,
        context: &Context,
        settings: RelaySettings,
        credentials: Option<Secret>,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let channel = settings.channel();
        let old = self.sealed_for(tenant, channel).await?;
        let secret = self.seal_for_relay(tenant, credentials).await?;
        let done = self.change_relay(context, channel, RelayCommand::Configure { settings, secret }).await;
        let obsolete = if done.is_ok() { old.filter(|_| secret.is_some()) } else { secret };
        self.forget_unless_used(tenant, channel, obsolete).await?;
        done
    }

    /// Takes a relay away with its credentials; one that active workflows go through stays, and they are named.
    pub async fn remove_relay(&self, context: &Context, channel: Channel) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        for _ in 0..OVERTAKEN {
            match self.try_to_remove(context, channel).await {
                Err(CommandError::Contended) => {}
                done => return done,
            }
        }
        Err(CommandError::Contended)
    }

    /// Whom it is needed by is read before it is decided: a workflow that comes to need it in between overtakes the removal.
    async fn try_to_remove(&self, context: &Context, channel: Channel) -> Result<Committed, CommandError> {
        let tenant = context.caller.tenant()?;
        let context = &context.clone().unless(head(&self.pools().app, tenant).await?, NEEDING);
        let old = self.sealed_for(tenant, channel).await?;
        let active = self.active_workflows(tenant).await?;
        let needing = active.iter().filter(|state| state.definition.relays().contains(&channel));
        let needed_by = needing.filter_map(|state| Name::parse(&state.definition.name).ok()).collect();
        let done = self.change_relay(context, channel, RelayCommand::Remove { needed_by }).await?;
        self.forget_unless_used(tenant, channel, old).await?;
        Ok(done)
    }

    /// Notes what a test of a relay found, and answers with it.
    pub async fn record_relay_test(
        &self,
        context: &Context,
        channel: Channel,
        outcome: TestOutcome,
    ) -> Result<Committed, CommandError> {
        let body = json!(outcome).to_string().into_bytes();
        let respond =
            Arc::new(move |_: &Relay, _: &str| Answer { status: 200, body: body.clone(), version: None });
        let command = RelayCommand::RecordTest { outcome };
        self.on_tenant(context, Execution { id: channel.to_string(), command, respond }).await
    }

    /// A relay that is set up, with its opened credentials, for sending.
    pub async fn open_relay(
        &self,
        tenant: TenantId,
        channel: Channel,
    ) -> Result<(RelayConfig, Option<Secret>), CommandError> {
        // Most likely the credentials are those of last time: they are fetched while the log is asked.
        let last = self.log().known::<Relay>(tenant, channel.as_str());
        let last = last.and_then(|relay| relay.config()?.secret);
        let relay = self.load::<Relay>(tenant, channel.as_str());
        let (relay, fetched) = tokio::try_join!(relay, self.open_credentials(tenant, last))?;
        let config = relay.config().ok_or(Rejection::NotFound { noun: "relay" })?;
        let secret = if config.secret == last {
            fetched
        } else {
            self.open_credentials(tenant, config.secret).await?
        };
        Ok((config.clone(), secret))
    }

    async fn open_credentials(
        &self,
        tenant: TenantId,
        secret: Option<SecretId>,
    ) -> Result<Option<Secret>, CommandError> {
        match secret {
            Some(secret) => self.vault().open(&self.pools().app, (tenant, VAULT_KIND, secret)).await,
            None => Ok(None),
        }
    }

    async fn change_relay(
        &self,
        context: &Context,
        channel: Channel,
        command: RelayCommand,
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(|relay: &Relay, id: &str| {
            let version = relay.version();
            let body = json!({ "channel": id, "version": version, "configured": relay.config().is_some() });
            Answer { status: 200, body: body.to_string().into_bytes(), version: Some(version) }
        });
        self.on_tenant(context, Execution { id: channel.to_string(), command, respond }).await
    }

    async fn sealed_for(&self, tenant: TenantId, channel: Channel) -> Result<Option<SecretId>, CommandError> {
        let relay = self.load::<Relay>(tenant, channel.as_str()).await?;
        Ok(relay.config().and_then(|config| config.secret))
    }

    async fn seal_for_relay(
        &self,
        tenant: TenantId,
        secret: Option<Secret>,
    ) -> Result<Option<SecretId>, CommandError> {
        let Some(secret) = secret else { return Ok(None) };
        let id = SecretId::new(self.ids().next());
        self.vault().keep(&self.pools().app, (tenant, VAULT_KIND, id), &secret).await?;
        Ok(Some(id))
    }

    /// Forgets sealed credentials that the log no longer refers to: a command that raced or failed half-way may still do.
    async fn forget_unless_used(
        &self,
        tenant: TenantId,
        channel: Channel,
        secret: Option<SecretId>,
    ) -> Result<(), CommandError> {
        let Some(secret) = secret else { return Ok(()) };
        if self.sealed_for(tenant, channel).await? != Some(secret) {
            self.vault().forget(&self.pools().app, (tenant, VAULT_KIND, secret)).await?;
        }
        Ok(())
    }
}

impl Guarded for RelayCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Configure { .. } | Self::RecordTest { .. } | Self::Remove { .. } => {
                Permission::ManageWorkflows
            }
        }
    }
}
