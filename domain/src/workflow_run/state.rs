//! A run as its events have made it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ApprovalId;
use crate::workflow::{Step, StepId};
use crate::workflow_run::{EffectId, EffectState, Purpose, RunBegun, WaitingFor};

/// A run as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum WorkflowRun {
    /// No event yet: there is no such run, or nobody has taken it up.
    #[default]
    Absent,
    /// It has been taken up.
    Present(Box<RunState>),
}

/// A run that has been taken up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunState {
    /// What it began with.
    pub begun: RunBegun,
    /// Where it stands.
    pub standing: RunStanding,
    /// Which step is next or under way.
    pub cursor: Cursor,
    /// The steps that it has come to.
    pub steps: BTreeMap<StepId, StepState>,
    /// What it does outside.
    pub effects: BTreeMap<EffectId, EffectState>,
    /// How often it has failed.
    pub failures: u32,
    /// The highest number of a worker's claim that it has seen.
    pub fence: i64,
}

/// Where a run stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RunStanding {
    /// It goes on by itself, or waits.
    UnderWay,
    /// Every step is behind it.
    Completed,
    /// People decided against it.
    Rejected,
    /// A person has to do something.
    Failed,
    /// A person ended it.
    Cancelled,
}

/// The place of a run among its definition's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    /// Before the step of this index; behind the last one where there is none.
    Before(usize),
    /// At the step of this index.
    At(usize),
}

/// A step that a run has come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepState {
    /// How far it is.
    pub phase: StepPhase,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it must be over.
    pub until: Option<DateTime<Utc>>,
    /// Failed attempts at what is done in the house.
    pub attempts: u32,
    /// What later steps see of it.
    pub result: Option<Value>,
    /// How often people were asked.
    pub rounds: u32,
    /// When the first of these questions falls due.
    pub asked_at: Option<DateTime<Utc>>,
    /// The decision that was asked for last.
    pub approval: Option<ApprovalId>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum StepPhase {
    /// It is to be done now.
    Acting,
    /// It is tried again then.
    RetryAt(DateTime<Utc>),
    /// It waits.
    Waiting {
        /// For what.
        waiting_for: WaitingFor,
        /// Until when at the latest.
        until: Option<DateTime<Utc>>,
    },
    /// It is done.
    Succeeded,
    /// It was passed over.
    Skipped,
    /// It has failed for good.
    Failed,
}

impl WorkflowRun {
    /// The state, where the run has been taken up.
    pub fn state(&self) -> Option<&RunState> {
        match self {
            Self::Absent => None,
            Self::Present(state) => Some(state),
        }
    }
}

impl StepState {
    /// What later steps see of it, once it is over.
    pub(super) fn shown(&self) -> Option<Value> {
        let state = match &self.phase {
            StepPhase::Succeeded => "succeeded",
            StepPhase::Skipped => "skipped",
            StepPhase::Failed => "failed",
            StepPhase::Acting | StepPhase::RetryAt(_) | StepPhase::Waiting { .. } => return None,
        };
        Some(match &self.result {
            Some(result) => json!({ "state": state, "result": result }),
            None => json!({ "state": state }),
        })
    }

    pub(super) fn begun(at: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Self {
        Self {
            phase: StepPhase::Acting,
            started_at: at,
            until,
            attempts: 0,
            result: None,
            rounds: 0,
            asked_at: None,
            approval: None,
        }
    }
}

impl RunState {
    pub(super) fn new(begun: RunBegun) -> Self {
        Self {
            begun,
            standing: RunStanding::UnderWay,
            cursor: Cursor::Before(0),
            steps: BTreeMap::new(),
            effects: BTreeMap::new(),
            failures: 0,
            fence: 0,
        }
    }

    /// The step that is under way.
    pub fn current(&self) -> Option<(&Step, &StepState)> {
        let Cursor::At(index) = self.cursor else { return None };
        let step = self.begun.definition.steps.get(index)?;
        Some((step, self.steps.get(&step.frame.id)?))
    }

    /// What the step itself does outside, where that is known yet.
    pub fn effect_of(&self, step: &StepId) -> Option<(EffectId, &EffectState)> {
        let id = self.effect_id(step, &Purpose::Step);
        self.effects.get(&id).map(|effect| (id, effect))
    }

    pub(super) fn effect_id(&self, step: &StepId, purpose: &Purpose) -> EffectId {
        EffectId::of((self.begun.tenant_id, self.begun.id), step, purpose)
    }

    pub(super) fn index_of(&self, step: &StepId) -> Option<usize> {
        self.begun.definition.step(step).map(|(index, _)| index)
    }
}
