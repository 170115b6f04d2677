//! Workflow run: one pass through a workflow's steps, and what it does outside.

mod effect;
mod ledger;

pub use effect::{EffectId, EffectIdError};
pub use ledger::EffectReference;
