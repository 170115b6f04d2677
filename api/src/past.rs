//! The past that a query names: a position, or a time that has come.

use chrono::{DateTime, Utc};
use draxis_domain::Position;
use draxis_domain::kri::KriState;
use draxis_projections::AsOf;

use crate::problem::Problem;

/// The place that is looked back at; none where neither is named. What will be known at a time that has not come cannot be
/// said today, beyond what clocks may differ by.
pub fn looked_back_at(
    now: DateTime<Utc>,
    (as_of, position): (Option<DateTime<Utc>>, Option<u64>),
) -> Result<Option<AsOf>, Problem> {
    match (as_of, position) {
        (None, None) => Ok(None),
        (Some(time), None) => Ok(Some(AsOf::Time(come("/asOf", time, now)?))),
        (None, Some(position)) => Ok(Some(AsOf::Position(Position::new(position)))),
        (Some(_), Some(_)) => Err(Problem::invalid_at("/asOf", "give asOf or position, not both")),
    }
}

/// The time, where it has come.
pub fn come(pointer: &str, time: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    if time.signed_duration_since(now) > KriState::CLOCK_SKEW {
        return Err(Problem::invalid_at(pointer, "must not be later than now"));
    }
    Ok(time)
}
