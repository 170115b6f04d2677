//! Approval: people decide whether a run goes on, once and for good (hazards H2).

mod event;
mod name;

pub use event::{
    ApprovalDecided, ApprovalDelegated, ApprovalEscalated, ApprovalEvent, ApprovalReminded,
    ApprovalRequested, ApprovalVoted, ApprovalWithdrawn, Approvers, DecidedBy, Decision, Escalating, Vote,
    WithdrawnWhy,
};
