//! Workflow run: one pass through a workflow's steps, and what it does outside.

mod effect;
mod event;
mod ledger;

pub use effect::{EffectId, EffectIdError};
pub use event::{
    AttemptFailed, ChainLink, EffectAmbiguous, EffectConfirmed, EffectDecided, EffectPlanned, EffectRejected,
    EffectSending, RunBegun, RunCancelled, RunCompleted, RunFailed, RunRejected, RunRetried, SkippedWhy,
    StepCompleted, StepFailed, StepSkipped, StepStarted, StepWaiting, WaitingFor, WorkflowRunEvent,
};
pub use ledger::{ConfirmedBy, EffectContent, EffectReference, Purpose, Verdict};
