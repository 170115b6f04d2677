//! A history drawn: as many buckets as a plot has room for, each with its lowest, highest and last value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use draxis_domain::kri::Status;
use draxis_domain::{KriId, Position, Quantity, Sequence};
use schemars::JsonSchema;
use serde::Serialize;

use crate::kri_history::Point;

/// What part of a history is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryRange {
    /// True at or after.
    pub from: DateTime<Utc>,
    /// True before.
    pub to: DateTime<Utc>,
    /// As it was known at that time; what is known now, where it is none.
    pub known_at: Option<DateTime<Utc>>,
    /// How many points at most.
    pub max_points: usize,
}

/// The history of a KRI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The KRI.
    pub kri_id: KriId,
    /// The position whose events it holds.
    pub position: Position,
    /// How many values there are in the range.
    pub values: usize,
    /// The points, in the order of time.
    pub points: Vec<PlotPoint>,
}

/// One value, or all values of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlotPoint {
    /// When its last value was true.
    pub at: DateTime<Utc>,
    /// Its last value.
    pub value: Quantity,
    /// Its lowest.
    pub min: Quantity,
    /// Its highest.
    pub max: Quantity,
    /// How many values it stands for.
    pub count: u64,
    /// What the KRI's status was with the last value; none where that came late and never was the KRI's value.
    pub status: Option<Status>,
    /// The last reading or adjustment it stands for, by its place in the KRI.
    pub of: Sequence,
}

/// A history as it comes in: of each reading what is known of it last.
#[derive(Debug)]
pub(crate) struct Drawing {
    range: HistoryRange,
    known: BTreeMap<Sequence, Point>,
}

impl Drawing {
    pub(crate) const fn of(range: HistoryRange) -> Self {
        Self { range, known: BTreeMap::new() }
    }

    /// Takes points in the order they were recorded.
    pub(crate) fn add(&mut self, point: Point) {
        let within = self.range.from <= point.observed_at && point.observed_at < self.range.to;
        let known = self.range.known_at.is_none_or(|known_at| point.recorded_at <= known_at);
        let newer = self.known.get(&point.of).is_none_or(|kept| kept.position < point.position);
        if within && known && newer {
            self.known.insert(point.of, point);
        }
    }

    /// The points by time. Where there are more than asked for, one for each of as many equal stretches of time.
    pub(crate) fn finish(self, kri_id: KriId, position: Position) -> History {
        let mut points: Vec<PlotPoint> = self.known.values().filter_map(PlotPoint::of).collect();
        points.sort_by_key(|point| (point.at, point.of));
        let values = points.len();
        let most = self.range.max_points.max(1);
        if values > most {
            points = thinned(points, self.range, most);
        }
        History { kri_id, position, values, points }
    }
}

impl PlotPoint {
    fn of(point: &Point) -> Option<Self> {
        let value = point.value?;
        Some(Self {
            at: point.observed_at,
            value,
            min: value,
            max: value,
            count: 1,
            status: point.status,
            of: point.of,
        })
    }

    /// This stretch with a later value in it.
    fn then(self, later: &Self) -> Self {
        Self {
            min: self.min.min(later.min),
            max: self.max.max(later.max),
            count: self.count.saturating_add(later.count),
            ..later.clone()
        }
    }
}

fn thinned(points: Vec<PlotPoint>, range: HistoryRange, most: usize) -> Vec<PlotPoint> {
    let micros = |at: DateTime<Utc>| i128::from(at.timestamp_micros());
    let (from, span) = (micros(range.from), (micros(range.to) - micros(range.from)).max(1));
    let most = i128::try_from(most).unwrap_or(i128::MAX);
    let mut buckets: BTreeMap<i128, PlotPoint> = BTreeMap::new();
    for point in points {
        let bucket = (micros(point.at) - from).saturating_mul(most) / span;
        let point = match buckets.remove(&bucket) {
            Some(earlier) => earlier.then(&point),
            None => point,
        };
        buckets.insert(bucket, point);
    }
    buckets.into_values().collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, Utc};
    use draxis_domain::{KriId, Position, Quantity, Sequence};
    use proptest::prelude::*;

    use super::{Drawing, HistoryRange};
    use crate::kri_history::Point;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minute)
    }

    fn range(max_points: usize) -> HistoryRange {
        HistoryRange { from: at(0), to: at(1000), known_at: None, max_points }
    }

    fn point(of: u64, position: u64, observed: i64, value: Option<i64>) -> Point {
        Point {
            of: Sequence::new(of),
            position: Position::new(position),
            observed_at: at(observed),
            recorded_at: at(i64::try_from(position).unwrap()),
            value: value.map(|value| Quantity::new(value.into())),
            status: None,
        }
    }

    fn values(range: HistoryRange, points: Vec<Point>) -> Vec<String> {
        let mut drawing = Drawing::of(range);
        for point in points {
            drawing.add(point);
        }
        let history = drawing.finish(KriId::default(), Position::START);
        history.points.iter().map(|point| point.value.to_string()).collect()
    }

    #[test]
    fn a_correction_stands_for_the_reading_it_corrects() {
        let points = vec![point(2, 2, 10, Some(1)), point(3, 3, 20, Some(5)), point(2, 9, 10, Some(7))];
        assert_eq!(values(range(10), points.clone()), ["7", "5"]);
        let before = HistoryRange { known_at: Some(at(8)), ..range(10) };
        assert_eq!(values(before, points), ["1", "5"], "before it was known the old value stands");
    }

    #[test]
    fn a_withdrawn_reading_is_not_drawn() {
        assert_eq!(values(range(10), vec![point(2, 2, 10, Some(1)), point(2, 3, 10, None)]), [""; 0]);
    }

    #[test]
    fn what_was_true_outside_the_range_is_not_drawn() {
        let points = vec![point(2, 2, -1, Some(1)), point(3, 3, 0, Some(2)), point(4, 4, 1000, Some(3))];
        assert_eq!(values(range(10), points), ["2"]);
    }

    proptest! {
        #[test]
        fn a_thinned_history_keeps_its_extremes_its_end_and_its_count(
            readings in proptest::collection::vec((0..1000_i64, -50..50_i64), 1..300), most in 1..40_usize
        ) {
            let mut drawing = Drawing::of(range(most));
            for (n, (observed, value)) in (1_u64..).zip(&readings) {
                drawing.add(point(n, n, *observed, Some(*value)));
            }
            let drawn = drawing.finish(KriId::default(), Position::START).points;
            prop_assert!(drawn.len() <= most);
            prop_assert_eq!(drawn.iter().map(|point| point.count).sum::<u64>(), u64::try_from(readings.len()).unwrap());
            let quantity = |value: i64| Quantity::new(value.into());
            let lowest = readings.iter().map(|(_, value)| quantity(*value)).min();
            let highest = readings.iter().map(|(_, value)| quantity(*value)).max();
            prop_assert_eq!(drawn.iter().map(|point| point.min).min(), lowest);
            prop_assert_eq!(drawn.iter().map(|point| point.max).max(), highest);
            let last = readings.iter().zip(1_u64..).max_by_key(|((observed, _), n)| (*observed, *n));
            let last = last.map(|((_, value), _)| quantity(*value));
            prop_assert_eq!(drawn.last().map(|point| point.value), last);
            prop_assert!(drawn.windows(2).all(|pair| pair[0].at <= pair[1].at));
        }
    }
}
