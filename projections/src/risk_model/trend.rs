//! The trend: the latest points of a KRI, by the time they were true.

use chrono::{DateTime, Utc};
use draxis_domain::{Quantity, Sequence};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many points are kept.
const POINTS: usize = 30;

/// A value at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrendPoint {
    /// When it was true.
    pub at: DateTime<Utc>,
    /// The value.
    pub value: Quantity,
    /// The reading it is, by its place in the KRI; none where an adjustment made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Sequence>,
}

/// What happens to a trend.
pub(super) trait Trend {
    /// A reading came in; one that is late takes its place among the others.
    fn read(&mut self, reading: Sequence, at: DateTime<Utc>, value: Quantity);
    /// An adjustment changed the value.
    fn adjust(&mut self, at: DateTime<Utc>, value: Quantity);
    /// A reading was corrected, or withdrawn.
    fn correct(&mut self, reading: Sequence, to: Option<Quantity>);
    /// The trend ends at the value there is now.
    fn end_at(&mut self, value: Option<Quantity>);
}

impl Trend for Vec<TrendPoint> {
    fn read(&mut self, reading: Sequence, at: DateTime<Utc>, value: Quantity) {
        put(self, TrendPoint { at, value, reading: Some(reading) });
    }

    fn adjust(&mut self, at: DateTime<Utc>, value: Quantity) {
        put(self, TrendPoint { at, value, reading: None });
    }

    fn correct(&mut self, reading: Sequence, to: Option<Quantity>) {
        match to {
            Some(value) => {
                for point in self.iter_mut().filter(|point| point.reading == Some(reading)) {
                    point.value = value;
                }
            }
            None => self.retain(|point| point.reading != Some(reading)),
        }
    }

    fn end_at(&mut self, value: Option<Quantity>) {
        if let Some((last, value)) = self.last_mut().zip(value) {
            last.value = value;
        }
    }
}

fn put(trend: &mut Vec<TrendPoint>, point: TrendPoint) {
    let place = trend.partition_point(|kept| kept.at <= point.at);
    trend.insert(place, point);
    if trend.len() > POINTS {
        trend.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, Utc};
    use draxis_domain::{Quantity, Sequence};

    use super::{POINTS, Trend, TrendPoint};

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minute)
    }

    fn q(value: i64) -> Quantity {
        Quantity::new(value.into())
    }

    fn values(trend: &[TrendPoint]) -> Vec<String> {
        trend.iter().map(|point| point.value.to_string()).collect()
    }

    #[test]
    fn a_late_reading_takes_its_place_and_the_oldest_gives_way() {
        let mut trend = Vec::new();
        trend.read(Sequence::new(2), at(20), q(2));
        trend.read(Sequence::new(3), at(10), q(1));
        assert_eq!(values(&trend), ["1", "2"]);
        for minute in 21..60 {
            trend.read(Sequence::new(4), at(minute), q(minute));
        }
        assert_eq!(trend.len(), POINTS);
        assert_eq!(trend[0].at, at(30));
    }

    #[test]
    fn a_withdrawn_reading_leaves_and_a_corrected_one_changes() {
        let mut trend = Vec::new();
        trend.read(Sequence::new(2), at(1), q(1));
        trend.read(Sequence::new(3), at(2), q(2));
        trend.adjust(at(3), q(5));
        trend.correct(Sequence::new(2), Some(q(9)));
        trend.correct(Sequence::new(3), None);
        assert_eq!(values(&trend), ["9", "5"]);
        trend.end_at(Some(q(6)));
        assert_eq!(values(&trend), ["9", "6"]);
    }
}
