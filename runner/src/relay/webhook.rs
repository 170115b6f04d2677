//! Signed webhooks, as Standard Webhooks has them (standardwebhooks.com): id, time and body under one HMAC.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use draxis_domain::relay::{Channel, WebhookSettings};
use draxis_domain::workflow_run::EffectId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::egress::{Body, Egress, Request};
use crate::relay::credentials::signing_key;
use crate::relay::exchange::{Far, Setback, errand};
use crate::relay::trial::{Trial, accepted, below};
use crate::relay::{EffectReference, RelayCredentials};

const FAR: Far = Far {
    channel: Channel::Webhook,
    advice: "check at the receiver that it knows the signing secret and takes this type of delivery",
};

/// What makes a delivery that one delivery.
pub(super) struct Sent {
    /// The same for every attempt.
    pub(super) id: String,
    /// When this attempt is made.
    pub(super) at: DateTime<Utc>,
}

/// A ping that the receiver verifies like any other delivery, and may ignore.
pub(super) async fn attempt(
    egress: &Egress,
    settings: &WebhookSettings,
    credentials: RelayCredentials,
    sent: &Sent,
) -> Result<(), Trial> {
    let at = sent.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let body = json!({ "type": "draxis.ping", "timestamp": at, "data": {} }).to_string();
    accepted(&egress.send(signed(settings, credentials, sent, body)?).await?)
}

/// Delivers an effect. Its id is the delivery's, so that whoever receives it twice can tell.
pub(super) async fn deliver(
    egress: &Egress,
    (settings, credentials): (&WebhookSettings, RelayCredentials),
    (effect, at): (&EffectId, DateTime<Utc>),
    (event, data): (&str, &Value),
) -> Result<EffectReference, Setback> {
    let sent = Sent { id: effect.to_string(), at };
    let body = json!({ "type": event, "data": data }).to_string();
    errand(egress, signed(settings, credentials, &sent, body)?, FAR).await?;
    Ok(EffectReference { channel: FAR.channel, id: sent.id.clone(), name: sent.id, url: None })
}

fn signed(
    settings: &WebhookSettings,
    mut credentials: RelayCredentials,
    sent: &Sent,
    body: String,
) -> Result<Request, Trial> {
    let secret = credentials.take("secret")?;
    let key = signing_key(&secret).ok_or_else(|| {
        Trial::new("settings", "the signing secret is none: enter one that begins with whsec_")
    })?;
    let signature = signature(&key, sent, &body)?;
    let body = Body::Bytes { content_type: "application/json", bytes: Bytes::from(body) };
    Ok(Request::post(below(&settings.url, "")?, body)
        .header("webhook-id", sent.id.as_str())?
        .header("webhook-timestamp", sent.at.timestamp().to_string())?
        .header("webhook-signature", signature)?)
}

/// `v1,` and the base64 of the HMAC-SHA256 over `id.timestamp.body`.
fn signature(key: &[u8], sent: &Sent, body: &str) -> Result<String, Trial> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|_| Trial::new("settings", "the signing secret cannot be used: enter another one"))?;
    mac.update(format!("{}.{}.{body}", sent.id, sent.at.timestamp()).as_bytes());
    Ok(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_commands::secret::Secret;

    use super::{Sent, signature};
    use crate::relay::credentials::signing_key;

    /// The example that the reference libraries are tested with.
    #[test]
    fn the_signature_is_the_one_that_receivers_compute() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let sent = Sent {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(),
            at: DateTime::from_timestamp(1_614_265_330, 0).unwrap(),
        };
        let key = signing_key(&secret).unwrap();
        let signed = signature(&key, &sent, r#"{"test": 2432232314}"#).ok().unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
