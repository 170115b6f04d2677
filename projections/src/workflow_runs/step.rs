//! A step of a run as it is read: what it is to do, how far it is, what it came to, and in words what follows.

use chrono::{DateTime, Utc};
use draxis_domain::workflow::{Action, AwaitApproval, OnTimeout, Step, StepId, Then};
use draxis_domain::workflow_run::{SkippedWhy, WaitingFor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStepRow {
    /// Its stable name.
    pub id: StepId,
    /// What people call it.
    pub name: Option<String>,
    /// What kind of step it is.
    pub kind: String,
    /// What the version that the run stays on says of it.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub definition: Step,
    /// How far it is.
    pub state: RunStepState,
    /// When it began, the last time.
    pub started_at: Option<DateTime<Utc>>,
    /// When it must be over.
    pub until: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What did not go well.
    pub attempts: Vec<RunAttempt>,
    /// What later steps see of it.
    pub result: Option<Value>,
    /// Why it was passed over.
    pub skipped: Option<SkippedWhy>,
    /// How it failed for good.
    pub failure: Option<StepFailure>,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStepState {
    /// The run has not come to it.
    Pending,
    /// It is under way.
    Running,
    /// It is tried again later.
    Retrying,
    /// It waits.
    Waiting,
    /// It is done.
    Succeeded,
    /// It was passed over.
    Skipped,
    /// It has failed for good.
    Failed,
}

/// An attempt that did not go well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunAttempt {
    /// Counts from 1.
    pub attempt: u32,
    /// Stable, such as `relay.busy`.
    pub code: String,
    /// What happened.
    pub detail: String,
    /// When that was known.
    pub at: DateTime<Utc>,
    /// When it is tried again; none where it is not.
    pub retry_at: Option<DateTime<Utc>>,
}

/// How a step failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepFailure {
    /// Stable, such as `step.timed_out`.
    pub code: String,
    /// What happened.
    pub detail: String,
    /// What came of it.
    pub then: Then,
}

impl RunStepRow {
    pub(super) fn pending(step: &Step) -> Self {
        Self {
            id: step.frame.id.clone(),
            name: step.frame.name.clone(),
            kind: step.action.kind().to_owned(),
            definition: step.clone(),
            state: RunStepState::Pending,
            started_at: None,
            until: None,
            ended_at: None,
            attempts: Vec::new(),
            result: None,
            skipped: None,
            failure: None,
        }
    }

    pub(super) fn begin(&mut self, at: DateTime<Utc>, until: Option<DateTime<Utc>>) {
        self.state = RunStepState::Running;
        self.started_at = Some(at);
        self.until = until;
        self.ended_at = None;
        self.failure = None;
        self.skipped = None;
    }

    pub(super) fn did_not(&mut self, attempt: RunAttempt) {
        self.state = if attempt.retry_at.is_some() { RunStepState::Retrying } else { RunStepState::Running };
        self.attempts.push(attempt);
    }

    pub(super) const fn end(&mut self, state: RunStepState, at: DateTime<Utc>) {
        self.state = state;
        self.ended_at = Some(at);
    }
}

/// What comes of a wait, in words: of its end, and of its time being over.
pub(super) fn then_of(steps: &[RunStepRow], index: usize, waiting_for: &WaitingFor) -> String {
    let Some(step) = steps.get(index) else { return String::new() };
    let on = goes_on(steps, index);
    let failing = || after(steps, index, &step.definition.frame.on_failure);
    match (waiting_for, &step.definition.action) {
        (WaitingFor::Approval { .. }, Action::AwaitApproval(asked)) => {
            let rejected = after(steps, index, &asked.on_rejected);
            format!("once approved, {on}; if rejected, {rejected}; {}", unanswered(asked, &failing()))
        }
        (WaitingFor::Ticket { ticket, statuses }, _) => {
            let statuses = statuses.join(" or ");
            format!("once {} is {statuses}, {on}; if it takes too long, {}", ticket.name, failing())
        }
        (WaitingFor::Time | WaitingFor::Approval { .. }, _) => format!("then {on}"),
    }
}

fn unanswered(asked: &AwaitApproval, failing: &str) -> String {
    let taken = match asked.on_timeout {
        OnTimeout::Reject => "counts as rejected".to_owned(),
        OnTimeout::Approve => "counts as approved".to_owned(),
        OnTimeout::Fail => format!("fails the step: {failing}"),
    };
    format!("no decision in time {taken}")
}

fn after(steps: &[RunStepRow], index: usize, then: &Then) -> String {
    match then {
        Then::Stop => "the run stops".to_owned(),
        Then::Continue => goes_on(steps, index),
        Then::GoTo(step) => format!("the run goes on with {step}"),
    }
}

fn goes_on(steps: &[RunStepRow], index: usize) -> String {
    match steps.get(index.saturating_add(1)) {
        Some(next) => format!("the run goes on with {}", next.id),
        None => "the run is complete".to_owned(),
    }
}
