//! Why a bundle cannot be written.

use crate::checkpoint::{CheckpointError, NoteError, RotationError};
use crate::record::RecordWriteError;
use crate::tree::ProofError;

/// A bundle that its own verifier would refuse, or a place that takes no more bytes.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The manifest is none.
    #[error("the bundle's manifest is refused")]
    Manifest(#[source] super::super::ManifestError),
    /// A note is no checkpoint.
    #[error("a checkpoint of the bundle is refused")]
    Checkpoint(#[source] CheckpointError),
    /// A note is no rotation of a key.
    #[error("a rotation of the log's key is refused")]
    Rotation(#[source] RotationError),
    /// Not this stream's checkpoints in ascending order, the last of the size the manifest names.
    #[error(
        "give checkpoints of the bundle's stream, sizes ascending from 1, the last of the manifest's size"
    )]
    Checkpoints,
    /// Not one proof between each two neighbours of [`super::Preface::links`].
    #[error("give one consistency proof for each pair of sizes that the preface asks for, in that order")]
    Links,
    /// A consistency proof fails.
    #[error(
        "the tree of {new} leaves does not continue the one of {old}: do not hand out this stream, investigate"
    )]
    Consistency {
        /// The earlier size.
        old: u64,
        /// The later size.
        new: u64,
        /// Why.
        source: ProofError,
    },
    /// A range that begins after position 1 needs the frontier just before, and nothing else needs one.
    #[error("give the frontier of the tree just before a range that starts later than 1, and otherwise none")]
    Start,
    /// Not the next position, or beyond the end.
    #[error("position {found} was given where {expected} or the end was due")]
    Position {
        /// The next position due.
        expected: u64,
        /// The one given.
        found: u64,
    },
    /// A record of another stream.
    #[error("the record at position {position} is of another tenant")]
    Tenant {
        /// Its position.
        position: u64,
    },
    /// The record cannot be written down.
    #[error("a record cannot be written")]
    Record(#[source] RecordWriteError),
    /// A record longer than a chunk.
    #[error("the record at position {position} is larger than a chunk may be")]
    RecordTooLarge {
        /// Its position.
        position: u64,
    },
    /// An entry larger than any may be.
    #[error("the {0} entry is larger than 4 MiB")]
    EntryTooLarge(&'static str),
    /// A part without the proof of this record in the tree of the checkpoint.
    #[error("a record of a part needs its inclusion proof in the tree of the bundle's checkpoint")]
    ProofMissing,
    /// A range with proofs.
    #[error("a record of a range has no proof of its own: the tree over the range is its proof")]
    ProofUnasked,
    /// The proof of a record fails.
    #[error("the record at position {position} is not in the sealed tree: do not hand it out, investigate")]
    Inclusion {
        /// Its position.
        position: u64,
        /// Why.
        source: ProofError,
    },
    /// The records of a range give another root than the checkpoint has.
    #[error("the records do not give the sealed root: do not hand out this stream, investigate")]
    Root,
    /// Nobody who may sign does.
    #[error("sign the bundle with the key of the log whose stream it shows")]
    Signer,
    /// The statement cannot be signed.
    #[error("the bundle's statement cannot be signed")]
    Statement(#[source] NoteError),
    /// The sink failed.
    #[error("the bundle could not be written out")]
    Io(#[source] std::io::Error),
}
