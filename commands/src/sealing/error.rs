//! Why something could not be sealed, proved or exported. Most of these mean that somebody changed what must never change.

use std::path::PathBuf;

use draxis_domain::{Position, TenantId};
use draxis_event_store::StretchError;
use draxis_proof::bundle::WriteError;
use draxis_proof::checkpoint::{CheckpointError, NameError, NoteError};
use draxis_proof::record::UtcMicrosError;
use draxis_proof::tree::{FrontierError, ProofError};

use crate::CommandError;

/// Why there is no checkpoint, proof or export.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The log's name is no key name.
    #[error("the log cannot bear this name")]
    Name(#[source] NameError),
    /// The database did not answer.
    #[error("the database did not answer; try again in a moment")]
    Database(#[from] sqlx::Error),
    /// The stream could not be read to its end.
    #[error(transparent)]
    Stretch(#[from] StretchError),
    /// A signing key does not open.
    #[error("the key that seals checkpoints cannot be used: was ENCRYPTION_KEY changed or the row replaced?")]
    Key(#[source] CommandError),
    /// An event is not what was recorded (hazard D4): nothing is signed over it.
    #[error(
        "event {position} of tenant {tenant} is not what was recorded, so nothing was sealed: run `draxis verify --tenant {tenant}`"
    )]
    Altered {
        /// Whose stream.
        tenant: TenantId,
        /// Which event.
        position: Position,
    },
    /// The last checkpoint does not open, or is not of this stream and size.
    #[error(
        "the checkpoint of size {size} of tenant {tenant} is not one of ours: run `draxis verify --tenant {tenant}`"
    )]
    Checkpoint {
        /// Whose stream.
        tenant: TenantId,
        /// Its size by its row.
        size: u64,
        /// What is wrong with the note; none where it is the frontier beside it.
        source: Option<CheckpointError>,
    },
    /// The stream is shorter than what was sealed.
    #[error(
        "tenant {tenant} has {head} events where {size} were sealed: its tail was lost, restore it from a backup"
    )]
    TailLost {
        /// Whose stream.
        tenant: TenantId,
        /// How many were sealed.
        size: u64,
        /// How many there are.
        head: Position,
    },
    /// The note with which one key vouches for the next cannot be made, or was changed.
    #[error("the note with which the old key vouches for the new one is none")]
    Rotation(#[source] NoteError),
    /// A new checkpoint cannot be signed.
    #[error("the checkpoint cannot be signed")]
    Signing(#[source] CheckpointError),
    /// The clock shows a year that no checkpoint can say.
    #[error("the clock cannot be right")]
    Clock(#[from] UtcMicrosError),
    /// A node that a proof needs is not stored.
    #[error(
        "node {place} of height {height} of tenant {tenant}'s tree is missing: run `draxis verify --tenant {tenant}`"
    )]
    NodeMissing {
        /// Whose stream.
        tenant: TenantId,
        /// Its height.
        height: u8,
        /// Its place.
        place: u64,
    },
    /// Hashes do not make a tree.
    #[error("the stored hashes of tenant {tenant} make no tree")]
    Frontier {
        /// Whose stream.
        tenant: TenantId,
        /// Why.
        source: FrontierError,
    },
    /// A proof does not lead to the signed root.
    #[error(
        "the stored hashes of tenant {tenant} do not lead to the sealed root: run `draxis verify --tenant {tenant}`"
    )]
    Proof {
        /// Whose stream.
        tenant: TenantId,
        /// Why.
        source: ProofError,
    },
    /// A bundle cannot be written.
    #[error("the bundle cannot be written")]
    Bundle(#[from] WriteError),
    /// What was selected cannot be said as JSON.
    #[error("the selection cannot be written")]
    Selection(#[from] serde_json::Error),
    /// A checkpoint could not be published.
    #[error("the checkpoint could not be published to {path}: is the directory there and writable?")]
    Publish {
        /// Where to.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another checkpoint of that size has been published before.
    #[error(
        "{path} holds another checkpoint than the database: one of the two was changed, run `draxis verify`"
    )]
    Contradicted {
        /// The file.
        path: PathBuf,
    },
    /// Work off the async threads ended with the process.
    #[error("the work was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// A proof that cannot be given, because it was asked for wrongly.
#[derive(Debug, thiserror::Error)]
pub enum ProofRefusal {
    /// Beyond what was sealed, or before the beginning.
    #[error("positions from 1 to {sealed} are sealed")]
    Outside {
        /// How many events the newest checkpoint covers.
        sealed: u64,
    },
    /// Our own fault.
    #[error(transparent)]
    Failed(#[from] SealError),
}

impl From<SealError> for CommandError {
    fn from(error: SealError) -> Self {
        if let SealError::Database(error) = error {
            return Self::from(error);
        }
        Self::failed(error)
    }
}
