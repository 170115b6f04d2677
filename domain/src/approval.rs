//! Approval: people decide whether a run goes on, once and for good (hazards H2).

mod command;
mod event;
mod name;
mod occasion;
mod rule;
mod state;
mod tally;

pub use command::{ApprovalCommand, Ballot, Handover};
pub use event::{
    ApprovalDecided, ApprovalDelegated, ApprovalEscalated, ApprovalEvent, ApprovalReminded,
    ApprovalRequested, ApprovalVoted, ApprovalWithdrawn, Approvers, DecidedBy, Decision, Escalating, Vote,
    WithdrawnWhy,
};
pub use occasion::{Occasion, OccasionKind};
pub use state::{Approval, ApprovalEnd, ApprovalStanding, ApprovalState};

aggregate!(Approval, "approval", ApprovalCommand, ApprovalEvent);
