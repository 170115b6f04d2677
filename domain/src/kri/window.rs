//! The window: the latest readings and adjustments of a KRI, folded to one value (hazards H12).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kri::{Adjustment, Reading};
use crate::{EventId, Quantity, RunId, Sequence};

/// What is kept of a KRI's values so that its state stays bounded: the latest [`Window::READINGS`] readings by observation
/// time and the latest [`Window::ADJUSTMENTS`] adjustments by effective time that a kept reading has not seen.
///
/// Within these bounds any order and duplication of arrivals folds to one value. Beyond them: an older reading is history
/// only; the oldest adjustment is folded into the readings it counts for and a later arrival older than it counts no more;
/// correcting a reading sheds the adjustments already folded into it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    readings: Vec<Reading>,
    adjustments: Vec<Adjustment>,
    folded_to: Option<(DateTime<Utc>, EventId)>,
}

/// A value and the time it is evidence for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Evidence {
    pub(super) at: DateTime<Utc>,
    pub(super) value: Quantity,
}

impl Window {
    /// How many readings are kept: more than the longest streak that opens or closes a breach, with room for withdrawals.
    pub const READINGS: usize = 16;
    /// How many adjustments are kept.
    pub const ADJUSTMENTS: usize = 64;

    /// The latest reading that was not withdrawn.
    pub fn latest(&self) -> Option<&Reading> {
        self.readings.iter().rev().find(|reading| reading.stands.is_some())
    }

    /// The value now: the latest reading plus the adjustments whose effective time is later (hazards H12).
    pub fn value(&self) -> Option<Quantity> {
        self.current().map(|current| current.value)
    }

    /// The value before the latest reading; none where there was none.
    pub fn value_before(&self) -> Option<Quantity> {
        self.evidence().nth(1).map(|before| before.value)
    }

    /// Whether the adjustment counts for the value now. One that comes before any reading waits for it.
    pub(super) fn counts(&self, adjustment: &Adjustment) -> bool {
        self.latest().is_none_or(|latest| adjustment.effective_at > latest.observed_at)
            && self.folded_to.is_none_or(|folded| adjustment.key() > folded)
    }

    pub(super) fn find(&self, observed_at: DateTime<Utc>, run_id: Option<RunId>) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.key() == (observed_at, run_id))
    }

    /// Whether the reading that the KRI's event at that place recorded is kept.
    pub fn keeps(&self, reading: Sequence) -> bool {
        self.named(reading).is_some()
    }

    pub(super) fn named(&self, sequence: Sequence) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.sequence == sequence)
    }

    pub(super) fn holds(&self, adjustment: EventId) -> bool {
        self.adjustments.iter().any(|kept| kept.id == adjustment)
    }

    /// The values a breach is judged by, latest first: each standing reading, the latest with its adjustments.
    pub(super) fn evidence(&self) -> impl Iterator<Item = Evidence> + '_ {
        let earlier =
            self.readings.iter().rev().filter_map(|reading| {
                reading.stands.map(|value| Evidence { at: reading.observed_at, value })
            });
        self.current().into_iter().chain(earlier.skip(1))
    }

    fn current(&self) -> Option<Evidence> {
        let latest = self.latest()?;
        let read = Evidence { at: latest.observed_at, value: latest.stands? };
        let later = self.adjustments.iter().filter(|adjustment| adjustment.effective_at > latest.observed_at);
        Some(later.fold(read, |so_far, adjustment| Evidence {
            at: adjustment.effective_at,
            value: adjustment.change.apply(so_far.value),
        }))
    }

    pub(super) fn record(&mut self, reading: Reading) {
        let place = self.readings.partition_point(|kept| kept.key() < reading.key());
        self.readings.insert(place, reading);
        if self.readings.len() > Self::READINGS {
            self.readings.remove(0);
        }
        self.forget_seen();
    }

    pub(super) fn adjust(&mut self, adjustment: Adjustment) {
        if self.folded_to.is_some_and(|folded| adjustment.key() <= folded) {
            return;
        }
        let place = self.adjustments.partition_point(|kept| kept.key() < adjustment.key());
        self.adjustments.insert(place, adjustment);
        self.forget_seen();
        if self.adjustments.len() > Self::ADJUSTMENTS {
            let oldest = self.adjustments.remove(0);
            self.fold_in(&oldest);
        }
    }

    pub(super) fn correct(&mut self, sequence: Sequence, to: Option<Quantity>) {
        for reading in self.readings.iter_mut().filter(|reading| reading.sequence == sequence) {
            reading.stands = to;
        }
    }

    /// Once the window is full no older reading can come in, so what its oldest reading has seen counts for none.
    fn forget_seen(&mut self) {
        if self.readings.len() == Self::READINGS
            && let Some(oldest) = self.readings.first()
        {
            self.adjustments.retain(|adjustment| adjustment.effective_at > oldest.observed_at);
        }
    }

    fn fold_in(&mut self, adjustment: &Adjustment) {
        let unseen = |reading: &&mut Reading| reading.observed_at < adjustment.effective_at;
        for reading in self.readings.iter_mut().filter(unseen) {
            reading.stands = reading.stands.map(|value| adjustment.change.apply(value));
        }
        self.folded_to = Some(adjustment.key());
    }
}
