//! When a workflow's schedule is due next, by its events alone: what the rule keeps of it, and what a timer does.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::workflow::event::{MissedWhat, WorkflowEvent};
use crate::workflow::rule::Standing;
use crate::workflow::run::RunTrigger;
use crate::workflow::{Calendar, OnActivate, Schedule, Trigger};

/// A workflow's trigger, and how far it has been served: the part of a workflow that says when something is due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TriggerStanding {
    trigger: Trigger,
    standing: Standing,
    served_until: DateTime<Utc>,
}

impl TriggerStanding {
    /// That of a draft.
    pub const fn drafted(trigger: Trigger) -> Self {
        Self { trigger, standing: Standing::Draft, served_until: DateTime::UNIX_EPOCH }
    }

    /// Takes the next event of the workflow.
    pub fn tell(&mut self, event: &WorkflowEvent) {
        self.served_until = served_after(event, &self.trigger, self.served_until);
        self.standing = standing_after(event, self.standing);
        if let Some(trigger) = trigger_of(event) {
            self.trigger = trigger.clone();
        }
    }

    /// What sets the workflow off.
    pub const fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// The next time at which there is something to serve; it may lie in the past.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        next_due(&self.trigger, self.standing, self.served_until)
    }

    /// Whether a breach counts that was open already when the trigger came into force (hazards H13).
    pub fn counts_what_is_open(&self) -> bool {
        let counts = match &self.trigger {
            Trigger::KriBreach(breach) => breach.on_activate == OnActivate::OpenBreach,
            Trigger::Schedule(_) | Trigger::Manual(_) => false,
        };
        counts && self.standing == Standing::Active
    }
}

/// The next time at which a trigger has something to serve.
pub(super) fn next_due(
    trigger: &Trigger,
    standing: Standing,
    served_until: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let (_, calendar) = schedule_of(trigger).filter(|_| standing == Standing::Active)?;
    calendar.after(served_until).next()
}

/// The schedule, where the trigger is one.
pub(super) fn schedule_of(trigger: &Trigger) -> Option<(&Schedule, Calendar)> {
    match trigger {
        Trigger::Schedule(schedule) => {
            Some((schedule, Calendar::parse(&schedule.cron, &schedule.time_zone).ok()?))
        }
        Trigger::KriBreach(_) | Trigger::Manual(_) => None,
    }
}

/// Where the workflow stands after an event.
pub(super) const fn standing_after(event: &WorkflowEvent, standing: Standing) -> Standing {
    match event {
        WorkflowEvent::Activated(_) => Standing::Active,
        WorkflowEvent::Paused(_) => Standing::Paused,
        WorkflowEvent::Archived(_) => Standing::Archived,
        WorkflowEvent::Drafted(_)
        | WorkflowEvent::Edited(_)
        | WorkflowEvent::Restored(_)
        | WorkflowEvent::RunStarted(_)
        | WorkflowEvent::RunRequested(_)
        | WorkflowEvent::RunMissed(_)
        | WorkflowEvent::RunEnded(_) => standing,
    }
}

/// Up to when whatever sets off runs is settled after an event: due times are run, waiting or missed, and breaches from before
/// are from before the trigger came into force.
pub(super) fn served_after(
    event: &WorkflowEvent,
    before: &Trigger,
    served_until: DateTime<Utc>,
) -> DateTime<Utc> {
    let settled = match event {
        WorkflowEvent::Edited(edited) => (edited.definition.trigger != *before).then_some(edited.at),
        WorkflowEvent::Restored(restored) => (restored.definition.trigger != *before).then_some(restored.at),
        WorkflowEvent::Activated(activated) => Some(activated.at),
        WorkflowEvent::RunStarted(started) => match started.trigger {
            RunTrigger::Schedule { due_at } => Some(due_at),
            RunTrigger::KriBreach(_) | RunTrigger::Manual { .. } => None,
        },
        WorkflowEvent::RunRequested(requested) => Some(requested.due_at),
        WorkflowEvent::RunMissed(missed) => match &missed.what {
            MissedWhat::Schedule(times) => Some(times.last),
            MissedWhat::KriBreach(_) => None,
        },
        WorkflowEvent::Drafted(_)
        | WorkflowEvent::Paused(_)
        | WorkflowEvent::Archived(_)
        | WorkflowEvent::RunEnded(_) => None,
    };
    settled.map_or(served_until, |settled| served_until.max(settled))
}

/// The trigger that an event brings into being.
const fn trigger_of(event: &WorkflowEvent) -> Option<&Trigger> {
    match event {
        WorkflowEvent::Drafted(drafted) => Some(&drafted.definition.trigger),
        WorkflowEvent::Edited(edited) => Some(&edited.definition.trigger),
        WorkflowEvent::Restored(restored) => Some(&restored.definition.trigger),
        WorkflowEvent::Activated(_)
        | WorkflowEvent::Paused(_)
        | WorkflowEvent::Archived(_)
        | WorkflowEvent::RunStarted(_)
        | WorkflowEvent::RunRequested(_)
        | WorkflowEvent::RunMissed(_)
        | WorkflowEvent::RunEnded(_) => None,
    }
}
