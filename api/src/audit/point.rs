//! A point of a stream as somebody gives it: a position or a time.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use draxis_commands::CommandError;
use draxis_domain::{Position, TenantId};
use draxis_event_store::{TenantTx, last_before};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::app::App;
use crate::problem::Problem;

/// What a point looks like.
const FORM: &str = "a position or a time such as 2026-11-21T22:00:00Z";

/// A point of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// Behind the event at this position.
    Position(Position),
    /// At this time.
    Time(DateTime<Utc>),
}

impl Point {
    /// Reads digits as a position, anything else as a time (RFC 3339).
    pub(crate) fn parse(pointer: &str, text: &str) -> Result<Self, Problem> {
        let point = text.parse().map(|position| Self::Position(Position::new(position)));
        let time = |_| DateTime::parse_from_rfc3339(text).map(|time| Self::Time(time.with_timezone(&Utc)));
        point.or_else(time).map_err(|_| Problem::invalid_at(pointer, format!("must be {FORM}")))
    }

    /// The last position that belongs to what was recorded until then: for a time, up to and with that instant.
    pub(crate) async fn last_within(
        self,
        app: &App,
        stream: (TenantId, Position),
        pointer: &str,
    ) -> Result<Position, Problem> {
        let with_it = |time: DateTime<Utc>| time.checked_add_signed(TimeDelta::microseconds(1));
        match self {
            Self::Time(time) => before(app, stream, with_it(time).unwrap_or(DateTime::<Utc>::MAX_UTC)).await,
            Self::Position(position) => there(stream, position, pointer),
        }
    }

    /// The last position that lies before it: for a time, what was recorded in that very instant lies behind it.
    pub(crate) async fn last_ahead(
        self,
        app: &App,
        stream: (TenantId, Position),
        pointer: &str,
    ) -> Result<Position, Problem> {
        match self {
            Self::Time(time) => before(app, stream, time).await,
            Self::Position(position) => there(stream, position, pointer),
        }
    }
}

/// A position, where the stream has it.
fn there((_, end): (TenantId, Position), position: Position, pointer: &str) -> Result<Position, Problem> {
    let ahead = || Problem::invalid_at(pointer, format!("the stream's last position is {end}"));
    if position > end { Err(ahead()) } else { Ok(position) }
}

async fn before(
    app: &App,
    (tenant, end): (TenantId, Position),
    time: DateTime<Utc>,
) -> Result<Position, Problem> {
    let pool = &app.commands.pools().app;
    let mut transaction = TenantTx::begin(pool, tenant).await.map_err(CommandError::from)?;
    Ok(last_before(&mut transaction, time, end).await.map_err(CommandError::from)?)
}

struct OfPoint;

impl Visitor<'_> for OfPoint {
    type Value = Point;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORM)
    }

    fn visit_u64<E: Error>(self, position: u64) -> Result<Point, E> {
        Ok(Point::Position(Position::new(position)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Point, E> {
        Point::parse("", text).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfPoint)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Point;

    #[test]
    fn a_point_is_a_number_its_digits_or_a_time() {
        let point = |value: serde_json::Value| serde_json::from_value::<Point>(value).ok();
        assert_eq!(point(json!(7)), point(json!("7")));
        assert!(matches!(point(json!("2026-11-21T22:00:00+01:00")), Some(Point::Time(time))
            if time.to_rfc3339() == "2026-11-21T21:00:00+00:00"));
        for no_point in [json!(-1), json!(1.5), json!("yesterday"), json!(null), json!([7])] {
            assert!(point(no_point.clone()).is_none(), "{no_point}");
        }
    }
}
