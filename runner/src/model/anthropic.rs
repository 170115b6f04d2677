//! Anthropic's protocol: `POST /v1/messages`, streamed (<https://docs.anthropic.com/en/api/messages-streaming>).

use std::sync::Arc;

use draxis_commands::secret::Secret;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::wire::{Gathering, arguments, gather};
use super::{Ask, Called, Message, Model, ModelError, ModelName, Piece, Reply, Stop, Tokens};
use crate::egress::{Body, Egress, EgressError, Request, Target};

/// Where Anthropic is reached.
pub(super) const BASE: &str = "https://api.anthropic.com";
/// The version of the protocol that is spoken here.
const VERSION: &str = "2023-06-01";

/// A model that is spoken to in Anthropic's protocol.
pub struct Anthropic {
    egress: Arc<Egress>,
    base: String,
    model: String,
    key: Arc<Secret>,
}

impl Anthropic {
    /// A model of this name, at this base URL.
    pub fn new(egress: Arc<Egress>, base: Option<&str>, model: &str, key: Arc<Secret>) -> Self {
        let base = base.unwrap_or(BASE).trim_end_matches('/').to_owned();
        Self { egress, base, model: model.to_owned(), key }
    }

    fn request(&self, ask: &Ask) -> Result<Request, EgressError> {
        let target = Target::parse(&format!("{}/v1/messages", self.base))?;
        let document = json!({
            "model": self.model,
            "max_tokens": ask.most_tokens,
            "stream": true,
            "system": ask.system,
            "messages": ask.messages.iter().map(message).collect::<Vec<_>>(),
            "tools": ask.tools.iter().map(|tool| json!({
                "name": tool.name, "description": tool.description, "input_schema": tool.takes,
            })).collect::<Vec<_>>(),
        });
        let request = Request::post(target, Body::Json { document, secrets: Vec::new() });
        let request = request.header("anthropic-version", VERSION)?;
        Ok(request.header("x-api-key", Arc::clone(&self.key))?)
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::Us { text } => json!({ "role": "user", "content": [{ "type": "text", "text": text }] }),
        Message::Model { text, calls } => {
            let mut content = Vec::new();
            if !text.trim().is_empty() {
                content.push(json!({ "type": "text", "text": text }));
            }
            content.extend(calls.iter().map(|call| {
                let input = if call.with.is_object() { call.with.clone() } else { json!({}) };
                json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
            }));
            json!({ "role": "assistant", "content": content })
        }
        Message::Results { results } => {
            let results = results.iter().map(|result| {
                json!({ "type": "tool_result", "tool_use_id": result.id, "content": result.content,
                        "is_error": result.refused })
            });
            json!({ "role": "user", "content": results.collect::<Vec<_>>() })
        }
    }
}

impl Model for Anthropic {
    fn name(&self) -> ModelName {
        ModelName { provider: "anthropic", model: self.model.clone() }
    }

    fn ask<'a>(
        &'a self,
        ask: &'a Ask,
        hear: &'a mut (dyn FnMut(Piece<'_>) + Send),
    ) -> BoxFuture<'a, Result<Reply, ModelError>> {
        async move {
            let mut gathered = Gathered::default();
            gather(&self.egress, self.request(ask)?, &mut gathered, hear).await?;
            gathered.finish()
        }
        .boxed()
    }
}

/// An answer as far as it has come.
#[derive(Debug, Default)]
struct Gathered {
    text: String,
    /// Calls by the index of their block, with their arguments as text.
    calls: std::collections::BTreeMap<u64, (String, String, String)>,
    stop: Option<Stop>,
    tokens: Tokens,
    whole: bool,
}

impl Gathering for Gathered {
    fn take(&mut self, event: &Value, hear: &mut (dyn FnMut(Piece<'_>) + Send)) -> Result<(), ModelError> {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let count = |pointer: &str| event.pointer(pointer).and_then(Value::as_u64);
        let index = count("/index").unwrap_or_default();
        match text("/type").ok_or(ModelError::Broken)? {
            "message_start" => {
                self.tokens.input = count("/message/usage/input_tokens").unwrap_or_default();
                self.tokens.output = count("/message/usage/output_tokens").unwrap_or_default();
            }
            "content_block_start" if text("/content_block/type") == Some("tool_use") => {
                let (Some(id), Some(name)) = (text("/content_block/id"), text("/content_block/name")) else {
                    return Err(ModelError::Broken);
                };
                self.calls.insert(index, (id.to_owned(), name.to_owned(), String::new()));
            }
            "content_block_delta" => {
                if let Some(piece) = text("/delta/text") {
                    self.text.push_str(piece);
                    hear(Piece::Text(piece));
                }
                if let (Some(piece), Some(call)) = (text("/delta/partial_json"), self.calls.get_mut(&index)) {
                    call.2.push_str(piece);
                    hear(Piece::Call { nth: index, name: &call.1, with: piece });
                }
            }
            "message_delta" => {
                self.tokens.output = count("/usage/output_tokens").unwrap_or(self.tokens.output);
                self.stop = Some(match text("/delta/stop_reason") {
                    Some("tool_use") => Stop::Calls,
                    Some("max_tokens" | "model_context_window_exceeded") => Stop::Length,
                    Some("refusal") => Stop::Refused,
                    Some(_) | None => Stop::Done,
                });
            }
            "message_stop" => self.whole = true,
            // The stream may say within itself that it cannot go on.
            "error" => {
                let busy = matches!(
                    text("/error/type"),
                    Some("overloaded_error" | "rate_limit_error" | "api_error")
                );
                return Err(if busy {
                    ModelError::Busy { status: 529, after: None }
                } else {
                    ModelError::Broken
                });
            }
            // Pings, and kinds that are added later (the documentation asks to pass over them).
            _ => {}
        }
        Ok(())
    }
}

impl Gathered {
    fn finish(self) -> Result<Reply, ModelError> {
        if !self.whole {
            return Err(ModelError::CutOff);
        }
        let call = |(id, name, with): (String, String, String)| Called { id, name, with: arguments(&with) };
        let calls: Vec<Called> = self.calls.into_values().map(call).collect();
        Ok(Reply { text: self.text, calls, stop: self.stop.unwrap_or(Stop::Done), tokens: self.tokens })
    }
}
