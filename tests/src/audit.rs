//! What makes a stream believable: checkpoints, proofs, verification of the live database, exports.

mod exporting;
mod proving;
mod rewriting;
mod sealing;
mod stage;
mod tampering;
