//! A place in the past: a position, or what was recorded by a time.

use chrono::{DateTime, Utc};
use draxis_domain::Position;
use draxis_event_store::StoredEvent;

/// Up to where a stream is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Up to and including a position.
    Position(Position),
    /// Everything recorded at or before a time; recording times never fall within a stream.
    Time(DateTime<Utc>),
}

impl AsOf {
    /// Whether the event belongs to it.
    pub(crate) fn admits(self, event: &StoredEvent) -> bool {
        match self {
            Self::Position(position) => event.position <= position,
            Self::Time(time) => event.recorded_at <= time,
        }
    }
}
