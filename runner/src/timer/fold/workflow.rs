//! What a workflow's events mean: when its schedule is due next, and whether a breach that is open already sets it off.

use draxis_domain::TenantEvent;
use draxis_domain::workflow::{TriggerStanding, WorkflowEvent};

use crate::timer::TimerKind;
use crate::timer::fold::{Change, Memo, Timer, TimerKey, Told, key};

/// What an event of a workflow is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TriggerChange {
    /// The next due time of its schedule.
    Due,
    /// The look for a breach that is open when its trigger comes into force.
    Activated,
}

pub(super) fn changes(workflow: &str, event: &WorkflowEvent) -> Vec<(TimerKey, Change)> {
    let due = (key(TimerKind::WorkflowDue, workflow), Change::Trigger(TriggerChange::Due));
    let activated = (key(TimerKind::WorkflowActivated, workflow), Change::Trigger(TriggerChange::Activated));
    match event {
        WorkflowEvent::Drafted(_)
        | WorkflowEvent::Edited(_)
        | WorkflowEvent::Restored(_)
        | WorkflowEvent::Activated(_)
        | WorkflowEvent::Paused(_) => vec![due, activated],
        WorkflowEvent::Archived(_) => {
            vec![(due.0, Change::Clear), (activated.0, Change::Clear)]
        }
        WorkflowEvent::RunStarted(run) => {
            std::iter::once(due).chain(super::run::started(workflow, run.run_id)).collect()
        }
        WorkflowEvent::RunRequested(_) | WorkflowEvent::RunMissed(_) => vec![due],
        WorkflowEvent::RunEnded(_) => Vec::new(),
    }
}

impl TriggerChange {
    /// What becomes of the timer.
    pub(super) fn apply(self, timer: Option<Timer>, told: &Told) -> Option<Timer> {
        let TenantEvent::Workflow(event) = &told.event else { return timer };
        if let WorkflowEvent::Drafted(drafted) = event {
            let standing = TriggerStanding::drafted(drafted.definition.trigger.clone());
            return Some(Timer {
                due_at: None,
                cause: told.event_id,
                memo: Memo::Trigger(Box::new(standing)),
            });
        }
        let Timer { due_at, cause, memo: Memo::Trigger(before) } = timer? else { return None };
        let mut after = before.clone();
        after.tell(event);
        let (due_at, cause) = match self {
            // What set a run off is the trigger, not the run before.
            Self::Due if of_runs(event) => (after.next_due(), cause),
            Self::Due => (after.next_due(), told.event_id),
            Self::Activated if after == before => (due_at, cause),
            Self::Activated => (after.counts_what_is_open().then_some(told.recorded_at), told.event_id),
        };
        Some(Timer { due_at, cause, memo: Memo::Trigger(after) })
    }
}

const fn of_runs(event: &WorkflowEvent) -> bool {
    match event {
        WorkflowEvent::RunStarted(_)
        | WorkflowEvent::RunRequested(_)
        | WorkflowEvent::RunMissed(_)
        | WorkflowEvent::RunEnded(_) => true,
        WorkflowEvent::Drafted(_)
        | WorkflowEvent::Edited(_)
        | WorkflowEvent::Restored(_)
        | WorkflowEvent::Activated(_)
        | WorkflowEvent::Paused(_)
        | WorkflowEvent::Archived(_) => false,
    }
}
