//! The pace of a source's KRIs: their freshness hangs on how often it is read, so they must hear when that changes.

use std::collections::BTreeSet;

use draxis_domain::KriId;
use draxis_domain::source::Schedule;
use serde::{Deserialize, Serialize};

use crate::timer::fold::{Memo, Timer, Told};

/// How often a source is read, and the KRIs that were ever wired to it: whether one still is, is asked when it matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wiring {
    schedule: Schedule,
    /// The KRIs.
    pub(crate) kris: BTreeSet<KriId>,
}

/// What an event means for the pace of a source's KRIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PaceChange {
    /// There is a new source.
    Connected(Schedule),
    /// It may be read at another pace.
    Edited(Schedule),
    /// A KRI is wired to it and takes it to be read at this pace.
    Wired(KriId, Option<Schedule>),
}

impl PaceChange {
    /// Due at once where a KRI takes its source to be read at another pace than it is: also where the KRI was defined by what
    /// was known just before the source was edited.
    pub(super) fn apply(self, timer: Option<Timer>, told: &Told) -> Option<Timer> {
        if let Self::Connected(schedule) = self {
            let memo = Memo::Wiring(Wiring { schedule, kris: BTreeSet::new() });
            return Some(Timer { due_at: None, cause: told.event_id, memo });
        }
        let Timer { due_at, cause, memo: Memo::Wiring(mut wiring) } = timer? else { return None };
        let differs = match self {
            Self::Connected(_) => false,
            Self::Edited(schedule) => {
                let differs = schedule != wiring.schedule && !wiring.kris.is_empty();
                wiring.schedule = schedule;
                differs
            }
            Self::Wired(kri, schedule) => {
                wiring.kris.insert(kri);
                schedule != Some(wiring.schedule)
            }
        };
        let (due_at, cause) = if differs { (Some(told.recorded_at), told.event_id) } else { (due_at, cause) };
        Some(Timer { due_at, cause, memo: Memo::Wiring(wiring) })
    }
}
