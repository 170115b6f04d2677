//! The bundle: one file with a stretch or a part of a stream, which proves itself to whoever holds the key.

mod archive;
mod finding;
mod hash_lines;
mod links;
mod manifest;
mod names;
mod report;
mod statement;
mod verify;
mod write;

pub use finding::{Finding, Verdict};
pub use manifest::{Manifest, ManifestError, Scope};
pub use report::{Basis, Report, ShownCheckpoint, Subject};
pub use verify::{NotABundle, verify};
pub use write::{BundleWriter, Preface, WriteError};

/// No entry of the archive is larger, so that neither writing nor verifying needs more memory than a few of them.
pub const MAX_ENTRY_BYTES: usize = 4 * 1024 * 1024;

/// The smallest bound a bundle may set for its chunks of records.
pub const MIN_CHUNK_BYTES: usize = 4096;

/// How many rotations of the log's key a bundle may hold.
pub const MAX_ROTATIONS: u64 = 100;

/// How many checkpoints a bundle may hold.
pub const MAX_CHECKPOINTS: usize = 1000;
