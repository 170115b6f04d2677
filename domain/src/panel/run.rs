//! Runs of workflows as the panel sees them: what set each off, how far it is, what it waits for and what stopped it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{KriId, WorkflowId, WorkflowRunId};

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct RunLine {
    /// Its id.
    pub id: WorkflowRunId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// What the workflow was called when it started the run.
    pub workflow: String,
    /// The version that the run stays on.
    pub version: u64,
    /// What set it off.
    pub cause: RunCause,
    /// Where it stands.
    pub state: RunStands,
    /// When its workflow started it.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its steps, in their order.
    pub steps: Vec<RunStepLine>,
    /// What it waits for.
    pub wait: Option<RunWait>,
    /// What a person has to do something about.
    pub incident: Option<RunIncident>,
    /// What it does outside.
    pub effects: Vec<RunEffectLine>,
}

/// What set a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunCause {
    /// A breach of this KRI.
    KriBreach(KriId),
    /// A time.
    Schedule,
    /// A person.
    Manual,
}

impl RunCause {
    /// As the wire writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KriBreach(_) => "kri_breach",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStands {
    /// It goes on by itself.
    Running,
    /// It waits for a time, a ticket or people.
    Waiting,
    /// Every step is behind it.
    Completed,
    /// People decided against it.
    Rejected,
    /// A person has to do something.
    Failed,
    /// A person ended it.
    Cancelled,
}

impl RunStands {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Waiting, Self::Completed, Self::Rejected, Self::Failed, Self::Cancelled];

    /// As the wire writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunStepLine {
    /// Its stable name.
    pub id: String,
    /// What kind of step it is.
    pub kind: String,
    /// How far it is.
    pub state: StepStands,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStands {
    /// The run has not come to it.
    Pending,
    /// It is under way, is tried again, or waits.
    UnderWay,
    /// It is done.
    Done,
    /// It was passed over.
    Skipped,
    /// It has failed for good.
    Failed,
}

/// A wait of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunWait {
    /// At which step.
    pub step: String,
    /// For what.
    pub what: RunWaitsFor,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl RunWait {
    /// For how many whole days it has lasted.
    pub fn days(&self, at: DateTime<Utc>) -> i64 {
        at.signed_duration_since(self.since).num_days().max(0)
    }
}

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunWaitsFor {
    /// A time.
    Time,
    /// A ticket's status.
    Ticket,
    /// People's decision.
    Approval,
}

/// Why a run stopped where a person has to do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunIncident {
    /// At which step.
    pub step: String,
    /// Stable, such as `relay.credentials`.
    pub code: String,
    /// What happened.
    pub detail: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// Something that a run does outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEffectLine {
    /// Through which relay.
    pub channel: String,
    /// What is known of it.
    pub known: EffectKnown,
    /// What was made, as the far side calls it.
    pub made: Option<String>,
}

/// What is known of something that a run does outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKnown {
    /// It has not left, or is on its way.
    UnderWay,
    /// It was done.
    Done,
    /// It was surely not done.
    NotDone,
    /// It may have been done.
    Ambiguous,
}

impl RunLine {
    /// How many of its steps are so far.
    pub fn steps_in(&self, state: StepStands) -> usize {
        self.steps.iter().filter(|step| step.state == state).count()
    }

    /// Of how many of its effects this is known.
    pub fn effects_known(&self, known: EffectKnown) -> usize {
        self.effects.iter().filter(|effect| effect.known == known).count()
    }
}
