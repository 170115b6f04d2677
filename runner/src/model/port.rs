//! The port: what a model is asked, what it answers, and how that can fail.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::egress::EgressError;

/// A model that can be asked.
pub trait Model: Send + Sync {
    /// Which one.
    fn name(&self) -> ModelName;

    /// Asks it. Pieces of what it says are handed on as they come; what counts is the reply.
    fn ask<'a>(
        &'a self,
        ask: &'a Ask,
        hear: &'a mut (dyn FnMut(Piece<'_>) + Send),
    ) -> BoxFuture<'a, Result<Reply, ModelError>>;
}

/// A piece of what a model says, as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Of its text.
    Text(&'a str),
    /// Of the JSON that it calls something with.
    Call {
        /// Which of its calls.
        nth: u64,
        /// What it calls.
        name: &'a str,
        /// The piece.
        with: &'a str,
    },
}

/// Which model, over which protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelName {
    /// `anthropic`, `openai`, `scripted`.
    pub provider: &'static str,
    /// As the provider calls it.
    pub model: String,
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ask {
    /// What it is to do. Ours alone: nothing of a tenant's stands in it.
    pub system: String,
    /// What was said so far.
    pub messages: Vec<Message>,
    /// What it may call.
    pub tools: Vec<Tool>,
    /// How many tokens it may answer with.
    pub most_tokens: u32,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Message {
    /// By us.
    Us {
        /// What.
        text: String,
    },
    /// By the model.
    Model {
        /// What it said.
        text: String,
        /// What it called.
        calls: Vec<Called>,
    },
    /// What came of its calls.
    Results {
        /// One for each call, in their order.
        results: Vec<ToolResult>,
    },
}

/// Something that a model may call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tool {
    /// What it is called.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The JSON Schema of what it takes.
    pub takes: Value,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Called {
    /// The provider's id of it.
    pub id: String,
    /// What is called.
    pub name: String,
    /// What with; null where it was no JSON.
    pub with: Value,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call's id.
    pub id: String,
    /// What came of it.
    pub content: String,
    /// Whether it was refused.
    pub refused: bool,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// What it said.
    pub text: String,
    /// What it called.
    pub calls: Vec<Called>,
    /// Why it stopped.
    pub stop: Stop,
    /// What it took.
    pub tokens: Tokens,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It had said what it had to say.
    Done,
    /// It waits for what it called.
    Calls,
    /// It may not answer with more.
    Length,
    /// It will not answer.
    Refused,
}

/// Tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Sent.
    pub input: u64,
    /// Come back.
    pub output: u64,
}

/// How asking a model can fail. No text repeats what the far side said, nor the key.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It was not reached.
    #[error("the model was not reached")]
    Egress(#[from] EgressError),
    /// It has too much to do.
    #[error("the model has too much to do (status {status}): try again later")]
    Busy {
        /// What it answered.
        status: u16,
        /// When it wants to be asked again, where it says so.
        after: Option<Duration>,
    },
    /// It does not know who asks.
    #[error("the model's provider does not accept the key: enter another one")]
    Key,
    /// It will not be asked so.
    #[error(
        "the model's provider refuses the request (status {status}): check the model's name and the base URL"
    )]
    Refused {
        /// What it answered.
        status: u16,
    },
    /// What it answered is not its protocol.
    #[error("the model's answer is not what its protocol says: check provider and base URL")]
    Broken,
    /// The answer broke off.
    #[error("the model's answer broke off")]
    CutOff,
    /// A script has nothing more to say.
    #[error("the script has come to its end")]
    Script,
}

/// An error with what caused it. None of ours repeats what a far side said, or a key.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl ModelError {
    /// Whether asking again may help, and after how long.
    pub fn again(&self) -> Option<Duration> {
        match self {
            Self::Busy { after, .. } => Some(after.unwrap_or(Duration::from_secs(1))),
            Self::CutOff => Some(Duration::ZERO),
            Self::Egress(_) | Self::Key | Self::Refused { .. } | Self::Broken | Self::Script => None,
        }
    }
}
