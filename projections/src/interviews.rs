//! Interviews as they are read: every turn of both sides, what the draft has come to, and what came of it; also long after.

use chrono::{DateTime, Utc};
use draxis_domain::interview::{Interview, InterviewEvent, InterviewStanding, InterviewState, Led};
use draxis_domain::{Actor, InterviewId, Recorded, TenantEvent, WorkflowId};
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of interviews. Keys: `interview/<id>` holds all of one, `list/<id>` what a list shows of it.
#[derive(Debug, Clone, Copy)]
pub struct Interviews;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterviewsRow {
    /// All of an interview.
    Interview(Box<InterviewRow>),
    /// What a list shows of it.
    Listed(Box<InterviewSummary>),
}

/// All of an interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterviewRow {
    /// The interview as its events have made it.
    pub interview: Interview,
    /// What was said, in order.
    pub turns: Vec<InterviewTurn>,
}

/// What one side said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterviewTurn {
    /// Its number, from 1; leaves of the definition name it.
    pub n: u32,
    /// Which side.
    pub by: Speaker,
    /// What; people are named by marks.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who led a turn of the interviewer that a model led or was to lead, and what it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub led: Option<Led>,
}

/// A side of an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The person.
    Person,
    /// The interviewer.
    Interviewer,
}

/// What a list shows of an interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterviewSummary {
    /// Its id.
    pub id: InterviewId,
    /// Where it stands.
    pub state: InterviewStanding,
    /// What was wanted, as it was said first.
    pub goal: String,
    /// The workflow that it is to change, or that came of it.
    pub workflow_id: Option<WorkflowId>,
    /// The version that came of it.
    pub version: Option<u64>,
    /// How much has been said.
    pub turns: u32,
    /// Who began it.
    pub started_by: Actor,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When something last happened in it.
    pub updated_at: DateTime<Utc>,
}

/// Which interviews are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InterviewFilter {
    /// Standing so.
    pub state: Option<InterviewStanding>,
}

/// The key of all of an interview.
pub(crate) fn key(id: InterviewId) -> String {
    format!("interview/{id}")
}

/// What the keys of the list begin with.
pub(crate) const LIST: &str = "list/";

impl Projection for Interviews {
    const TABLE: Table = Table::Interviews;
    const VERSION: i32 = 2;
    type Event = TenantEvent;
    type Row = InterviewsRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let id = &told.aggregate_id;
        of_interview(&told.event)
            .map(|_| vec![format!("interview/{id}"), format!("{LIST}{id}")])
            .unwrap_or_default()
    }

    fn apply(key: &str, row: Option<InterviewsRow>, told: &Recorded<TenantEvent>) -> Option<InterviewsRow> {
        let Some(event) = of_interview(&told.event) else { return row };
        match row {
            Some(InterviewsRow::Interview(row)) => {
                Some(InterviewsRow::Interview(Box::new(row.after(event, told.recorded_at))))
            }
            Some(InterviewsRow::Listed(mut row)) => {
                row.evolve(event, told.recorded_at);
                Some(InterviewsRow::Listed(row))
            }
            None if key.starts_with(LIST) => {
                InterviewSummary::begun(event, told).map(|row| InterviewsRow::Listed(Box::new(row)))
            }
            None => {
                let row = InterviewRow { interview: Interview::default(), turns: Vec::new() };
                Some(InterviewsRow::Interview(Box::new(row.after(event, told.recorded_at))))
            }
        }
    }
}

const fn of_interview(event: &TenantEvent) -> Option<&InterviewEvent> {
    match event {
        TenantEvent::Interview(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::Audit(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_) => None,
    }
}

impl InterviewRow {
    /// The interview's state.
    pub fn state(&self) -> Option<&InterviewState> {
        self.interview.state()
    }

    fn after(mut self, event: &InterviewEvent, at: DateTime<Utc>) -> Self {
        let said = |n: u32, by: Speaker, text: String| Some(InterviewTurn { n, by, text, at, led: None });
        let turn = match event {
            InterviewEvent::PersonSaid(it) => said(it.turn, Speaker::Person, it.text.as_str().to_owned()),
            InterviewEvent::InterviewerSaid(it) => {
                let led = Some(it.led.clone()).filter(|led| !led.by_rules());
                let text = it.text.as_str().to_owned();
                Some(InterviewTurn { n: it.turn, by: Speaker::Interviewer, text, at, led })
            }
            InterviewEvent::Confirmed(it) => {
                said(it.turn, Speaker::Person, format!("Confirmed, as “{}”.", it.name))
            }
            InterviewEvent::Started(_)
            | InterviewEvent::DraftChanged(_)
            | InterviewEvent::SummaryShown(_)
            | InterviewEvent::Abandoned(_) => None,
        };
        self.turns.extend(turn);
        self.interview = self.interview.told(event);
        self
    }
}

impl InterviewSummary {
    fn begun(event: &InterviewEvent, told: &Recorded<TenantEvent>) -> Option<Self> {
        let InterviewEvent::Started(started) = event else { return None };
        Some(Self {
            id: started.id,
            state: InterviewStanding::Open,
            goal: String::new(),
            workflow_id: started.basis.as_ref().map(|basis| basis.workflow_id),
            version: None,
            turns: 0,
            started_by: told.metadata.actor,
            started_at: told.recorded_at,
            updated_at: told.recorded_at,
        })
    }

    fn evolve(&mut self, event: &InterviewEvent, at: DateTime<Utc>) {
        self.updated_at = at;
        match event {
            InterviewEvent::PersonSaid(said) => {
                self.turns = said.turn;
                if self.goal.is_empty() {
                    self.goal = said.text.as_str().chars().take(300).collect();
                }
            }
            InterviewEvent::InterviewerSaid(said) => self.turns = said.turn,
            InterviewEvent::Confirmed(confirmed) => {
                self.state = InterviewStanding::Confirmed;
                self.turns = confirmed.turn;
                self.workflow_id = Some(confirmed.workflow_id);
                self.version = Some(confirmed.version);
            }
            InterviewEvent::Abandoned(_) => self.state = InterviewStanding::Abandoned,
            InterviewEvent::Started(_)
            | InterviewEvent::DraftChanged(_)
            | InterviewEvent::SummaryShown(_) => {}
        }
    }
}
