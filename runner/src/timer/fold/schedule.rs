//! What a source's events mean: its next run, and the end that its run under way must have come to.

use chrono::{DateTime, Utc};
use draxis_domain::SourceId;
use draxis_domain::source::{Schedule, Source, SourceEvent};
use serde::{Deserialize, Serialize};

use crate::timer::TimerKind;
use crate::timer::fold::{Change, Memo, PaceChange, Timer, TimerKey, Told, key};

/// How a source is scheduled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scheduled {
    source: SourceId,
    schedule: Schedule,
    paused: bool,
}

/// What an event means for a source's next run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScheduleChange {
    /// There is a new source.
    Connected(SourceId, Schedule),
    /// It may be read at another pace.
    Edited(Schedule),
    /// It is not to be read unasked.
    Paused,
    /// It is again.
    Resumed,
    /// A run began or ended: what was due until then has been done by it, or is skipped (runs never overlap).
    Ran,
}

pub(super) fn changes(source: &str, event: &SourceEvent) -> Vec<(TimerKey, Change)> {
    let schedule = |change| (key(TimerKind::SourceRun, source), Change::Schedule(change));
    let pace = |change| (key(TimerKind::KriReschedule, source), Change::Pace(change));
    let lost = |change| (key(TimerKind::RunLost, source), change);
    match event {
        SourceEvent::Connected(connected) => vec![
            schedule(ScheduleChange::Connected(connected.id, connected.body.schedule)),
            pace(PaceChange::Connected(connected.body.schedule)),
        ],
        SourceEvent::Edited(edited) => vec![
            schedule(ScheduleChange::Edited(edited.body.schedule)),
            pace(PaceChange::Edited(edited.body.schedule)),
        ],
        SourceEvent::Paused(_) => vec![schedule(ScheduleChange::Paused)],
        SourceEvent::Resumed(_) => vec![schedule(ScheduleChange::Resumed)],
        SourceEvent::Archived(_) => vec![
            (key(TimerKind::SourceRun, source), Change::Clear),
            (key(TimerKind::KriReschedule, source), Change::Clear),
        ],
        SourceEvent::RunStarted(started) => {
            vec![schedule(ScheduleChange::Ran), lost(Change::Due(started.started_at + Source::RUN_LIMIT))]
        }
        SourceEvent::RunCompleted(_) | SourceEvent::RunFailed(_) => {
            vec![schedule(ScheduleChange::Ran), lost(Change::Clear)]
        }
    }
}

impl Scheduled {
    fn due_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.paused { None } else { self.schedule.slot_after(self.source, at) }
    }
}

impl ScheduleChange {
    /// What becomes of the source's next run. A slot that passed while nobody looked stays due until a run begins: it is run
    /// once on return, and the next one is a slot again.
    pub(super) fn apply(self, timer: Option<Timer>, told: &Told) -> Option<Timer> {
        if let Self::Connected(source, schedule) = self {
            let scheduled = Scheduled { source, schedule, paused: false };
            let due_at = scheduled.due_after(told.recorded_at);
            return Some(Timer { due_at, cause: told.event_id, memo: Memo::Scheduled(scheduled) });
        }
        let Timer { due_at, cause, memo: Memo::Scheduled(mut scheduled) } = timer? else { return None };
        let next = match self {
            Self::Edited(schedule) if schedule != scheduled.schedule => {
                scheduled.schedule = schedule;
                scheduled.due_after(told.recorded_at)
            }
            Self::Paused => {
                scheduled.paused = true;
                None
            }
            Self::Resumed => {
                scheduled.paused = false;
                scheduled.due_after(told.recorded_at)
            }
            Self::Ran if due_at.is_some_and(|due| due <= told.recorded_at) => {
                scheduled.due_after(told.recorded_at)
            }
            Self::Connected(..) | Self::Edited(_) | Self::Ran => due_at,
        };
        let cause = if next == due_at { cause } else { told.event_id };
        Some(Timer { due_at: next, cause, memo: Memo::Scheduled(scheduled) })
    }
}
