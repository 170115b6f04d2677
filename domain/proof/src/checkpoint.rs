//! The signed head of a stream's tree: a C2SP tlog-checkpoint inside a C2SP signed note.

mod body;
mod key;
mod name;
mod note;
mod rotation;
mod signer;

pub use body::{Checkpoint, CheckpointError, SealedCheckpoint};
pub use key::{KeyError, KeyId, KeyRing, KeyRingError, VerifierKey};
pub use name::{KeyName, NameError, Origin};
pub use note::{Note, NoteError, NoteSignature};
pub use rotation::{Rotation, RotationError};
pub use signer::Signer;

pub(crate) use body::signs_for;
