//! The fold: what each event means for what is due. Pure, and decided for every event there is.

mod approval;
mod kri;
mod pace;
mod reaction;
mod run;
mod schedule;
#[cfg(test)]
mod tests;
mod workflow;

use chrono::{DateTime, Utc};
use draxis_domain::workflow::TriggerStanding;
use draxis_domain::{EventId, Metadata, Sequence, TenantEvent};
use serde::{Deserialize, Serialize};

use crate::timer::TimerKind;
pub(crate) use crate::timer::fold::pace::{PaceChange, Wiring};
pub(crate) use crate::timer::fold::reaction::{Reached, Reactions};
pub(crate) use crate::timer::fold::run::{RunChange, RunKept, RunStart};
pub(crate) use crate::timer::fold::schedule::{ScheduleChange, Scheduled};
pub(crate) use crate::timer::fold::workflow::TriggerChange;

/// Counts changes of what the fold makes of events; a tenant folded by an older one is folded anew.
pub(crate) const VERSION: i32 = 3;

/// What a timer is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    /// What it is for.
    pub(crate) kind: TimerKind,
    /// The id of what it is about.
    pub(crate) subject: String,
}

/// A timer, as events have made it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timer {
    /// When it is due; none while it waits for an event.
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// The event that made it due then.
    pub(crate) cause: EventId,
    /// What must be known at the next event.
    pub(crate) memo: Memo,
}

/// What a timer must know of earlier events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Memo {
    /// Nothing: the event says it all.
    Nothing,
    /// How a source is scheduled.
    Scheduled(Scheduled),
    /// Which KRIs a source measures.
    Wiring(Wiring),
    /// What sets a workflow off, and how far that has been served.
    Trigger(Box<TriggerStanding>),
    /// What a KRI's breaches have come to of late.
    Reactions(Reactions),
    /// Where a run's start is told, and until when its step may take.
    Run(RunKept),
}

/// An event, as far as timers go.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// Its id.
    pub(crate) event_id: EventId,
    /// When it was recorded.
    pub(crate) recorded_at: DateTime<Utc>,
    /// The aggregate's id.
    pub(crate) aggregate_id: String,
    /// Its place in the aggregate.
    pub(crate) sequence: Sequence,
    /// Who, and because of what.
    pub(crate) metadata: Metadata,
    /// What happened.
    pub(crate) event: TenantEvent,
}

/// What an event does to a timer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// It is due then, whatever was before.
    Due(DateTime<Utc>),
    /// It is gone.
    Clear,
    /// What a source's schedule makes of it.
    Schedule(ScheduleChange),
    /// What the pace of a source's KRIs makes of it.
    Pace(PaceChange),
    /// What a workflow's trigger makes of it.
    Trigger(TriggerChange),
    /// A breach has reached a level.
    React,
    /// A run needs somebody, or not for a while.
    Run(RunChange),
}

/// The timers that an event changes, and how. Matched without a wildcard, so that a new event is decided on.
pub(crate) fn changes(told: &Told) -> Vec<(TimerKey, Change)> {
    match &told.event {
        TenantEvent::Source(event) => schedule::changes(&told.aggregate_id, event),
        TenantEvent::Kri(event) => kri::changes(&told.aggregate_id, event),
        TenantEvent::Workflow(event) => workflow::changes(&told.aggregate_id, event),
        TenantEvent::WorkflowRun(event) => run::changes(&told.aggregate_id, event),
        TenantEvent::Approval(event) => {
            let mut changes = approval::changes(&told.aggregate_id, event);
            changes.extend(run::told_by_approval(event));
            changes
        }
        // Nothing ever falls due by itself that hangs on the others.
        TenantEvent::Outcome(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Preview(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Interview(_)
        | TenantEvent::Audit(_) => Vec::new(),
    }
}

impl Change {
    /// What becomes of the timer.
    pub(crate) fn apply(self, timer: Option<Timer>, told: &Told) -> Option<Timer> {
        match self {
            Self::Due(at) => Some(Timer { due_at: Some(at), cause: told.event_id, memo: Memo::Nothing }),
            Self::Clear => None,
            Self::Schedule(change) => change.apply(timer, told),
            Self::Pace(change) => change.apply(timer, told),
            Self::Trigger(change) => change.apply(timer, told),
            Self::React => reaction::apply(timer, told),
            Self::Run(change) => Some(change.apply(timer.as_ref(), told)),
        }
    }
}

fn key(kind: TimerKind, subject: &(impl ToString + ?Sized)) -> TimerKey {
    TimerKey { kind, subject: subject.to_string() }
}
