//! What makes a log provable: record bytes, the RFC 6962 tree, checkpoints, proofs and the offline verifier.
//!
//! Here live the exact bytes that are hashed (`record`), the tree over them (`tree`), the signed heads of that tree
//! (`checkpoint`) and the one-file export that proves itself (`bundle`). `FORMAT.md` beside this crate describes all
//! four well enough to write a second verifier. Here never live: a clock, randomness, files, sockets, async, or any
//! knowledge of what an event means.

pub mod bundle;
pub mod checkpoint;
pub mod record;
pub mod tree;
