//! Sessions of the panel as they are read: a row a session, and one for each question with its answer.

use chrono::{DateTime, Utc};
use draxis_domain::panel::{
    Answered, AnsweredBy, Asker, CalledExpert, Citation, KeptFact, PanelSessionEvent, Struck, Usage,
};
use draxis_domain::{Actor, PanelSessionId, Position, Question, Recorded, TenantEvent};
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of sessions. Keys: `session/<id>` holds a session, `turn/<id>/<n>` a question with its answer.
#[derive(Debug, Clone, Copy)]
pub struct PanelSessions;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelSessionsRow {
    /// A session.
    Session(Box<PanelSessionRow>),
    /// A question with its answer.
    Turn(Box<PanelTurnRow>),
}

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PanelSessionRow {
    /// Its id.
    pub id: PanelSessionId,
    /// Whether it goes on.
    pub state: PanelStanding,
    /// What was asked first.
    pub question: Question,
    /// The position of the data that was looked at then.
    pub position: Position,
    /// The step of a workflow that asks, where it is none of a person's.
    pub asker: Option<Asker>,
    /// Who opened it.
    pub opened_by: Actor,
    /// When.
    pub opened_at: DateTime<Utc>,
    /// How many questions there were.
    pub turns: u32,
    /// When it was frozen.
    pub ended_at: Option<DateTime<Utc>>,
    /// What was kept of it.
    pub kept: Vec<KeptFact>,
}

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelStanding {
    /// It does.
    Open,
    /// It is frozen.
    Ended,
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PanelTurnRow {
    /// Counts questions from 1.
    pub turn: u32,
    /// What was asked.
    pub question: Question,
    /// Who asked.
    pub asked_by: Actor,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// The position of the data that was looked at.
    pub position: Position,
    /// The time that it was seen from.
    pub at: DateTime<Utc>,
    /// Who was called, and why.
    pub experts: Vec<CalledExpert>,
    /// The one answer.
    pub answer: String,
    /// Why it is so.
    pub rationale: String,
    /// Where each figure stands.
    pub citations: Vec<Citation>,
    /// What was struck out.
    pub struck: Vec<Struck>,
    /// Who or what answered.
    pub by: Option<AnsweredBy>,
    /// Why the rules answered in a model's place.
    pub fallback: Option<String>,
    /// What the panel holds worth keeping.
    pub worth_keeping: Vec<KeptFact>,
    /// What it took.
    pub usage: Usage,
}

/// What keys of sessions begin with.
pub(crate) const SESSIONS: &str = "session/";

pub(crate) fn session_key(id: &str) -> String {
    format!("{SESSIONS}{id}")
}

/// What the keys of a session's questions begin with.
pub(crate) fn turns_of(id: &str) -> String {
    format!("turn/{id}/")
}

fn turn_key(id: &str, turn: u32) -> String {
    format!("{}{turn:06}", turns_of(id))
}

impl Projection for PanelSessions {
    const TABLE: Table = Table::PanelSessions;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = PanelSessionsRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let id = &told.aggregate_id;
        match of_session(&told.event) {
            Some(PanelSessionEvent::Opened(_)) => vec![session_key(id), turn_key(id, 1)],
            Some(PanelSessionEvent::AskedAgain(asked)) => vec![session_key(id), turn_key(id, asked.turn)],
            Some(PanelSessionEvent::ExpertsCalled(called)) => vec![turn_key(id, called.turn)],
            Some(PanelSessionEvent::Answered(answered)) => vec![turn_key(id, answered.turn)],
            Some(PanelSessionEvent::Ended(_)) => vec![session_key(id)],
            None => Vec::new(),
        }
    }

    fn apply(
        key: &str,
        row: Option<PanelSessionsRow>,
        told: &Recorded<TenantEvent>,
    ) -> Option<PanelSessionsRow> {
        let Some(event) = of_session(&told.event) else { return row };
        if key.starts_with(SESSIONS) {
            let session =
                row.and_then(|row| if let PanelSessionsRow::Session(it) = row { Some(it) } else { None });
            PanelSessionRow::apply(session, event, told).map(PanelSessionsRow::Session)
        } else {
            let turn = row.and_then(|row| if let PanelSessionsRow::Turn(it) = row { Some(it) } else { None });
            PanelTurnRow::apply(turn, event, told).map(PanelSessionsRow::Turn)
        }
    }
}

impl PanelSessionRow {
    fn apply(
        row: Option<Box<Self>>,
        event: &PanelSessionEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        match event {
            PanelSessionEvent::Opened(opened) => Some(Box::new(Self {
                id: opened.id,
                state: PanelStanding::Open,
                question: opened.question.clone(),
                position: opened.position,
                asker: opened.asker.clone(),
                opened_by: told.metadata.actor,
                opened_at: told.recorded_at,
                turns: 1,
                ended_at: None,
                kept: Vec::new(),
            })),
            PanelSessionEvent::AskedAgain(asked) => row.map(|mut row| {
                row.turns = asked.turn;
                row
            }),
            PanelSessionEvent::Ended(ended) => row.map(|mut row| {
                row.state = PanelStanding::Ended;
                row.ended_at = Some(told.recorded_at);
                row.kept.clone_from(&ended.kept);
                row
            }),
            PanelSessionEvent::ExpertsCalled(_) | PanelSessionEvent::Answered(_) => row,
        }
    }
}

impl PanelTurnRow {
    fn apply(
        row: Option<Box<Self>>,
        event: &PanelSessionEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        match event {
            PanelSessionEvent::Opened(opened) => {
                Some(Box::new(Self::asked(1, &opened.question, (opened.position, opened.at), told)))
            }
            PanelSessionEvent::AskedAgain(asked) => {
                Some(Box::new(Self::asked(asked.turn, &asked.text, (asked.position, asked.at), told)))
            }
            PanelSessionEvent::ExpertsCalled(called) => row.map(|mut row| {
                row.experts.clone_from(&called.experts);
                row
            }),
            PanelSessionEvent::Answered(answered) => row.map(|mut row| {
                row.answered(answered);
                row
            }),
            PanelSessionEvent::Ended(_) => row,
        }
    }

    fn asked(
        turn: u32,
        question: &Question,
        (position, at): (Position, DateTime<Utc>),
        told: &Recorded<TenantEvent>,
    ) -> Self {
        Self {
            turn,
            question: question.clone(),
            asked_by: told.metadata.actor,
            asked_at: told.recorded_at,
            position,
            at,
            experts: Vec::new(),
            answer: String::new(),
            rationale: String::new(),
            citations: Vec::new(),
            struck: Vec::new(),
            by: None,
            fallback: None,
            worth_keeping: Vec::new(),
            usage: Usage::default(),
        }
    }

    fn answered(&mut self, answered: &Answered) {
        let answered = answered.clone();
        self.answer = answered.answer;
        self.rationale = answered.rationale;
        self.citations = answered.citations;
        self.struck = answered.struck;
        self.by = Some(answered.by);
        self.fallback = answered.fallback;
        self.worth_keeping = answered.worth_keeping;
        self.usage = answered.usage;
    }
}

const fn of_session(event: &TenantEvent) -> Option<&PanelSessionEvent> {
    match event {
        TenantEvent::PanelSession(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Interview(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Audit(_) => None,
    }
}
