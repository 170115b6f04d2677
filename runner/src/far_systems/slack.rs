//! Slack as its Web API documents it: `auth.test`, `chat.postMessage`, `conversations.history`, and an incoming webhook.

mod method;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::http::{HttpReply, HttpRequest};
use super::server::System;

/// A message as it was posted.
#[derive(Debug, Clone, PartialEq)]
pub struct SlackMessage {
    /// The channel's id.
    pub channel: String,
    /// When, which is also its name in its channel.
    pub ts: String,
    /// Its text in mrkdwn.
    pub text: String,
    /// What only apps see.
    pub metadata: Value,
}

/// A workspace with its channels, for one bot token and one incoming webhook.
#[derive(Debug, Clone)]
pub struct FarSlack {
    token: String,
    /// By name.
    channels: BTreeMap<String, String>,
    messages: Vec<SlackMessage>,
    reads_history: bool,
    says: Option<String>,
}

/// The path of the incoming webhook.
const WEBHOOK: &str = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

impl FarSlack {
    /// A workspace with these channels.
    pub fn new(token: &str, channels: &[&str]) -> Self {
        let id = |place: usize| format!("C{:08}", place.saturating_add(1));
        let channels = channels.iter().enumerate();
        Self {
            token: token.to_owned(),
            channels: channels.map(|(place, name)| ((*name).to_owned(), id(place))).collect(),
            messages: Vec::new(),
            reads_history: false,
            says: None,
        }
    }

    /// Where the incoming webhook is, below the system's address. It posts into the first channel by name.
    pub const fn webhook_path() -> &'static str {
        WEBHOOK
    }

    /// From now on the token has the right to read what was posted.
    pub const fn allow_history(&mut self) {
        self.reads_history = true;
    }

    /// Answers the next message with this error, and posts nothing.
    pub fn say(&mut self, error: &str) {
        self.says = Some(error.to_owned());
    }

    /// A channel's id.
    pub fn channel(&self, name: &str) -> Option<&str> {
        self.channels.get(name.trim_start_matches('#')).map(String::as_str)
    }

    /// All messages, in the order they were posted.
    pub fn messages(&self) -> &[SlackMessage] {
        &self.messages
    }

    fn post(&mut self, channel: &str, text: &str, metadata: Value) -> String {
        let ts = format!("1700000000.{:06}", self.messages.len());
        self.messages.push(SlackMessage {
            channel: channel.to_owned(),
            ts: ts.clone(),
            text: text.to_owned(),
            metadata,
        });
        ts
    }
}

impl System for FarSlack {
    fn answer(&mut self, request: &HttpRequest) -> HttpReply {
        if request.path.starts_with("/services/") {
            return self.incoming(request);
        }
        let Some(method) = request.path.strip_prefix("/api/") else {
            return HttpReply::text(404, "not found");
        };
        if request.bearer() != Some(self.token.as_str()) {
            return self.refuse_login(request);
        }
        match method {
            "auth.test" => HttpReply::json(200, &json!({ "ok": true, "team": "Far", "user": "draxis" })),
            "chat.postMessage" => self.post_message(request),
            "conversations.history" => self.history(request),
            _ => error("unknown_method"),
        }
    }

    fn refuse_login(&self, request: &HttpRequest) -> HttpReply {
        if request.path.starts_with("/services/") {
            HttpReply::text(403, "invalid_token")
        } else {
            error("invalid_auth")
        }
    }
}

/// Slack says 200 to everything.
fn error(word: &str) -> HttpReply {
    HttpReply::json(200, &json!({ "ok": false, "error": word }))
}
