//! How truth changes: who may ask what, deciding, and the only writer of events.
//!
//! Here live callers and their permissions, the carrying out of commands, accounts and their keys, the vault, the sealing
//! of streams. What never
//! lives here: a rule of the product (domain), a read model (projections), anything that reaches outside (runner).

pub mod approval;
pub mod audit;
pub mod caller;
pub mod control;
pub mod error;
pub mod execution;
pub mod identity;
pub mod interview;
pub mod kri;
pub mod kri_event_definition;
mod member;
pub mod memory;
pub mod model_config;
pub mod outcome;
pub mod panel;
pub mod permission;
pub mod platform;
pub mod preview;
pub mod relay;
pub mod risk;
pub mod sealing;
pub mod secret;
pub mod source;
pub mod vault;
pub mod vendor;
pub mod workflow;
pub mod workflow_run;

pub use caller::{Assurance, Caller, Powers, Scope, Session};
pub use error::CommandError;
pub use execution::{Commands, Context, Execution, Responder};
pub use permission::{Guarded, Permission};
