//! The history of KRIs: every value, by the time it was true and the time it was known.

mod plot;

use chrono::{DateTime, Utc};
use draxis_domain::kri::{KriEvent, Standing, Status};
use draxis_domain::{KriId, Position, Quantity, Recorded, Sequence, TenantEvent};
use serde::{Deserialize, Serialize};

pub(crate) use plot::Drawing;
pub use plot::{History, HistoryRange, PlotPoint};

use crate::breaches::of_kri;
use crate::projection::Projection;
use crate::store::{Range, Table};

/// The projection of values. Keys: `<kri id>/<day it was true>/<block of events>`: a range of days is a range of keys, and a row
/// stays small however many values a day has.
#[derive(Debug, Clone, Copy)]
pub struct KriHistory;

/// How many events of a KRI share a row at most.
const BLOCK: u64 = 64;

/// Values of one day, in the order they were known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow(pub Vec<Point>);

/// A value. A correction is a point of its own for the same reading, so that what was known before stays known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What it is about: the place in the KRI of the reading or of the adjustment.
    #[serde(rename = "s")]
    pub of: Sequence,
    /// The event that told it.
    #[serde(rename = "p")]
    pub position: Position,
    /// When it was true.
    #[serde(rename = "o", with = "chrono::serde::ts_microseconds")]
    pub observed_at: DateTime<Utc>,
    /// When it was known.
    #[serde(rename = "r", with = "chrono::serde::ts_microseconds")]
    pub recorded_at: DateTime<Utc>,
    /// The value; none where a reading was withdrawn.
    #[serde(rename = "v")]
    pub value: Option<Quantity>,
    /// What the KRI's status was with it; none where it came late and never was the KRI's value.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

impl Projection for KriHistory {
    const TABLE: Table = Table::KriHistory;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = HistoryRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        point(told)
            .map(|point| {
                format!("{}/{:010}", day(&told.aggregate_id, point.observed_at), point.of.get() / BLOCK)
            })
            .into_iter()
            .collect()
    }

    fn apply(_: &str, row: Option<HistoryRow>, told: &Recorded<TenantEvent>) -> Option<HistoryRow> {
        let Some(point) = point(told) else { return row };
        let mut row = row.unwrap_or_default();
        row.0.push(point);
        Some(row)
    }
}

/// What the keys of a KRI's values of one day begin with.
fn day(kri: &str, at: DateTime<Utc>) -> String {
    format!("{kri}/{}", at.date_naive())
}

/// The keys that hold what was true within a range of time.
pub(crate) fn keys_within(kri: KriId, range: &HistoryRange) -> Range {
    let kri = kri.to_string();
    Range { after: day(&kri, range.from), before: format!("{}/\u{7f}", day(&kri, range.to)) }
}

/// The value an event tells, where it tells one.
fn point(told: &Recorded<TenantEvent>) -> Option<Point> {
    let event = of_kri(&told.event)?;
    let of = |of, observed_at, value, standing: &Standing, counts: bool| Point {
        of,
        position: told.position,
        observed_at,
        recorded_at: told.recorded_at,
        value,
        status: counts.then_some(standing.status),
    };
    match event {
        KriEvent::ValueRecorded(recorded) => Some(of(
            told.sequence,
            recorded.observed_at,
            Some(recorded.value),
            &recorded.standing,
            !recorded.superseded,
        )),
        KriEvent::ValueAdjusted(adjusted) if !adjusted.superseded => {
            let value = adjusted.standing.value?;
            let effective_at = adjusted.adjustment.effective_at;
            Some(of(told.sequence, effective_at, Some(value), &adjusted.standing, true))
        }
        KriEvent::ValueCorrected(corrected) => {
            let current = corrected.standing.observed_at == Some(corrected.observed_at);
            let value = corrected.value;
            Some(of(corrected.reading, corrected.observed_at, value, &corrected.standing, current))
        }
        KriEvent::Defined(_)
        | KriEvent::Edited(_)
        | KriEvent::RiskLinked(_)
        | KriEvent::RiskUnlinked(_)
        | KriEvent::Rescheduled(_)
        | KriEvent::Archived(_)
        | KriEvent::ValueAdjusted(_)
        | KriEvent::WentStale(_)
        | KriEvent::BreachOpened(_)
        | KriEvent::BreachRaised(_)
        | KriEvent::BreachLowered(_)
        | KriEvent::BreachClosed(_)
        | KriEvent::BreachAcknowledged(_)
        | KriEvent::BreachAssigned(_)
        | KriEvent::BreachCommented(_)
        | KriEvent::BreachSnoozed(_)
        | KriEvent::BreachWoken(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::Sequence;
    use draxis_domain::kri::{KriCommand, Operator};

    use super::{BLOCK, KriHistory};
    use crate::memory::fold_in_memory;
    use crate::told::{Told, adjust, q, read};

    #[test]
    fn a_correction_stands_beside_the_reading_it_corrects() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 10, 5);
        told.when(&mut kri, 5_000, KriCommand::Correct { reading: Sequence::new(2), past: None, to: None });
        let rows = fold_in_memory::<KriHistory>(&told.events);
        assert_eq!(rows.len(), 1, "both under the day the reading was true");
        let values: Vec<_> = rows.values().flat_map(|row| &row.0).map(|point| point.value).collect();
        assert_eq!(values, [Some(q(5)), None]);
    }

    #[test]
    fn a_late_reading_stands_under_the_day_it_was_true_and_never_was_the_status() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 3_000, 5);
        told.when(&mut kri, 3_001, read(50, 10));
        let rows = fold_in_memory::<KriHistory>(&told.events);
        let (key, row) = rows.first_key_value().unwrap();
        assert!(key.contains("/1970-01-01/"), "{key}");
        assert_eq!((row.0[0].value, row.0[0].status), (Some(q(50)), None));
    }

    #[test]
    fn a_row_stays_small_however_many_values_a_day_has() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        for minute in 0..500 {
            told.reads(&mut kri, minute, 1);
        }
        told.when(&mut kri, 501, adjust(1, Operator::Set, 3, 500));
        let rows = fold_in_memory::<KriHistory>(&told.events);
        assert!(rows.values().all(|row| row.0.len() <= usize::try_from(BLOCK).unwrap()));
        assert_eq!(rows.values().map(|row| row.0.len()).sum::<usize>(), 501);
    }
}
