//! Models: one port, and adapters that speak the protocols of Anthropic and `OpenAI` through the one way out.
//!
//! A crate for many providers was looked at (genai 0.7): it can be handed an http client, but not our way out. Behind such a client
//! addresses written as numbers would not be judged (hazards H7: those are judged before a client is asked), answers would be
//! read without a limit, and the key would stand as plain text in its structures (hazards H8: secrets are opened in one place). Two
//! protocols are little to speak; everything that speaks `OpenAI`'s at another base URL (Ollama, vLLM) is spoken to in the same way.

mod anthropic;
mod book;
mod choice;
mod dialogue;
mod openai;
mod port;
mod scripted;
mod speech;
mod sse;
#[cfg(test)]
mod tests;
mod wire;

pub use anthropic::Anthropic;
pub use book::{Book, Exchange};
pub use choice::{Budget, ModelSettings, Models, Prices};
pub use dialogue::{ANSWER, Dialogue, DialogueError, Heard, Limits, Toolbox, wrapped};
pub use openai::OpenAi;
pub use port::{
    Ask, Called, Message, Model, ModelError, ModelName, Piece, Reply, Stop, Tokens, Tool, ToolResult, chain,
};
pub use scripted::Scripted;
