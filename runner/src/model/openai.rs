//! `OpenAI`'s protocol: `POST /v1/chat/completions`, streamed (<https://platform.openai.com/docs/api-reference/chat>), which many
//! speak at a base URL of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use draxis_commands::secret::Secret;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::wire::{Gathering, arguments, gather};
use super::{Ask, Called, Message, Model, ModelError, ModelName, Piece, Reply, Stop, Tokens};
use crate::egress::{Body, Egress, EgressError, Request, Target};

/// Where `OpenAI` is reached. Other base URLs, too, are given with their `/v1`.
pub(super) const BASE: &str = "https://api.openai.com/v1";

/// A model that is spoken to in `OpenAI`'s protocol.
pub struct OpenAi {
    egress: Arc<Egress>,
    base: String,
    model: String,
    /// Those that run in one's own network often want none.
    key: Option<Arc<Secret>>,
}

impl OpenAi {
    /// A model of this name, at this base URL.
    pub fn new(egress: Arc<Egress>, base: Option<&str>, model: &str, key: Option<Arc<Secret>>) -> Self {
        let base = base.unwrap_or(BASE).trim_end_matches('/').to_owned();
        Self { egress, base, model: model.to_owned(), key }
    }

    fn request(&self, ask: &Ask) -> Result<Request, EgressError> {
        let target = Target::parse(&format!("{}/chat/completions", self.base))?;
        let mut messages = vec![json!({ "role": "system", "content": ask.system })];
        messages.extend(ask.messages.iter().flat_map(messages_of));
        // Others than OpenAI know the limit by its older name only.
        let limit = if self.base == BASE { "max_completion_tokens" } else { "max_tokens" };
        let mut document = json!({
            "model": self.model,
            "stream": true,
            "stream_options": { "include_usage": true },
            "messages": messages,
            limit: ask.most_tokens,
        });
        if let Some(document) = document.as_object_mut().filter(|_| !ask.tools.is_empty()) {
            let tools = ask.tools.iter().map(|tool| {
                json!({ "type": "function", "function": {
                    "name": tool.name, "description": tool.description, "parameters": tool.takes } })
            });
            document.insert("tools".to_owned(), tools.collect());
        }
        let request = Request::post(target, Body::Json { document, secrets: Vec::new() });
        Ok(match &self.key {
            Some(key) => request.bearer(Arc::clone(key)),
            None => request,
        })
    }
}

/// What was said, as one message or, for results, one each.
fn messages_of(message: &Message) -> Vec<Value> {
    match message {
        Message::Us { text } => vec![json!({ "role": "user", "content": text })],
        Message::Model { text, calls } if calls.is_empty() => {
            vec![json!({ "role": "assistant", "content": text })]
        }
        Message::Model { text, calls } => {
            let calls = calls.iter().map(|call| {
                json!({ "id": call.id, "type": "function",
                        "function": { "name": call.name, "arguments": call.with.to_string() } })
            });
            let content = if text.is_empty() { Value::Null } else { json!(text) };
            vec![json!({ "role": "assistant", "content": content, "tool_calls": calls.collect::<Vec<_>>() })]
        }
        Message::Results { results } => results
            .iter()
            .map(|result| json!({ "role": "tool", "tool_call_id": result.id, "content": result.content }))
            .collect(),
    }
}

impl Model for OpenAi {
    fn name(&self) -> ModelName {
        ModelName { provider: "openai", model: self.model.clone() }
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
    /// Calls by their index, with their arguments as text.
    calls: BTreeMap<u64, (String, String, String)>,
    stop: Option<Stop>,
    refused: bool,
    tokens: Tokens,
}

impl Gathering for Gathered {
    fn take(&mut self, event: &Value, hear: &mut (dyn FnMut(Piece<'_>) + Send)) -> Result<(), ModelError> {
        if event.get("error").is_some_and(|error| !error.is_null()) {
            return Err(ModelError::Busy { status: 500, after: None });
        }
        let count = |pointer: &str| event.pointer(pointer).and_then(Value::as_u64);
        self.tokens.input = count("/usage/prompt_tokens").unwrap_or(self.tokens.input);
        self.tokens.output = count("/usage/completion_tokens").unwrap_or(self.tokens.output);
        let choices = event.get("choices").and_then(Value::as_array).ok_or(ModelError::Broken)?;
        // The last event says what it took, and has no choice.
        let Some(choice) = choices.first() else { return Ok(()) };
        let text = |pointer: &str| choice.pointer(pointer).and_then(Value::as_str);
        self.refused |= text("/delta/refusal").is_some_and(|refusal| !refusal.is_empty());
        for call in choice.pointer("/delta/tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.called(call, hear);
        }
        match text("/finish_reason") {
            Some("tool_calls" | "function_call") => self.stop = Some(Stop::Calls),
            Some("length") => self.stop = Some(Stop::Length),
            Some("content_filter") => self.stop = Some(Stop::Refused),
            Some(_) => self.stop = Some(Stop::Done),
            None => {}
        }
        if let Some(piece) = text("/delta/content").filter(|piece| !piece.is_empty()) {
            self.text.push_str(piece);
            hear(Piece::Text(piece));
        }
        Ok(())
    }
}

impl Gathered {
    fn called(&mut self, call: &Value, hear: &mut (dyn FnMut(Piece<'_>) + Send)) {
        let text = |pointer: &str| call.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let next = u64::try_from(self.calls.len()).unwrap_or(u64::MAX);
        // Some send whole calls without counting them.
        let index = call.get("index").and_then(Value::as_u64).unwrap_or(next);
        let (id, name, with) = self.calls.entry(index).or_default();
        if id.is_empty() {
            id.push_str(text("/id"));
        }
        name.push_str(text("/function/name"));
        let piece = text("/function/arguments");
        with.push_str(piece);
        hear(Piece::Call { nth: index, name, with: piece });
    }

    fn finish(self) -> Result<Reply, ModelError> {
        let Some(stop) = self.stop else { return Err(ModelError::CutOff) };
        let named = |(index, (id, name, with)): (u64, (String, String, String))| {
            let id = if id.is_empty() { format!("call_{index}") } else { id };
            Called { id, name, with: arguments(&with) }
        };
        let calls: Vec<Called> = self.calls.into_iter().map(named).collect();
        let stop = match stop {
            _ if self.refused => Stop::Refused,
            // Some say that they are done though they wait.
            Stop::Done if !calls.is_empty() => Stop::Calls,
            Stop::Done | Stop::Calls | Stop::Length | Stop::Refused => stop,
        };
        Ok(Reply { text: self.text, calls, stop, tokens: self.tokens })
    }
}
