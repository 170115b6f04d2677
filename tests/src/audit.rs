//! What makes a stream believable: checkpoints, proofs, verification of the live database, exports.

mod case_files;
mod causes;
mod errands;
mod exporting;
mod filtering;
mod looking;
mod proving;
mod recorded;
mod rewriting;
mod rotating;
mod sealing;
mod stage;
mod tampering;
mod witnessing;
