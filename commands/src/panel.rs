//! Commands on sessions of the panel: a question is recorded with its answer; what is kept of a session goes to the memory.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use draxis_domain::memory::NewFact;
use draxis_domain::panel::{
    AnsweredBy, Asker, CalledExpert, Citation, KeptFact, PanelSession, PanelSessionCommand, Reply,
    SessionState, Struck, Usage,
};
use draxis_domain::{Name, PanelSessionId, Position, Question, Rejection};
use draxis_event_store::{Answer, Committed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::execution::{Commands, Context, Execution};
use crate::{CommandError, Guarded, Permission};

/// A question with the answer that was made for it.
#[derive(Debug, Clone)]
pub struct AskedPanel {
    /// The session.
    pub id: PanelSessionId,
    /// Whether it is to be begun with this.
    pub first: bool,
    /// What was asked.
    pub question: Question,
    /// The position of the data that was looked at.
    pub position: Position,
    /// The time that it was seen from.
    pub at: DateTime<Utc>,
    /// The step of a workflow that asks.
    pub asker: Option<Asker>,
    /// What was answered.
    pub reply: Reply,
}

/// An answer of the panel as whoever asked gets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PanelAnswer {
    /// The session.
    pub id: PanelSessionId,
    /// Which of its questions this answers, from 1.
    pub turn: u32,
    /// The position of the data that was looked at.
    pub position: Position,
    /// The time that ages and trends are seen from.
    pub at: DateTime<Utc>,
    /// The one answer.
    pub answer: String,
    /// Why it is so.
    pub rationale: String,
    /// Who was called, and why.
    pub experts: Vec<CalledExpert>,
    /// Where each figure stands.
    pub citations: Vec<Citation>,
    /// What was struck out.
    pub struck: Vec<Struck>,
    /// Who or what answered.
    pub by: AnsweredBy,
    /// Why the rules answered in a model's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// What the panel holds worth keeping.
    pub worth_keeping: Vec<KeptFact>,
    /// What it took.
    pub usage: Usage,
}

impl PanelAnswer {
    /// The last answer of a session.
    pub fn last_of(state: &SessionState) -> Option<Self> {
        let last = state.last.clone()?;
        Some(Self {
            id: state.opened.id,
            turn: last.turn,
            position: state.position,
            at: state.at,
            answer: last.answer,
            rationale: last.rationale,
            experts: state.experts.clone(),
            citations: last.citations,
            struck: last.struck,
            by: last.by,
            fallback: last.fallback,
            worth_keeping: last.worth_keeping,
            usage: last.usage,
        })
    }
}

impl Commands {
    /// Records a question with its answer, and answers with it.
    pub async fn record_panel_answer(
        &self,
        context: &Context,
        asked: AskedPanel,
    ) -> Result<Committed, CommandError> {
        let AskedPanel { id, first, question, position, at, asker, reply } = asked;
        let reply = Box::new(reply);
        let command = PanelSessionCommand::Ask { id, question, position, at, asker, first, reply };
        let status = if first { 201 } else { 200 };
        let respond = Arc::new(move |session: &PanelSession, _: &str| {
            let answer = session.state().and_then(PanelAnswer::last_of);
            Answer { status, body: json!(answer).to_string().into_bytes(), version: None }
        });
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }

    /// Freezes a session, after what is to be kept of it was put into the memory: a freezing that was cut off half-way is
    /// repeated, and the memory says nothing twice.
    pub async fn end_panel_session(
        &self,
        context: &Context,
        id: PanelSessionId,
        kept: Vec<KeptFact>,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::AskPanel)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        if kept.len() > PanelSession::KEPT {
            let detail = format!("must be at most {} things", PanelSession::KEPT);
            return Err(Rejection::invalid("panel_session.kept", "/keep", detail).into());
        }
        let session = self.load::<PanelSession>(tenant, &id.to_string()).await?;
        if session.state().is_none() {
            return Err(Rejection::NotFound { noun: "panel session" }.into());
        }
        if !kept.is_empty() && matches!(session, PanelSession::Open(_)) {
            let source = Name::parse(&format!("panel session {id}")).map_err(CommandError::failed)?;
            let facts = kept.iter().map(|fact| NewFact {
                key: fact.key.clone(),
                value: fact.value.clone(),
                source: source.clone(),
            });
            let unkeyed = Context { key: None, correlation: Some(format!("panel:{id}")), ..context.clone() };
            self.set_facts(&unkeyed, facts.collect()).await?;
        }
        let respond = Arc::new(|session: &PanelSession, id: &str| {
            let kept = session.state().map(|state| state.kept.clone()).unwrap_or_default();
            let body = json!({ "id": id, "state": "ended", "kept": kept });
            Answer { status: 200, body: body.to_string().into_bytes(), version: None }
        });
        let command = PanelSessionCommand::End { kept };
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }
}

impl Guarded for PanelSessionCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Ask { .. } | Self::End { .. } => Permission::AskPanel,
        }
    }
}
