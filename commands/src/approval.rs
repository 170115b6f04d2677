//! Commands on approvals: people vote and hand their say over; a run asks, lets time pass and takes back what it asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use draxis_domain::account::Role;
use draxis_domain::approval::{
    Approval, ApprovalCommand, ApprovalRequested, ApprovalStanding, Ballot, Decision, Handover, Occasion,
    WithdrawnWhy,
};
use draxis_domain::{AccountId, ApprovalId, Comment, Sequence, TenantId};
use draxis_event_store::{Answer, Committed, OfAggregate, TenantTx, read_aggregate};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::execution::{Commands, Context, Execution};
use crate::{Caller, CommandError, Guarded, Permission};

/// A vote as a person hands it in.
#[derive(Debug, Clone)]
pub struct NewVote {
    /// For what.
    pub decision: Decision,
    /// In their words.
    pub comment: Option<Comment>,
    /// The digest of what they have read.
    pub digest: String,
}

/// What a command left of an approval.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalChanged {
    /// Its id.
    pub id: ApprovalId,
    /// Where it stands now.
    pub state: ApprovalStanding,
    /// How many have approved.
    pub approvals: u32,
    /// How many must.
    pub required: u32,
    /// How many have rejected.
    pub rejections: u32,
}

impl Commands {
    /// Asks for a decision, under the id that the request bears. Asking the same again changes nothing; something else under
    /// the same id is refused as `approval.asked`.
    pub async fn request_approval(
        &self,
        context: &Context,
        asked: Box<ApprovalRequested>,
    ) -> Result<Committed, CommandError> {
        let id = asked.id;
        self.change_approval(context, id, ApprovalCommand::Request(asked)).await
    }

    /// Votes. Who the caller is in the tenant is read from the log now: a role that was taken away counts no more.
    pub async fn vote_on_approval(
        &self,
        context: &Context,
        id: ApprovalId,
        vote: NewVote,
    ) -> Result<Committed, CommandError> {
        let roles = self.roles_of_voter(context).await?;
        let NewVote { decision, comment, digest } = vote;
        let ballot = Ballot { roles, decision, comment, digest };
        let context = &self.asked_by(context, id).await?;
        self.change_approval(context, id, ApprovalCommand::Vote(ballot)).await
    }

    /// Hands the caller's say to somebody of the tenant.
    pub async fn delegate_approval(
        &self,
        context: &Context,
        id: ApprovalId,
        to: AccountId,
    ) -> Result<Committed, CommandError> {
        let roles = self.roles_of_voter(context).await?;
        let to_roles = self.roles_in(context.caller.tenant()?, to).await?;
        let handover = Handover { roles, to, to_roles };
        let context = &self.asked_by(context, id).await?;
        self.change_approval(context, id, ApprovalCommand::Delegate(handover)).await
    }

    /// Lets what is due by now happen.
    pub async fn tick_approval(&self, context: &Context, id: ApprovalId) -> Result<Committed, CommandError> {
        self.change_approval(context, id, ApprovalCommand::Tick).await
    }

    /// Takes back what was asked; what is decided already stays so.
    pub async fn withdraw_approval(
        &self,
        context: &Context,
        id: ApprovalId,
        why: WithdrawnWhy,
    ) -> Result<Committed, CommandError> {
        self.change_approval(context, id, ApprovalCommand::Withdraw { why }).await
    }

    /// Who is to be written to on an occasion: the people named, and those who hold one of the roles now.
    pub async fn people_to_ask(
        &self,
        tenant: TenantId,
        occasion: &Occasion,
    ) -> Result<BTreeSet<AccountId>, CommandError> {
        let mut people = occasion.to.accounts.clone();
        if !occasion.to.roles.is_empty() {
            let members = self.members(tenant).await?;
            let holds = |roles: &BTreeSet<Role>| !occasion.to.roles.is_disjoint(roles);
            people.extend(members.into_iter().filter(|(_, roles)| holds(roles)).map(|(account, _)| account));
        }
        people.retain(|account| !occasion.besides.contains(account));
        Ok(people)
    }

    /// What a caller can decide as: nothing where they act in the tenant from outside.
    pub async fn roles_of_caller(&self, caller: &Caller) -> Result<BTreeSet<Role>, CommandError> {
        match (caller.actor.account(), caller.impersonator) {
            (Some(account), None) => self.roles_in(caller.tenant()?, account).await,
            (Some(_), Some(_)) | (None, _) => Ok(BTreeSet::new()),
        }
    }

    /// The context of what somebody does who was asked: it follows from the request, as that does from the run.
    async fn asked_by(&self, context: &Context, id: ApprovalId) -> Result<Context, CommandError> {
        let mut transaction = TenantTx::begin(&self.pools().app, context.caller.tenant()?).await?;
        let of = OfAggregate::new("approval", id.to_string());
        let asked = read_aggregate(&mut transaction, &of, Sequence::START, 1).await?;
        asked.first().map_or_else(|| Ok(context.clone()), |asked| context.following(asked))
    }

    async fn roles_of_voter(&self, context: &Context) -> Result<BTreeSet<Role>, CommandError> {
        context.caller.must(Permission::Read)?;
        let voter = context.caller.person()?;
        self.roles_in(context.caller.tenant()?, voter).await
    }

    async fn change_approval(
        &self,
        context: &Context,
        id: ApprovalId,
        command: ApprovalCommand,
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(move |approval: &Approval, _: &str| {
            let changed = approval.state().map(|state| ApprovalChanged {
                id,
                state: state.standing(),
                approvals: state.count(Decision::Approved),
                required: state.asked.required,
                rejections: state.count(Decision::Rejected),
            });
            Answer { status: 200, body: json!(changed).to_string().into_bytes(), version: None }
        });
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }
}

impl Guarded for ApprovalCommand {
    fn permission(&self) -> Permission {
        match self {
            // Whether it is theirs to decide, says the approval.
            Self::Vote(_) | Self::Delegate(_) => Permission::Read,
            Self::Request(_) | Self::Tick | Self::Withdraw { .. } => Permission::ManageWorkflows,
        }
    }
}
