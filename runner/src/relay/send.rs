//! What runs ask of relays: send, look up, follow; each opens the tenant's relay anew and forgets it after.

use draxis_commands::CommandError;
use draxis_domain::relay::Channel;
use draxis_domain::{Rejection, TenantId};

use super::deliver::{OpenedRelay, Ways, has_status};
use super::exchange::Setback;
use super::{EffectOutcome, EffectReference, EffectRequest, LookUp, RelayCredentials, RelayError, Relays};

impl Relays {
    /// Makes one attempt at an effect. The ledger says `sending` before, and what comes of it after (hazard H3).
    pub async fn send(&self, tenant: TenantId, request: &EffectRequest) -> EffectOutcome {
        match self.open(tenant, request.what.channel()).await {
            Ok(relay) => self.send_through(relay, request).await,
            Err(error) => Setback::Refused(error).into(),
        }
    }

    /// The same through a relay that has been opened just now.
    pub(crate) async fn send_through(&self, relay: OpenedRelay, request: &EffectRequest) -> EffectOutcome {
        self.ways().send(relay, request).await.into()
    }

    /// Asks the far side whether an effect was done.
    pub async fn look_up(&self, tenant: TenantId, request: &EffectRequest) -> LookUp {
        let looked = match self.open(tenant, request.what.channel()).await {
            Ok(relay) => self.ways().look_up(relay, request).await,
            Err(error) => Err(error),
        };
        looked.unwrap_or_else(|error| LookUp::Failed(error.to_string()))
    }

    /// Asks how a ticket stands: the name of its status, as people see it there.
    pub async fn ticket_status(
        &self,
        tenant: TenantId,
        reference: &EffectReference,
    ) -> Result<String, RelayError> {
        let channel = reference.channel;
        if !has_status(channel) {
            return Err(RelayError::NoStatus { channel });
        }
        let relay = self.open(tenant, channel).await?;
        self.ways().ticket_status(relay, reference).await
    }

    fn ways(&self) -> Ways<'_> {
        Ways { egress: &self.egress, mailer: &self.mailer, at: self.commands.clock().now() }
    }

    /// A relay as it is set up now, for one use soon.
    pub(crate) async fn open(&self, tenant: TenantId, channel: Channel) -> Result<OpenedRelay, RelayError> {
        let (config, secret) = match self.commands.open_relay(tenant, channel).await {
            Ok(opened) => opened,
            Err(CommandError::Rejected(Rejection::NotFound { .. })) => {
                return Err(RelayError::NotSetUp { channel });
            }
            Err(source) => return Err(RelayError::Ours { source }),
        };
        Ok(OpenedRelay { settings: config.settings, credentials: RelayCredentials::open(secret.as_ref())? })
    }
}

impl From<Result<EffectReference, Setback>> for EffectOutcome {
    fn from(attempt: Result<EffectReference, Setback>) -> Self {
        match attempt {
            Ok(reference) => Self::Confirmed { reference },
            Err(setback) => setback.into(),
        }
    }
}

impl From<Setback> for EffectOutcome {
    fn from(setback: Setback) -> Self {
        match setback {
            Setback::Unknown(detail) => Self::Ambiguous { detail },
            Setback::Refused(error) => Self::Rejected {
                class: error.code(),
                detail: error.to_string(),
                retry_after: error.retry_after(),
                retryable: error.retryable(),
            },
        }
    }
}
