//! The days of a KRI: the last value of each, as far back as deltas reach.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use draxis_domain::kri::{KriEvent, Standing};
use draxis_domain::{Quantity, Recorded, Sequence, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many days are kept: today, the ninety before, and one that is carried into them.
const KEPT: usize = 92;

/// The last values of a KRI's latest days. Kept apart from the KRI's own row, which is the response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DaysRow {
    /// When the newest of its values was known.
    #[serde(rename = "r", with = "chrono::serde::ts_microseconds")]
    pub told_at: DateTime<Utc>,
    /// The last value of each day on which there was one, by the time it was true.
    #[serde(rename = "d")]
    pub days: BTreeMap<NaiveDate, DayEnd>,
}

/// The last value of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayEnd {
    /// When it was true.
    #[serde(rename = "o", with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    /// The value.
    #[serde(rename = "v")]
    pub value: Quantity,
    /// The reading it is, by its place in the KRI; none where an adjustment made it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Sequence>,
}

/// How a value has changed since earlier days; none for a day before the KRI was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deltas {
    /// Against yesterday.
    #[serde(rename = "1")]
    pub day: Option<Delta>,
    /// Against a week ago.
    #[serde(rename = "7")]
    pub week: Option<Delta>,
    /// Against thirty days ago.
    #[serde(rename = "30")]
    pub month: Option<Delta>,
    /// Against ninety days ago.
    #[serde(rename = "90")]
    pub quarter: Option<Delta>,
}

/// How a value has changed since a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Delta {
    /// The last value on that day or, where it had none, before it.
    pub from: Quantity,
    /// What has been added since.
    pub change: Quantity,
}

impl DaysRow {
    /// What its keys begin with.
    pub(crate) const NOUN: &'static str = "days";

    pub(super) fn apply(
        row: Option<Box<Self>>,
        event: &KriEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        let Some(standing) = told_by(event) else { return row };
        let fresh = || Box::new(Self { told_at: told.recorded_at, days: BTreeMap::new() });
        let mut row = row.unwrap_or_else(fresh);
        row.told_at = told.recorded_at;
        row.learn(event, told.sequence);
        row.end_at(standing.value);
        Some(row)
    }

    /// Takes in what an event says of a day, without saying how the KRI stands now.
    pub(super) fn learn(&mut self, event: &KriEvent, sequence: Sequence) {
        if let KriEvent::ValueRecorded(read) = event {
            self.put(DayEnd { at: read.observed_at, value: read.value, reading: Some(sequence) });
        }
        if let KriEvent::ValueAdjusted(adjusted) = event
            && let Some(value) = adjusted.standing.value.filter(|_| !adjusted.superseded)
        {
            self.put(DayEnd { at: adjusted.adjustment.effective_at, value, reading: None });
        }
        if let KriEvent::ValueCorrected(corrected) = event {
            self.correct(corrected.observed_at.date_naive(), corrected.reading, corrected.value);
        }
    }

    /// The latest day ends at the value there is now.
    pub(super) fn end_at(&mut self, value: Option<Quantity>) {
        if let Some((mut last, value)) = self.days.last_entry().zip(value) {
            last.get_mut().value = value;
        }
    }

    fn put(&mut self, end: DayEnd) {
        let day = end.at.date_naive();
        if self.days.get(&day).is_none_or(|kept| kept.at <= end.at) {
            self.days.insert(day, end);
        }
        if self.days.len() > KEPT {
            self.days.pop_first();
        }
    }

    /// Where the last reading of a day is withdrawn, what the day ended at is no longer known: the day before it stands for it.
    fn correct(&mut self, day: NaiveDate, reading: Sequence, to: Option<Quantity>) {
        let Some(kept) = self.days.get_mut(&day).filter(|kept| kept.reading == Some(reading)) else { return };
        match to {
            Some(value) => kept.value = value,
            None => drop(self.days.remove(&day)),
        }
    }

    /// What has become of the value since, seen from a day.
    pub(crate) fn deltas(&self, today: NaiveDate, now: Quantity) -> Deltas {
        let against = |ago: u64| {
            let then = today.checked_sub_days(Days::new(ago))?;
            let (_, end) = self.days.range(..=then).next_back()?;
            let change = now.decimal().checked_sub(end.value.decimal())?;
            Some(Delta { from: end.value, change: change.into() })
        };
        Deltas { day: against(1), week: against(7), month: against(30), quarter: against(90) }
    }
}

/// How the KRI stands after an event that says something of its value.
#[expect(clippy::wildcard_enum_match_arm, reason = "few events say something of the value")]
pub(super) const fn told_by(event: &KriEvent) -> Option<&Standing> {
    match event {
        KriEvent::ValueRecorded(recorded) => Some(&recorded.standing),
        KriEvent::ValueAdjusted(adjusted) => Some(&adjusted.standing),
        KriEvent::ValueCorrected(corrected) => Some(&corrected.standing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::Sequence;
    use draxis_domain::kri::{KriCommand, Operator};

    use super::{DaysRow, Delta, Deltas, KEPT};
    use crate::memory::fold_in_memory;
    use crate::risk_model::{RiskModel, RiskModelRow};
    use crate::told::{Told, adjust, at, q, read};

    const DAY: i64 = 24 * 60;

    fn days(told: &Told, id: &str) -> DaysRow {
        match fold_in_memory::<RiskModel>(&told.events).remove(&format!("days/{id}")) {
            Some(RiskModelRow::Days(row)) => *row,
            other => panic!("no days, but {other:?}"),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "compared with what may be none")]
    fn delta(from: i64, change: i64) -> Option<Delta> {
        Some(Delta { from: q(from), change: q(change) })
    }

    #[test]
    fn a_value_is_held_against_the_days_before_and_where_one_had_none_against_the_last_before_it() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        for (day, value) in [(0, 50), (60, 20), (88, 12), (93, 9), (94, 15)] {
            told.reads(&mut kri, day * DAY + 1, value - 1);
            told.reads(&mut kri, day * DAY + 2, value);
        }
        let deltas = days(&told, &kri.id).deltas(at(94 * DAY).date_naive(), q(15));
        assert_eq!(
            deltas,
            Deltas { day: delta(9, 6), week: delta(20, -5), month: delta(20, -5), quarter: delta(50, -35) }
        );
    }

    #[test]
    fn before_the_first_value_there_is_nothing_to_hold_it_against() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 3 * DAY, 5);
        told.reads(&mut kri, 5 * DAY, 6);
        let deltas = days(&told, &kri.id).deltas(at(5 * DAY).date_naive(), q(6));
        assert_eq!(deltas, Deltas { day: delta(5, 1), ..Deltas::default() });
    }

    #[test]
    fn a_late_reading_and_a_correction_change_the_day_they_are_about() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 10, 5);
        told.reads(&mut kri, 2 * DAY, 6);
        told.when(&mut kri, 2 * DAY + 1, read(7, 20));
        let against = |told: &Told| days(told, &kri.id).deltas(at(2 * DAY).date_naive(), q(6)).day;
        assert_eq!(against(&told), delta(7, -1), "the later value of that day counts, however late it came");
        let correct = |to| KriCommand::Correct { reading: Sequence::new(4), past: None, to };
        let mut corrected = kri.clone();
        told.when(&mut corrected, 2 * DAY + 2, correct(Some(q(8))));
        assert_eq!(against(&told), delta(8, -2));
        told.when(&mut corrected, 2 * DAY + 3, correct(None));
        assert_eq!(against(&told), None, "what that day ended at is no longer known");
    }

    #[test]
    fn a_day_ends_at_what_adjustments_made_of_its_reading() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 10, 9);
        told.when(&mut kri, 20, adjust(1, Operator::Decrement, 2, 15));
        told.reads(&mut kri, 2 * DAY, 9);
        let deltas = days(&told, &kri.id).deltas(at(2 * DAY).date_naive(), q(9));
        assert_eq!(deltas.day, delta(7, 2));
    }

    #[test]
    fn no_more_days_are_kept_than_deltas_reach_back() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        for day in 0..200 {
            told.reads(&mut kri, day * DAY, day);
        }
        let days = days(&told, &kri.id);
        assert_eq!(days.days.len(), KEPT);
        assert_eq!(days.deltas(at(199 * DAY).date_naive(), q(199)).quarter, delta(109, 90));
    }
}
