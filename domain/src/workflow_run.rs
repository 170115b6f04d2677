//! Workflow run: one pass through a workflow's steps, and what it does outside.

mod ask;
mod attempt;
mod command;
mod content;
mod decided;
mod effect;
mod effect_state;
mod event;
mod evolve;
mod in_house;
mod ledger;
mod next;
mod of_effect;
mod progress;
mod rule;
mod state;
#[cfg(test)]
mod tests;

pub use command::{Help, Progress, Scene, Seen, SendOutcome, StepSetback, Turn, WorkflowRunCommand};
pub use effect::{EffectId, EffectIdError};
pub use effect_state::{EffectState, Known};
pub use event::{
    AttemptFailed, ChainLink, EffectAmbiguous, EffectConfirmed, EffectDecided, EffectPlanned, EffectRejected,
    EffectSending, RunBegun, RunCancelled, RunCompleted, RunFailed, RunRejected, RunRetried, SkippedWhy,
    StepCompleted, StepFailed, StepSkipped, StepStarted, StepWaiting, WaitingFor, WorkflowRunEvent,
};
pub use in_house::InHouse;
pub use ledger::{ConfirmedBy, EffectContent, EffectReference, Purpose, Verdict};
pub use next::Next;
pub use of_effect::OfEffect;
pub use state::{Cursor, RunStanding, RunState, StepPhase, StepState, WorkflowRun};
