//! What can happen to an approval.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::Role;
use crate::workflow::{OnTimeout, StepId};
use crate::{AccountId, ApprovalId, Comment, WorkflowId, WorkflowRunId};

events! {
    /// What happened to an approval.
    pub enum ApprovalEvent {
        /// A run asks for it.
        Requested(Box<ApprovalRequested>) = "approval.requested" v 1,
        /// Somebody gave their one vote; who, stands in the event's metadata too.
        Voted(ApprovalVoted) = "approval.voted" v 1,
        /// Somebody handed their say to somebody else.
        Delegated(ApprovalDelegated) = "approval.delegated" v 1,
        /// Those who have not answered are to be reminded.
        Reminded(ApprovalReminded) = "approval.reminded" v 1,
        /// Others are asked as well.
        Escalated(ApprovalEscalated) = "approval.escalated" v 1,
        /// It is decided, for good.
        Decided(ApprovalDecided) = "approval.decided" v 1,
        /// Nobody needs to decide any more.
        Withdrawn(ApprovalWithdrawn) = "approval.withdrawn" v 1,
    }
}

/// A run asks for a decision.
#[expect(
    clippy::struct_excessive_bools,
    reason = "two questions of their own, each answered by the workflow's definition"
)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRequested {
    /// Its id, computed from run, step and round.
    pub id: ApprovalId,
    /// Which workflow asks.
    pub workflow_id: WorkflowId,
    /// What people call it.
    pub workflow_name: String,
    /// Which run.
    pub run_id: WorkflowRunId,
    /// Which step of it.
    pub step: StepId,
    /// Counts from 1; what would be done has changed since the round before.
    pub round: u32,
    /// What is to be decided, filled in.
    pub question: String,
    /// What will be done once it is approved, in words, a line each.
    pub plan: Vec<String>,
    /// The digest of question and plan, 64 hexadecimal digits: a vote is for this and nothing else.
    pub digest: String,
    /// Who may decide.
    pub approvers: Approvers,
    /// How many must approve.
    pub required: u32,
    /// Whether one rejection decides.
    pub veto: bool,
    /// Who started the run, where it was a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<AccountId>,
    /// Whether that person may decide too.
    pub requester_may_approve: bool,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// By when.
    pub due_at: DateTime<Utc>,
    /// When those who have not answered are reminded, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remind_at: Vec<DateTime<Utc>>,
    /// When others are asked as well, and who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalating>,
    /// What is taken as decided when it is due.
    pub on_timeout: OnTimeout,
    /// When something falls due next: a reminder, the escalation or the end.
    pub next_at: DateTime<Utc>,
}

/// Who may decide: people by name, and everybody who holds one of the roles when they vote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approvers {
    /// People.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<AccountId>,
    /// Roles for the tenant.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<Role>,
}

/// When others are asked as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Escalating {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub to: Approvers,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go on.
    Approved,
    /// Do not.
    Rejected,
}

/// One person's vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vote {
    /// Whose.
    pub by: AccountId,
    /// For what.
    pub decision: Decision,
    /// In their words; a rejection has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Somebody gave their one vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalVoted {
    /// The vote.
    #[serde(flatten)]
    pub vote: Vote,
    /// What it is a vote on.
    pub digest: String,
}

/// Somebody handed their say to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDelegated {
    /// Which run waits.
    pub run_id: WorkflowRunId,
    /// Who.
    pub from: AccountId,
    /// To whom.
    pub to: AccountId,
}

/// Those who have not answered are to be reminded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalReminded {
    /// Which run waits.
    pub run_id: WorkflowRunId,
    /// How many reminders there have been, this one included.
    pub count: u32,
    /// When something falls due next.
    pub next_at: DateTime<Utc>,
}

/// Others are asked as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalEscalated {
    /// Which run waits.
    pub run_id: WorkflowRunId,
    /// Who.
    pub to: Approvers,
    /// When something falls due next.
    pub next_at: DateTime<Utc>,
}

/// It is decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDecided {
    /// Which run goes on.
    pub run_id: WorkflowRunId,
    /// For what; none where the time ran out and the step fails for it.
    pub decision: Option<Decision>,
    /// What decided.
    pub by: DecidedBy,
    /// When.
    pub at: DateTime<Utc>,
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// As many votes as it took.
    Votes,
    /// One rejection, which counts alone.
    Veto,
    /// Nobody in time.
    Timeout,
}

/// Nobody needs to decide any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalWithdrawn {
    /// Why not.
    pub why: WithdrawnWhy,
}

/// Why nobody needs to decide any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawnWhy {
    /// The run ended or went on without it.
    RunMovedOn,
    /// What would be done has changed, and it is asked again.
    AskedAgain,
}
