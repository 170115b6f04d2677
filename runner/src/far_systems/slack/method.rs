//! The methods that post and read messages.

use serde_json::{Value, json};

use super::{FarSlack, WEBHOOK, error};
use crate::far_systems::http::{HttpReply, HttpRequest};

impl FarSlack {
    pub(super) fn post_message(&mut self, request: &HttpRequest) -> HttpReply {
        if let Some(word) = self.says.take() {
            return error(&word);
        }
        let Some(message) = request.json() else { return error("invalid_json") };
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(channel) = self.find_channel(text("channel")) else { return error("channel_not_found") };
        if text("text").is_empty() {
            return error("no_text");
        }
        let metadata = message.get("metadata").cloned().unwrap_or_default();
        if !metadata.is_null() && !well_formed(&metadata) {
            return error("invalid_metadata_format");
        }
        let ts = self.post(&channel, text("text"), metadata);
        HttpReply::json(200, &json!({ "ok": true, "channel": channel, "ts": ts }))
    }

    pub(super) fn history(&self, request: &HttpRequest) -> HttpReply {
        if !self.reads_history {
            return error("missing_scope");
        }
        let asked = request.query.get("channel").map(String::as_str).unwrap_or_default();
        if !self.channels.values().any(|id| id == asked) {
            return error("channel_not_found");
        }
        let with_metadata = request.query.get("include_all_metadata").is_some_and(|yes| yes == "true");
        let limit = request.query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100);
        let latest = self.messages.iter().rev().filter(|message| message.channel == asked);
        let messages: Vec<Value> = latest
            .take(limit)
            .map(|message| {
                let mut shown = json!({ "type": "message", "text": message.text, "ts": message.ts });
                if let Some(fields) = shown.as_object_mut().filter(|_| with_metadata) {
                    fields.insert("metadata".to_owned(), message.metadata.clone());
                }
                shown
            })
            .collect();
        HttpReply::json(200, &json!({ "ok": true, "messages": messages, "has_more": false }))
    }

    pub(super) fn incoming(&mut self, request: &HttpRequest) -> HttpReply {
        if request.path != WEBHOOK {
            return HttpReply::text(404, "no_service");
        }
        let Some(message) = request.json() else { return HttpReply::text(400, "invalid_payload") };
        let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
        if text.is_empty() {
            return HttpReply::text(400, "no_text");
        }
        let Some(channel) = self.channels.values().next().cloned() else {
            return HttpReply::text(404, "channel_not_found");
        };
        self.post(&channel, text, Value::Null);
        HttpReply::text(200, "ok")
    }

    fn find_channel(&self, name: &str) -> Option<String> {
        let known = self.channels.values().find(|id| *id == name).map(String::as_str);
        known.or_else(|| self.channel(name)).map(str::to_owned)
    }
}

fn well_formed(metadata: &Value) -> bool {
    metadata.get("event_type").is_some_and(Value::is_string)
        && metadata.get("event_payload").is_some_and(Value::is_object)
}
