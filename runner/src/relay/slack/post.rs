//! Posting a message, with the effect's id beside it where the API takes one.

use std::sync::Arc;

use draxis_domain::workflow_run::EffectId;
use serde_json::{Value, json};

use super::{Door, FAR, METADATA, method, refusal};
use crate::egress::{Body, Egress, Request, Response, Target};
use crate::relay::exchange::{Setback, confirmed, cut, errand, retry_after, unreadable};
use crate::relay::{EffectReference, RelayError};

/// Slack cuts longer ones without a word.
const TEXT: usize = 40_000;

/// Posts the message.
pub(in crate::relay) async fn post(
    egress: &Egress,
    door: &Door<'_>,
    effect: &EffectId,
    (channel, text): (&str, &str),
) -> Result<EffectReference, Setback> {
    if text.trim().is_empty() {
        return Err(RelayError::content("the message is empty: give the step a text").into());
    }
    // No previews: a robot that opens the links of a message is nobody who was asked (hazard H10).
    let mut document = json!({ "text": cut(text, TEXT), "unfurl_links": false, "unfurl_media": false });
    let json = |document| Body::Json { document, secrets: Vec::new() };
    match door {
        Door::Webhook { url } => {
            errand(egress, Request::post(Target::secret(Arc::clone(url)), json(document)), FAR).await?;
            // Slack answers `ok` and does not say where the message is.
            Ok(reference(&effect.to_string()))
        }
        Door::Bot { settings, token } => {
            let channel =
                if channel.is_empty() { settings.default_channel.as_deref() } else { Some(channel) };
            let channel = channel.ok_or_else(|| {
                RelayError::content("no channel is named: name one in the step or in the relay")
            })?;
            if let Some(fields) = document.as_object_mut() {
                fields.insert("channel".to_owned(), Value::from(channel));
                fields.insert("metadata".to_owned(), metadata(effect));
            }
            let request = Request::post(method(settings, "chat.postMessage")?, json(document));
            let response = errand(egress, request.bearer(Arc::clone(token)), FAR).await?;
            posted(&response)
        }
    }
}

fn metadata(effect: &EffectId) -> Value {
    json!({ "event_type": METADATA, "event_payload": { "effect": effect } })
}

/// Slack says 200 to everything; what it means stands in the body.
fn posted(response: &Response) -> Result<EffectReference, Setback> {
    let answer = confirmed(response, FAR)?;
    if answer.get("ok") == Some(&Value::Bool(true)) {
        return message(answer.get("channel"), answer.get("ts")).ok_or_else(|| unreadable(FAR));
    }
    match answer.get("error").and_then(Value::as_str) {
        Some(word) => Err(refusal::setback(word, retry_after(response))),
        None => Err(unreadable(FAR)),
    }
}

/// A message is named by its channel and its time stamp.
pub(super) fn message(channel: Option<&Value>, ts: Option<&Value>) -> Option<EffectReference> {
    let plain = |value: Option<&Value>| {
        let text = value?.as_str()?;
        let fits =
            (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        fits.then(|| text.to_owned())
    };
    Some(reference(&format!("{}/{}", plain(channel)?, plain(ts)?)))
}

fn reference(id: &str) -> EffectReference {
    EffectReference { channel: FAR.channel, id: id.to_owned(), name: id.to_owned(), url: None }
}
