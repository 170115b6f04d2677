//! Standing: what a KRI's value, status and freshness are after an event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Quantity;
use crate::kri::{KriBody, Status, Window};
use crate::source::Schedule;

/// How a KRI stands after an event: the result that every value event carries, so that no reader computes it again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The value now; none where it was never measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// What it means.
    pub status: Status,
    /// The version of the KRI, and so the thresholds, it was judged by.
    pub version: u64,
    /// When the reading under it was true.
    #[serde(default, with = "crate::instant::optional", skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<DateTime<Utc>>,
    /// From when on that reading may no longer stand for the present; none where it always may.
    #[serde(default, with = "crate::instant::optional", skip_serializing_if = "Option::is_none")]
    pub stale_at: Option<DateTime<Utc>>,
    /// Whether it no longer may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// Values and the definition they are judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged<'a> {
    pub(super) window: &'a Window,
    pub(super) body: &'a KriBody,
    pub(super) version: u64,
}

impl Judged<'_> {
    /// How the KRI stands at that time.
    pub(super) fn standing(self, schedule: Option<Schedule>, now: DateTime<Utc>) -> Standing {
        let latest = self.window.latest();
        let value = self.window.value();
        let stale_at = latest.and_then(|reading| reading.stale_at(schedule));
        Standing {
            value,
            status: value.map_or(Status::Unknown, |value| self.body.judge(value)),
            version: self.version,
            observed_at: latest.map(|reading| reading.observed_at),
            stale_at,
            stale: stale_at.is_some_and(|due| due <= now),
        }
    }
}
