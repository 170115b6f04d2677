//! The risk model over HTTP: values and their corrections, the past on two clocks, why, what changes, and what is refused.

mod breaches;
mod clocks;
mod explained;
mod past;
mod refused;
mod scene;
mod streamed;
mod values;
