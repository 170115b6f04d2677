//! Times as vendors write them, read as seconds since 1970.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use jaq_json::Val;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::decimal::decimal_of;

/// Numbers above this are milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Reads RFC 3339, `+0000` offsets, `2024-01-31 10:00:00` and dates (both UTC), and epoch seconds or milliseconds.
pub(super) fn seconds(value: &Val) -> Option<i64> {
    match value {
        Val::Num(_) => decimal_of(value).and_then(from_number),
        Val::TStr(bytes) => std::str::from_utf8(bytes).ok().and_then(from_text),
        Val::Null | Val::Bool(_) | Val::BStr(_) | Val::Arr(_) | Val::Obj(_) => None,
    }
}

fn from_number(number: Decimal) -> Option<i64> {
    let whole = number.floor().to_i64()?;
    Some(if whole.abs() >= MILLISECONDS_FROM { whole / 1000 } else { whole })
}

fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    if let Ok(time) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z") {
        return Some(time.timestamp());
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, form) {
            return Some(time.and_utc().timestamp());
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_time(NaiveTime::MIN).and_utc().timestamp());
    }
    text.parse::<i64>().ok().and_then(|number| from_number(Decimal::from(number)))
}
