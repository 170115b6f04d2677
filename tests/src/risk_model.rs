//! The risk model over HTTP: what is made and who answers for it, values and their corrections, the past on two clocks, why, what changes, and what is refused.

mod breaches;
mod clocks;
mod editing;
mod explained;
mod listing;
mod owners;
mod past;
mod refused;
mod scene;
mod streamed;
mod values;
