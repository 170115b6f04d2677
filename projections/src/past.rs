//! A place in the past: a position, or what was recorded by a time.

use chrono::{DateTime, Utc};
use draxis_domain::Position;
use draxis_event_store::CopiedEvent;

/// Further than any stream goes.
pub(crate) const UNBOUNDED: Position = Position::new(u64::MAX);

/// Up to where a stream is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Up to and including a position.
    Position(Position),
    /// Everything recorded at or before a time; recording times never fall within a stream.
    Time(DateTime<Utc>),
}

impl AsOf {
    /// The last position that may belong to it.
    pub(crate) const fn end(self) -> Position {
        match self {
            Self::Position(position) => position,
            Self::Time(_) => UNBOUNDED,
        }
    }

    /// Whether the event belongs to it.
    pub(crate) fn admits(self, event: &CopiedEvent<'_>) -> bool {
        match self {
            Self::Position(position) => event.position <= position,
            Self::Time(time) => event.recorded_at <= time,
        }
    }
}
