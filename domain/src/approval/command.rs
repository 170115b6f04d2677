//! What can be asked of an approval.

use std::collections::BTreeSet;

use crate::account::Role;
use crate::approval::{ApprovalRequested, Decision, WithdrawnWhy};
use crate::{AccountId, Comment};

/// What can be asked of an approval. Who votes or hands over is whoever gives the command: nobody does it for another.
#[derive(Debug, Clone)]
pub enum ApprovalCommand {
    /// A run asks. How many must approve is at least one, reminders stand in order, and what falls due next is for the rule to
    /// say, whatever the command says of them.
    Request(Box<ApprovalRequested>),
    /// Somebody votes.
    Vote(Ballot),
    /// Somebody hands their say to somebody else.
    Delegate(Handover),
    /// Time has passed: what is due by now happens, and where nothing is, nothing.
    Tick,
    /// Nobody needs to decide any more.
    Withdraw {
        /// Why not.
        why: WithdrawnWhy,
    },
}

/// A vote as it is handed in.
#[derive(Debug, Clone)]
pub struct Ballot {
    /// What the person is in the tenant now; nothing where they are no member any more.
    pub roles: BTreeSet<Role>,
    /// For what they vote.
    pub decision: Decision,
    /// In their words.
    pub comment: Option<Comment>,
    /// The digest of what they have read.
    pub digest: String,
}

/// A say that is handed over.
#[derive(Debug, Clone)]
pub struct Handover {
    /// What the person is in the tenant now.
    pub roles: BTreeSet<Role>,
    /// To whom.
    pub to: AccountId,
    /// What that person is in the tenant now.
    pub to_roles: BTreeSet<Role>,
}
