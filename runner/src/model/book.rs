//! The book: every exchange with a model, as it was, without the key.

use draxis_commands::model_config::ModelExchange;
use draxis_commands::{CommandError, Commands};
use draxis_domain::TenantId;
use serde_json::Value;
use ulid::Ulid;

use super::{ModelName, Tokens};

/// Where the exchanges about one conversation are written down: a session of the panel, or an interview.
#[derive(Clone)]
pub struct Book {
    commands: Commands,
    tenant: TenantId,
    about: Ulid,
}

/// An exchange: what was said since the last one, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// With which model.
    pub model: ModelName,
    /// What was said.
    pub asked: Value,
    /// What came back, or how it failed.
    pub answered: Value,
    /// What it took.
    pub tokens: Tokens,
}

impl Book {
    /// The book of one conversation.
    pub const fn new(commands: Commands, tenant: TenantId, about: Ulid) -> Self {
        Self { commands, tenant, about }
    }

    /// Writes an exchange down.
    pub async fn write(&self, exchange: Exchange) -> Result<(), CommandError> {
        let Exchange { model, asked, answered, tokens } = exchange;
        let exchange = ModelExchange {
            about: self.about,
            provider: model.provider,
            model: model.model,
            asked,
            answered,
            tokens: (tokens.input, tokens.output),
        };
        self.commands.record_model_exchange(self.tenant, exchange).await
    }
}
