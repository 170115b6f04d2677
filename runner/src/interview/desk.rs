//! The desk: where workflows are talked through.

use std::sync::Arc;

use draxis_commands::interview::{Interviewer, NewInterview, Thought};
use draxis_commands::{CommandError, Commands, Context};
use draxis_domain::interview::rules::respond;
use draxis_domain::interview::{Led, Turn, TurnUnderWay};
use draxis_domain::{InterviewId, Utterance};
use draxis_event_store::Committed;

use super::lead::Lead;
use crate::model::{Book, Model, Models, chain};

/// The desk.
#[derive(Clone)]
pub struct InterviewDesk {
    commands: Commands,
    models: Models,
}

impl InterviewDesk {
    /// A desk over a log.
    pub const fn new(commands: Commands, models: Models) -> Self {
        Self { commands, models }
    }

    /// The same with a model that is asked for every tenant.
    #[must_use]
    pub fn with_model(self, model: Arc<dyn Model>) -> Self {
        Self { models: self.models.with(model), ..self }
    }

    /// Begins an interview.
    pub async fn start(&self, context: &Context, asked: NewInterview) -> Result<Committed, CommandError> {
        self.commands.start_interview(context, asked, self).await
    }

    /// Says something in an interview.
    pub async fn say(
        &self,
        context: &Context,
        id: InterviewId,
        text: &Utterance,
    ) -> Result<Committed, CommandError> {
        self.commands.speak_in_interview(context, id, text, self).await
    }
}

impl Interviewer for InterviewDesk {
    /// What a model makes of it, where the tenant has one that can be asked; else what the rules do, which say why no model did.
    async fn turn(&self, thought: Thought<'_>) -> Result<Turn, CommandError> {
        let Thought { tenant, state, hearing, scene } = thought;
        let begin = || TurnUnderWay::new(state, hearing, scene);
        let Some((model, budget)) = self.models.of(tenant).await? else { return Ok(respond(begin())) };
        let book = Book::new(self.commands.clone(), tenant, state.id.ulid());
        let lead = Lead { model: model.as_ref(), book: Some(&book), budget };
        let (led, usage) = lead.turn(begin(), &state.reply).await;
        let error = match led {
            Ok(turn) => return Ok(turn),
            Err(error) => error,
        };
        tracing::warn!(tenant.id = %tenant, error = %chain(&error), "the built-in interviewer leads in a model's place");
        let fallback = Some(chain(&error));
        Ok(respond(begin()).in_a_models_place(Led { fallback, usage, ..Led::default() }))
    }
}
