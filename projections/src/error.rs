//! Why a read model could not be read or kept.

use draxis_domain::{DecodeError, Position};
use draxis_event_store::StretchError;

/// Why a read could not be answered; each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database did not answer.
    #[error("the database did not answer; try again in a moment")]
    Database(#[from] sqlx::Error),
    /// A stored event could not be understood.
    #[error("event {position} cannot be read; run `draxis verify` to see whether it was changed")]
    Undecodable {
        /// Where it stands.
        position: Position,
        /// What did not fit.
        source: UndecodableEvent,
    },
    /// The stream is not dense: an event that must be there is not.
    #[error("the stream goes on at {found} where {expected} must be; run `draxis verify`")]
    Gap {
        /// The position that must come.
        expected: Position,
        /// The one that came.
        found: Position,
    },
    /// The stream could not be read to its end.
    #[error(transparent)]
    Stretch(#[from] StretchError),
    /// A row does not read back.
    #[error("row {key} of {projection} cannot be read; run `draxis rebuild --projection {projection}`")]
    Row {
        /// The projection.
        projection: &'static str,
        /// The row's key.
        key: String,
        /// What did not fit.
        source: serde_json::Error,
    },
    /// A row could not be written as JSON.
    #[error("a row of {projection} cannot be written")]
    Unwritable {
        /// The projection.
        projection: &'static str,
        /// What did not fit.
        source: serde_json::Error,
    },
    /// A newer program keeps this projection.
    #[error(
        "{projection} is kept in version {found} and this program knows {known}: run a newer draxis, or `draxis rebuild`"
    )]
    Newer {
        /// The projection.
        projection: &'static str,
        /// The version that serves.
        found: i32,
        /// The version of this program.
        known: i32,
    },
    /// The position asked for is past the stream's end.
    #[error("position {wanted} has not been written; the stream's last one is {head}")]
    Ahead {
        /// What was asked for.
        wanted: Position,
        /// The last there is.
        head: Position,
    },
    /// Another process kept on changing what this one was about to lock.
    #[error("the read models are being rebuilt by several processes at once; try again in a moment")]
    Contended,
    /// The cursor is none that the list gave out.
    #[error("the cursor is none that this list gave out; begin without one")]
    Cursor,
    /// The stream does not have this projection.
    #[error("there is no projection {name} over this stream; there are {known}")]
    NoSuchProjection {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A fold ended before its time, with the process or by a fault that is logged where it happened.
    #[error("the fold was interrupted; try again")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl ReadError {
    /// What happened and what lies under it, for the log: one line, from the outermost to the root.
    pub(crate) fn chain(&self) -> String {
        let mut told = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            told.push_str(": ");
            told.push_str(&error.to_string());
            cause = error.source();
        }
        told
    }
}

/// What of a stored event could not be understood.
#[derive(Debug, thiserror::Error)]
pub enum UndecodableEvent {
    /// Its payload.
    #[error("its payload is not understood")]
    Payload(#[from] DecodeError),
    /// Its id.
    #[error("its id is no ULID")]
    Id(#[from] ulid::DecodeError),
    /// Its metadata.
    #[error("its metadata is not understood")]
    Metadata(#[from] serde_json::Error),
}
