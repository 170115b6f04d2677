//! What can be wrong with a stream, each with its place.

use chrono::{DateTime, Utc};
use draxis_domain::{Position, Sequence};
use draxis_proof::checkpoint::CheckpointError;

/// The first place of a stream that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// An event is missing.
    #[error("position {position} is missing: the stream goes on without it, or ends before it")]
    Missing {
        /// Which.
        position: Position,
    },
    /// An event is not the one that was recorded.
    #[error(
        "position {position} is not what was recorded: its record does not hash to the leaf stored with it"
    )]
    Record {
        /// Which.
        position: Position,
    },
    /// Recording times fall.
    #[error("position {position} was recorded at {found}, before the event in front of it ({before})")]
    Time {
        /// Which.
        position: Position,
        /// Its time.
        found: DateTime<Utc>,
        /// The time of the one before.
        before: DateTime<Utc>,
    },
    /// An aggregate's events do not count 1, 2, 3….
    #[error("position {position} is sequence {found} of {aggregate}, which is not the one that was due")]
    Sequence {
        /// Which.
        position: Position,
        /// The aggregate.
        aggregate: String,
        /// The sequence found.
        found: Sequence,
    },
    /// A checkpoint does not open, or is not of this stream and size.
    #[error("{place} is not a checkpoint of this stream, signed by a key of this log")]
    Checkpoint {
        /// Which.
        place: CheckpointPlace,
        /// What is wrong with the note; none where it speaks of another stream or size.
        source: Option<CheckpointError>,
    },
    /// The events do not give the root that was signed: some of them, or all hashes, were rewritten after it was sealed.
    #[error("{place} was signed over other events: the first {size} of the stream do not give its root")]
    Root {
        /// Which.
        place: CheckpointPlace,
        /// Its size.
        size: u64,
    },
    /// The frontier beside a checkpoint is not the tree's.
    #[error("the frontier beside the checkpoint of size {size} is not that of the tree")]
    Frontier {
        /// The checkpoint's size.
        size: u64,
    },
    /// A stored node is not the tree's, or missing.
    #[error("the stored node {place} of height {height} is not that of the tree, or missing")]
    Node {
        /// Its height.
        height: u8,
        /// Its place.
        place: u64,
    },
    /// A checkpoint covers more than there is: the tail was lost.
    #[error("{place} was signed over {size} events and the stream ends at {last}: its tail is missing")]
    Tail {
        /// Which.
        place: CheckpointPlace,
        /// Its size.
        size: u64,
        /// The last event there is.
        last: Position,
    },
    /// The head says another position than the last event's.
    #[error("the head says position {head}, and the last event is {last}")]
    Head {
        /// What the head says.
        head: Position,
        /// The last event there is.
        last: Position,
    },
    /// The head says another time than the last event's.
    #[error("the head says that the last event was recorded at {head}, and it says {last} itself")]
    HeadTime {
        /// What the head says.
        head: DateTime<Utc>,
        /// What the last event says.
        last: DateTime<Utc>,
    },
}

/// Where a checkpoint lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointPlace {
    /// In the database, under its size.
    Stored(u64),
    /// Outside it, in a file.
    Held(String),
}

impl std::fmt::Display for CheckpointPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stored(size) => write!(f, "the stored checkpoint of size {size}"),
            Self::Held(file) => write!(f, "the checkpoint held in {file}"),
        }
    }
}

impl Fault {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "position.missing",
            Self::Record { .. } => "record.changed",
            Self::Time { .. } => "time.falls",
            Self::Sequence { .. } => "sequence.wrong",
            Self::Checkpoint { .. } => "checkpoint.refused",
            Self::Root { .. } => "root.mismatch",
            Self::Frontier { .. } => "frontier.wrong",
            Self::Node { .. } => "node.wrong",
            Self::Tail { .. } => "tail.missing",
            Self::Head { .. } | Self::HeadTime { .. } => "head.wrong",
        }
    }

    /// The position concerned, where one is.
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::Missing { position }
            | Self::Record { position }
            | Self::Time { position, .. }
            | Self::Sequence { position, .. } => Some(*position),
            Self::Checkpoint { .. }
            | Self::Root { .. }
            | Self::Frontier { .. }
            | Self::Node { .. }
            | Self::Tail { .. }
            | Self::Head { .. }
            | Self::HeadTime { .. } => None,
        }
    }
}
