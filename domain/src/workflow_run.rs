//! Workflow run: one pass through a workflow's steps, and what it does outside.

mod effect;

pub use effect::{EffectId, EffectIdError};
