//! The desk: where questions are put, by people and by steps of workflows.

use std::sync::Arc;

use draxis_commands::panel::{AskedPanel, PanelAnswer};
use draxis_commands::{Caller, CommandError, Commands, Context, Permission};
use draxis_domain::panel::{Asker, PanelSession, Reply, Snapshot, rules};
use draxis_domain::{Actor, PanelSessionId, Question, Rejection, TenantId, WorkflowRunId};
use draxis_event_store::Committed;
use draxis_projections::{ReadError, ReadModels};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::UnboundedSender;
use ulid::Ulid;

use super::lead::{Lead, Said};
use crate::model::{Book, Model, Models, chain};

/// Why the panel did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PanelError {
    /// The command was refused, or failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The data could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<Rejection> for PanelError {
    fn from(rejection: Rejection) -> Self {
        Self::Command(rejection.into())
    }
}

/// What somebody who waits for an answer may be told meanwhile. No figure is among it: figures are told once they are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The session, and the position of the data that is looked at.
    Begun {
        /// The session.
        id: PanelSessionId,
        /// The position.
        position: draxis_domain::Position,
    },
    /// A model is being asked, or looks something up.
    Step {
        /// What is going on, in a few words of ours.
        what: String,
    },
    /// A model writes its answer.
    Draft {
        /// Which of its answers, from 1: one that is returned to it is followed by another.
        nth: u32,
        /// What it has written of it since the last piece, with its figures blotted out.
        text: String,
    },
}

/// Who is told meanwhile, if anybody.
pub type Listener = Option<UnboundedSender<Told>>;

/// The desk.
#[derive(Clone)]
pub struct PanelDesk {
    commands: Commands,
    read_models: ReadModels,
    models: Models,
}

impl PanelDesk {
    /// A desk over a log and its read models.
    pub const fn new(commands: Commands, read_models: ReadModels, models: Models) -> Self {
        Self { commands, read_models, models }
    }

    /// The same with a model that is asked for every tenant.
    #[must_use]
    pub fn with_model(self, model: Arc<dyn Model>) -> Self {
        Self { models: self.models.with(model), ..self }
    }

    /// Opens a session with a question, and answers it.
    pub async fn open(
        &self,
        context: &Context,
        question: Question,
        listener: Listener,
    ) -> Result<Committed, PanelError> {
        let tenant = Self::may_ask(context)?;
        if let Some(before) = self.commands.answered(tenant, context).await? {
            return Ok(before);
        }
        let id = PanelSessionId::new(self.commands.ids().next());
        let asked = Asked { id, first: true, question, earlier: Vec::new(), asker: None };
        self.answer(context, asked, listener).await
    }

    /// Puts another question to a session, and answers it.
    pub async fn message(
        &self,
        context: &Context,
        id: PanelSessionId,
        question: Question,
        listener: Listener,
    ) -> Result<Committed, PanelError> {
        let tenant = Self::may_ask(context)?;
        if let Some(before) = self.commands.answered(tenant, context).await? {
            return Ok(before);
        }
        // What would be refused is refused before anybody is asked; the rule decides again when it is recorded.
        let earlier = match self.commands.load::<PanelSession>(tenant, &id.to_string()).await? {
            PanelSession::Absent => return Err(Rejection::NotFound { noun: "panel session" }.into()),
            PanelSession::Open(state) | PanelSession::Ended(state) => state.questions,
        };
        self.answer(context, Asked { id, first: false, question, earlier, asker: None }, listener).await
    }

    /// Answers the question of a workflow's step. The session's id follows from the run and the step: asked a second time, after
    /// whatever came between, the step gets the answer that was recorded.
    pub async fn ask_for_run(
        &self,
        tenant: TenantId,
        run: WorkflowRunId,
        step: &str,
        question: Question,
    ) -> Result<PanelAnswer, PanelError> {
        let caller = Caller { actor: Actor::WorkflowRun(run.ulid()), ..Caller::runner(tenant) };
        let context = Context { correlation: Some(format!("run:{run}")), ..Context::of(caller) };
        let asker = Asker { run_id: run, step: step.to_owned() };
        self.ask_as(&context, session_of_step(run, step), asker, question).await
    }

    /// The same under a session's id and a context of the caller's own, with what caused it. The id has to follow from the cause: a
    /// repeat under it gets the answer that was recorded first, whatever it asks, and no second session comes of it.
    pub async fn ask_as(
        &self,
        context: &Context,
        id: PanelSessionId,
        asker: Asker,
        question: Question,
    ) -> Result<PanelAnswer, PanelError> {
        let tenant = Self::may_ask(context)?;
        if let Some(answer) = self.last_answer(tenant, id).await? {
            return Ok(answer);
        }
        let asked = Asked { id, first: true, question, earlier: Vec::new(), asker: Some(asker) };
        let done = self.answer(context, asked, None).await;
        // Two processes may have thought about it: what was recorded first counts.
        match self.last_answer(tenant, id).await? {
            Some(answer) => Ok(answer),
            None => Err(done.err().unwrap_or_else(|| CommandError::Contended.into())),
        }
    }

    async fn last_answer(
        &self,
        tenant: TenantId,
        id: PanelSessionId,
    ) -> Result<Option<PanelAnswer>, CommandError> {
        let session = self.commands.load::<PanelSession>(tenant, &id.to_string()).await?;
        Ok(session.state().and_then(PanelAnswer::last_of))
    }

    fn may_ask(context: &Context) -> Result<TenantId, CommandError> {
        let tenant = context.caller.tenant()?;
        context.caller.must(Permission::AskPanel)?;
        Ok(tenant)
    }

    async fn answer(
        &self,
        context: &Context,
        asked: Asked,
        listener: Listener,
    ) -> Result<Committed, PanelError> {
        let tenant = context.caller.tenant()?;
        let at = self.commands.clock().now();
        let snapshot = self.read_models.panel_snapshot(tenant, asked.question.as_str(), at).await?;
        let position = snapshot.position;
        tell(listener.as_ref(), Told::Begun { id: asked.id, position });
        let reply = self.reply(tenant, &asked, (snapshot, listener)).await?;
        let Asked { id, first, question, asker, .. } = asked;
        let asked = AskedPanel { id, first, question, position, at, asker, reply };
        Ok(self.commands.record_panel_answer(context, asked).await?)
    }

    /// What a model answers, where the tenant has one that can be asked; else what the rules do, which say why no model did.
    async fn reply(
        &self,
        tenant: TenantId,
        asked: &Asked,
        (snapshot, listener): (Snapshot, Listener),
    ) -> Result<Reply, PanelError> {
        let Some((model, budget)) = self.models.of(tenant).await? else {
            return by_rules(asked, snapshot).await;
        };
        let earlier: Vec<&str> = asked.earlier.iter().map(Question::as_str).collect();
        let said = Said { question: asked.question.as_str(), earlier: &earlier };
        let book = Book::new(self.commands.clone(), tenant, asked.id.ulid());
        let lead = Lead { model: model.as_ref(), book: &book, budget, listener };
        let error = match lead.answer(said, &snapshot).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        tracing::warn!(tenant.id = %tenant, error = %chain(&error), "rules answer in a model's place");
        let reply = by_rules(asked, snapshot).await?;
        Ok(Reply { fallback: Some(chain(&error)), ..reply })
    }
}

/// What the rules answer, off the async threads: a large tenant is read through more than once.
async fn by_rules(asked: &Asked, snapshot: Snapshot) -> Result<Reply, PanelError> {
    let (question, earlier) = (asked.question.clone(), asked.earlier.clone());
    let answering = tokio::task::spawn_blocking(move || {
        let earlier: Vec<&str> = earlier.iter().map(Question::as_str).collect();
        rules::answer(question.as_str(), &earlier, &snapshot)
    });
    Ok(answering.await.map_err(CommandError::failed)?)
}

/// A question on its way.
struct Asked {
    id: PanelSessionId,
    first: bool,
    question: Question,
    earlier: Vec<Question>,
    asker: Option<Asker>,
}

pub(super) fn tell(listener: Option<&UnboundedSender<Told>>, told: Told) {
    if let Some(listener) = listener {
        // Whoever no longer listens does not hear it; the answer is recorded all the same.
        drop(listener.send(told));
    }
}

/// The session of a step: computed from its cause, so that whoever computes it names the same one (hazards H1).
pub fn session_of_step(run: WorkflowRunId, step: &str) -> PanelSessionId {
    let digest = Sha256::new()
        .chain_update(b"draxis.panel_session\0")
        .chain_update(run.ulid().0.to_be_bytes())
        .chain_update(step.as_bytes())
        .finalize();
    let bits = digest.iter().take(10).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    PanelSessionId::new(Ulid::from_parts(run.ulid().timestamp_ms(), bits))
}
