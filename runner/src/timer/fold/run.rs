//! When a run needs somebody: at once where an event says so, at the time that it waits for, or a moment after whoever holds it
//! has last been heard of.

use chrono::{DateTime, Duration, Utc};
use draxis_domain::approval::ApprovalEvent;
use draxis_domain::workflow_run::{SkippedWhy, WorkflowRunEvent};
use draxis_domain::{Sequence, WorkflowId, WorkflowRunId};
use serde::{Deserialize, Serialize};

use crate::timer::TimerKind;
use crate::timer::fold::{Change, Memo, Timer, TimerKey, Told, key};

/// How long whoever holds a run may be silent between two turns before somebody else looks after it. It goes on at once by
/// itself; this is for its death.
const SILENCE: Duration = Duration::seconds(5);

/// What is known of a run besides its last event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunKept {
    /// Where its start is told; none once it has been taken up.
    pub(crate) start: Option<RunStart>,
    /// When the step that is under way must be over.
    pub(crate) deadline: Option<DateTime<Utc>>,
}

/// Where the start of a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunStart {
    /// By which workflow.
    pub(crate) workflow_id: WorkflowId,
    /// At which place in it.
    pub(crate) sequence: Sequence,
}

/// What an event does to a run's timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunChange {
    /// Its workflow has started it.
    Started(WorkflowId),
    /// It has been taken up.
    Begun,
    /// A step has begun and must be over then.
    StepBegan(Option<DateTime<Utc>>),
    /// A step is over.
    StepOver(When),
    /// It is due otherwise.
    Due(When),
}

/// When it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At once.
    Now,
    /// Once whoever holds it has been silent.
    Silence,
    /// Then.
    At(DateTime<Utc>),
    /// Not before the next event, or the step's end.
    Event,
}

/// A workflow has started a run.
pub(crate) fn started(workflow: &str, run: WorkflowRunId) -> Vec<(TimerKey, Change)> {
    let Ok(workflow) = workflow.parse() else { return Vec::new() };
    vec![(key(TimerKind::RunDue, &run), Change::Run(RunChange::Started(workflow)))]
}

/// What a decision that a run waits for does to it.
pub(crate) fn told_by_approval(event: &ApprovalEvent) -> Vec<(TimerKey, Change)> {
    let run = match event {
        ApprovalEvent::Decided(decided) => decided.run_id,
        ApprovalEvent::Reminded(reminded) => reminded.run_id,
        ApprovalEvent::Escalated(escalated) => escalated.run_id,
        ApprovalEvent::Delegated(delegated) => delegated.run_id,
        ApprovalEvent::Requested(_) | ApprovalEvent::Voted(_) | ApprovalEvent::Withdrawn(_) => {
            return Vec::new();
        }
    };
    vec![(key(TimerKind::RunDue, &run), Change::Run(RunChange::Due(When::Now)))]
}

/// What a run's own event does to it.
pub(crate) fn changes(run: &str, event: &WorkflowRunEvent) -> Vec<(TimerKey, Change)> {
    let at = |at: Option<DateTime<Utc>>, otherwise| RunChange::Due(at.map_or(otherwise, When::At));
    let change = match event {
        WorkflowRunEvent::StepStarted(started) => RunChange::StepBegan(started.until),
        WorkflowRunEvent::StepSkipped(skipped) if skipped.why == SkippedWhy::Person => {
            RunChange::StepOver(When::Now)
        }
        WorkflowRunEvent::StepSkipped(_)
        | WorkflowRunEvent::StepCompleted(_)
        | WorkflowRunEvent::StepFailed(_) => RunChange::StepOver(When::Silence),
        WorkflowRunEvent::StepWaiting(waiting) => at(waiting.until, When::Event),
        WorkflowRunEvent::AttemptFailed(failed) => at(failed.retry_at, When::Silence),
        WorkflowRunEvent::EffectSending(sending) => RunChange::Due(When::At(sending.lost_at)),
        WorkflowRunEvent::EffectRejected(rejected) => at(rejected.retry_at, When::Silence),
        WorkflowRunEvent::EffectAmbiguous(ambiguous) => at(ambiguous.look_at, When::Event),
        WorkflowRunEvent::EffectDecided(_)
        | WorkflowRunEvent::Retried(_)
        | WorkflowRunEvent::Cancelled(_) => RunChange::Due(When::Now),
        WorkflowRunEvent::Begun(_) => RunChange::Begun,
        WorkflowRunEvent::EffectPlanned(_)
        | WorkflowRunEvent::EffectConfirmed(_)
        | WorkflowRunEvent::Completed(_)
        | WorkflowRunEvent::Rejected(_)
        | WorkflowRunEvent::Failed(_) => RunChange::Due(When::Silence),
    };
    vec![(key(TimerKind::RunDue, run), Change::Run(change))]
}

impl RunChange {
    pub(crate) fn apply(self, timer: Option<&Timer>, told: &Told) -> Timer {
        let mut kept = match timer {
            Some(Timer { memo: Memo::Run(kept), .. }) => *kept,
            Some(_) | None => RunKept::default(),
        };
        let when = match self {
            Self::Started(workflow_id) => {
                kept.start = Some(RunStart { workflow_id, sequence: told.sequence });
                When::Now
            }
            Self::Begun => {
                kept.start = None;
                When::Silence
            }
            Self::StepBegan(deadline) => {
                kept.deadline = deadline;
                When::Silence
            }
            Self::StepOver(when) => {
                kept.deadline = None;
                when
            }
            Self::Due(when) => when,
        };
        let at = match when {
            When::Now => Some(told.recorded_at),
            When::Silence => Some(told.recorded_at + SILENCE),
            When::At(at) => Some(at),
            When::Event => None,
        };
        let due_at = at.into_iter().chain(kept.deadline).min();
        Timer { due_at, cause: told.event_id, memo: Memo::Run(kept) }
    }
}
