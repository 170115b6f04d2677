//! Looking for an effect's message among a channel's latest, where the app may read them.
//!
//! A message that is found is found; one that is not may be further back or in a channel known by name only. So nothing
//! here ever says that a message is not there: that is for a person to see.

use std::sync::Arc;

use draxis_domain::workflow_run::EffectId;
use serde_json::Value;

use super::{Door, FAR, METADATA, method, post};
use crate::egress::{Egress, Request};
use crate::relay::exchange::{answered, question};
use crate::relay::{EffectReference, LookUp, RelayError};

/// Slack recommends no more than 200.
const LATEST: &str = "200";

/// Looks for the message.
pub(in crate::relay) async fn look_up(
    egress: &Egress,
    door: &Door<'_>,
    effect: &EffectId,
    channel: &str,
) -> Result<LookUp, RelayError> {
    let Door::Bot { settings, token } = door else { return Ok(LookUp::CannotKnow) };
    let channel =
        if channel.is_empty() { settings.default_channel.as_deref().unwrap_or_default() } else { channel };
    if !is_id(channel) {
        return Ok(LookUp::CannotKnow);
    }
    let request = Request::get(method(settings, "conversations.history")?)
        .bearer(Arc::clone(token))
        .query("channel", channel)
        .query("limit", LATEST)
        .query("include_all_metadata", "true");
    let page = answered(&question(egress, request, FAR).await?, FAR)?;
    // `missing_scope`, `not_in_channel`: no rights to look are no reason to fail.
    let Some(messages) = page.get("messages").and_then(Value::as_array) else {
        return Ok(LookUp::CannotKnow);
    };
    Ok(find(messages, effect, channel).map_or(LookUp::CannotKnow, LookUp::Found))
}

fn find(messages: &[Value], effect: &EffectId, channel: &str) -> Option<EffectReference> {
    // The latest come first: the first that was made, were there ever two, is the last.
    messages.iter().rev().find_map(|one| {
        let ours = one.pointer("/metadata/event_type").and_then(Value::as_str) == Some(METADATA)
            && one.pointer("/metadata/event_payload/effect").and_then(Value::as_str)
                == Some(effect.to_string().as_str());
        if ours { post::message(Some(&Value::from(channel)), one.get("ts")) } else { None }
    })
}

/// Channels, private ones and direct messages; a name is not one.
fn is_id(channel: &str) -> bool {
    channel.len() >= 9
        && channel.starts_with(['C', 'G', 'D'])
        && channel.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
