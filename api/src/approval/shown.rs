//! An approval as it is shown: what its events have made of it, with people's names as they are now.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use draxis_commands::Caller;
use draxis_domain::account::Role;
use draxis_domain::approval::{
    ApprovalDecided, ApprovalEnd, ApprovalStanding, ApprovalState, Approvers, DecidedBy, Decision, Vote,
    WithdrawnWhy,
};
use draxis_domain::workflow::{OnTimeout, StepId};
use draxis_domain::{AccountId, Actor, ApprovalId, Comment, WorkflowId, WorkflowRunId};
use draxis_projections::ApprovalRow;
use serde::Serialize;

use crate::app::App;
use crate::person::{Names, Person};
use crate::problem::Problem;

/// An approval.
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApprovalItem {
    id: ApprovalId,
    state: ApprovalStanding,
    workflow_id: WorkflowId,
    workflow_name: String,
    run_id: WorkflowRunId,
    step: StepId,
    /// Counts from 1; more than that where what would be done has changed since it was asked before.
    round: u32,
    question: String,
    /// What will be done once it is approved, a line each.
    plan: Vec<String>,
    /// What a vote has to name, so that it is for this and nothing else.
    digest: String,
    approvers: Deciders,
    /// How many must approve.
    required: u32,
    /// Whether one rejection decides.
    veto: bool,
    /// Who started the run, where it was a person.
    requester: Option<Person>,
    requester_may_approve: bool,
    asked_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    /// What is taken as decided when it is due.
    on_timeout: OnTimeout,
    remind_at: Vec<DateTime<Utc>>,
    /// How many of those times have passed.
    reminded: u32,
    escalation: Option<EscalationItem>,
    votes: Vec<VoteItem>,
    delegations: Vec<DelegationItem>,
    /// How it was decided, once it was.
    decision: Option<DecisionItem>,
    /// Why nobody needs to decide any more.
    withdrawn: Option<WithdrawnWhy>,
    /// Whether it waits for the vote of whoever looks.
    waits_for_me: bool,
}

/// Who may decide.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
struct Deciders {
    people: Vec<Person>,
    /// Everybody who holds one of these for the tenant when they vote.
    roles: BTreeSet<Role>,
}

/// Who else is asked.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
struct EscalationItem {
    at: DateTime<Utc>,
    to: Deciders,
    /// Whether that has happened.
    done: bool,
}

#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
struct VoteItem {
    by: Person,
    decision: Decision,
    comment: Option<Comment>,
    at: DateTime<Utc>,
}

/// Somebody's say that somebody else has.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
struct DelegationItem {
    from: Person,
    to: Person,
}

#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
struct DecisionItem {
    /// None where the time ran out and the step fails for it.
    decision: Option<Decision>,
    by: DecidedBy,
    at: DateTime<Utc>,
}

/// Whoever looks, and what they are in the tenant now.
pub(super) struct Looker {
    account: Option<AccountId>,
    pub(super) roles: BTreeSet<Role>,
}

impl Looker {
    pub(super) async fn of(app: &App, caller: &Caller) -> Result<Self, Problem> {
        Ok(Self { account: caller.actor.account(), roles: app.commands.roles_of_caller(caller).await? })
    }
}

/// Approvals with the names of everybody in them.
pub(super) async fn items(
    app: &App,
    looker: &Looker,
    rows: Vec<ApprovalRow>,
) -> Result<Vec<ApprovalItem>, Problem> {
    let states = || rows.iter().filter_map(ApprovalRow::state);
    let names = Names::of(app, states().flat_map(everybody).map(Actor::Account)).await?;
    Ok(states().map(|state| item(state, looker, &names)).collect())
}

fn everybody(state: &ApprovalState) -> impl Iterator<Item = AccountId> {
    let later = state.asked.escalation.iter().flat_map(|escalation| &escalation.to.accounts);
    let handed_over = state.handed_over.iter().flat_map(|(from, to)| [from, to]);
    let named = state.approvers.accounts.iter().chain(later).chain(handed_over).chain(&state.asked.requester);
    named.copied().chain(state.votes.iter().map(|vote| vote.by))
}

fn item(state: &ApprovalState, looker: &Looker, names: &Names) -> ApprovalItem {
    let asked = &state.asked;
    let person = |account: AccountId| names.person(Actor::Account(account), None);
    let deciders = |approvers: &Approvers| Deciders {
        people: approvers.accounts.iter().copied().map(person).collect(),
        roles: approvers.roles.clone(),
    };
    ApprovalItem {
        id: asked.id,
        state: state.standing(),
        workflow_id: asked.workflow_id,
        workflow_name: asked.workflow_name.clone(),
        run_id: asked.run_id,
        step: asked.step.clone(),
        round: asked.round,
        question: asked.question.clone(),
        plan: asked.plan.clone(),
        digest: asked.digest.clone(),
        approvers: deciders(&state.approvers),
        required: asked.required,
        veto: asked.veto,
        requester: asked.requester.map(person),
        requester_may_approve: asked.requester_may_approve,
        asked_at: asked.asked_at,
        due_at: asked.due_at,
        on_timeout: asked.on_timeout,
        remind_at: asked.remind_at.clone(),
        reminded: state.reminded,
        escalation: asked.escalation.as_ref().map(|escalation| EscalationItem {
            to: deciders(&escalation.to),
            at: escalation.at,
            done: state.escalated,
        }),
        votes: votes(state, person),
        delegations: delegations(state, person),
        decision: decision(state),
        withdrawn: withdrawn(state),
        waits_for_me: looker.account.is_some_and(|account| state.waits_for(account, &looker.roles)),
    }
}

fn votes(state: &ApprovalState, person: impl Fn(AccountId) -> Person) -> Vec<VoteItem> {
    let vote = |vote: &Vote| VoteItem {
        by: person(vote.by),
        decision: vote.decision,
        comment: vote.comment.clone(),
        at: vote.at,
    };
    state.votes.iter().map(vote).collect()
}

fn delegations(state: &ApprovalState, person: impl Fn(AccountId) -> Person) -> Vec<DelegationItem> {
    state
        .handed_over
        .iter()
        .map(|(from, to)| DelegationItem { from: person(*from), to: person(*to) })
        .collect()
}

fn decision(state: &ApprovalState) -> Option<DecisionItem> {
    let item = |decided: &ApprovalDecided| DecisionItem {
        decision: decided.decision,
        by: decided.by,
        at: decided.at,
    };
    state.decided().map(item)
}

const fn withdrawn(state: &ApprovalState) -> Option<WithdrawnWhy> {
    match &state.end {
        Some(ApprovalEnd::Withdrawn(withdrawn)) => Some(withdrawn.why),
        Some(ApprovalEnd::Decided(_)) | None => None,
    }
}
