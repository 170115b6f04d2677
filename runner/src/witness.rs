//! Witness: every checkpoint is sent to somebody outside who keeps it, as a signed webhook (standardwebhooks.com).
//!
//! What is sealed is delivered in order, at least once, each under an id of its own that every attempt bears; what was not taken
//! is sent again. So a history that is rewritten whole, with the true key, contradicts what somebody else holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use draxis_commands::sealing::{SealError, Sealing};
use draxis_commands::secret::Secret;
use draxis_commands::{CommandError, Commands};
use draxis_domain::TenantId;
use draxis_event_store::{StoredCheckpoint, TenantTx, checkpoints_from, delivered_size, note_delivered};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::egress::{Body, Egress, EgressError, Refused, Request, RequestError, Target};

/// How many checkpoints of one stream are read at once.
const PAGE: u32 = 100;

/// Where checkpoints are sent to. It holds a secret: no `Debug`.
pub struct WitnessSettings {
    url: String,
    key: Vec<u8>,
}

/// An address or a secret that cannot be used; the sentence says what would be.
#[derive(Debug, thiserror::Error)]
pub enum WitnessSettingsError {
    /// The address.
    #[error("the address that checkpoints are sent to cannot be used")]
    Url(#[from] Refused),
    /// The secret.
    #[error("the secret that checkpoints are signed with must be whsec_ and base64 of 24 to 64 bytes")]
    Secret,
}

/// Why a checkpoint was not delivered; it is sent again.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The database did not answer.
    #[error("the database did not answer")]
    Database(#[from] CommandError),
    /// The streams cannot be listed.
    #[error(transparent)]
    Sealing(#[from] SealError),
    /// The request cannot be made.
    #[error("the checkpoint cannot be sent")]
    Request(#[from] RequestError),
    /// The address cannot be used.
    #[error("the address that checkpoints are sent to cannot be used")]
    Url(#[from] Refused),
    /// Whoever keeps them was not reached.
    #[error("whoever keeps the checkpoints was not reached")]
    Egress(#[from] EgressError),
    /// They did not take it.
    #[error(
        "whoever keeps the checkpoints did not take the one of {size} events of tenant {tenant}: status {status}"
    )]
    NotTaken {
        /// Whose stream.
        tenant: TenantId,
        /// Its size.
        size: u64,
        /// What they answered.
        status: u16,
    },
}

impl WitnessSettings {
    /// An address (https, or within the networks that are allowed) and a signing secret, `whsec_` and base64.
    pub fn try_new(url: &str, secret: &Secret) -> Result<Self, WitnessSettingsError> {
        Target::parse(url)?;
        let encoded = secret.expose().strip_prefix("whsec_").ok_or(WitnessSettingsError::Secret)?;
        let key = BASE64.decode(encoded).map_err(|_| WitnessSettingsError::Secret)?;
        if !(24..=64).contains(&key.len()) {
            return Err(WitnessSettingsError::Secret);
        }
        Ok(Self { url: url.to_owned(), key })
    }
}

/// Sends checkpoints; clones share what is known to be delivered.
#[derive(Clone)]
pub struct Witness {
    commands: Commands,
    sealing: Sealing,
    egress: Arc<Egress>,
    settings: Arc<WitnessSettings>,
    /// Up to where each stream is known to be delivered, so that a quiet one costs nothing.
    known: Arc<Mutex<BTreeMap<TenantId, u64>>>,
}

impl Witness {
    /// A witness of every stream.
    pub fn new(
        commands: Commands,
        sealing: Sealing,
        egress: Arc<Egress>,
        settings: Arc<WitnessSettings>,
    ) -> Self {
        Self { commands, sealing, egress, settings, known: Arc::default() }
    }

    /// Sends what was sealed and not taken yet, stream by stream; ends at the first that is not taken. Answers with how many were.
    pub async fn send_due(&self) -> Result<u64, WitnessError> {
        let mut sent = 0_u64;
        for (tenant, head) in self.sealing.streams().await? {
            if head.get() > self.known_of(tenant) {
                sent = sent.saturating_add(self.send_of(tenant).await?);
            }
        }
        Ok(sent)
    }

    async fn send_of(&self, tenant: TenantId) -> Result<u64, WitnessError> {
        let pool = &self.commands.pools().app;
        let mut sent = 0_u64;
        loop {
            let mut transaction = TenantTx::begin(pool, tenant).await.map_err(CommandError::from)?;
            let delivered = delivered_size(&mut transaction).await.map_err(CommandError::from)?;
            let due = checkpoints_from(&mut transaction, delivered.saturating_add(1), PAGE).await;
            let due = due.map_err(CommandError::from)?;
            drop(transaction);
            self.know(tenant, delivered);
            if due.is_empty() {
                return Ok(sent);
            }
            for checkpoint in due {
                self.send(tenant, &checkpoint).await?;
                let transaction = TenantTx::begin(pool, tenant).await.map_err(CommandError::from)?;
                let noted = note_delivered(transaction, checkpoint.size, self.commands.clock().now()).await;
                noted.map_err(CommandError::from)?;
                sent = sent.saturating_add(1);
            }
        }
    }

    async fn send(&self, tenant: TenantId, checkpoint: &StoredCheckpoint) -> Result<(), WitnessError> {
        let (size, note) = (checkpoint.size, checkpoint.note.as_str());
        let now = self.commands.clock().now();
        let origin = self.sealing.origin(tenant).to_string();
        let sealed_at = checkpoint.sealed_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let body = json!({
            "type": "checkpoint.sealed",
            "timestamp": sealed_at,
            "data": { "tenantId": tenant, "origin": origin, "size": size, "note": note },
        })
        .to_string();
        let id = format!("checkpoint-{tenant}-{size:020}");
        let signature = signature(&self.settings.key, &id, now, &body);
        let content = Body::Bytes { content_type: "application/json", bytes: Bytes::from(body) };
        let request = Request::post(Target::parse(&self.settings.url)?, content)
            .header("webhook-id", id)?
            .header("webhook-timestamp", now.timestamp().to_string())?
            .header("webhook-signature", signature)?;
        let status = self.egress.send(request).await?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(WitnessError::NotTaken { tenant, size, status: status.as_u16() })
        }
    }

    fn known_of(&self, tenant: TenantId) -> u64 {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied().unwrap_or_default()
    }

    fn know(&self, tenant: TenantId, size: u64) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, size);
    }
}

/// `v1,` and the base64 of the HMAC-SHA256 over `id.timestamp.body`.
fn signature(key: &[u8], id: &str, at: DateTime<Utc>, body: &str) -> String {
    let signed = format!("{id}.{}.{body}", at.timestamp());
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(signed).finalize().into_bytes());
    mac.map(|bytes| format!("v1,{}", BASE64.encode(bytes))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_commands::secret::Secret;

    use super::{WitnessSettings, signature};

    #[test]
    fn the_signature_is_the_one_that_receivers_compute() {
        // The example that the reference libraries are tested with.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let settings = WitnessSettings::try_new("https://witness.example/hook", &secret).ok().unwrap();
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signed = signature(&settings.key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn an_address_or_a_secret_that_cannot_be_used_is_refused() {
        let refused =
            |url: &str, secret: &str| WitnessSettings::try_new(url, &Secret::new(secret.to_owned())).is_err();
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(refused("not an address", good) && refused("ftp://witness.example", good));
        for secret in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_AAAA", "whsec_%%%"] {
            assert!(refused("https://witness.example", secret), "{secret}");
        }
    }
}
