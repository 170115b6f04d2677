//! What is known of an approval: who has a say, who has used it, and how it ended.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AccountId;
use crate::account::Role;
use crate::approval::{
    ApprovalDecided, ApprovalDelegated, ApprovalEscalated, ApprovalEvent, ApprovalReminded,
    ApprovalRequested, ApprovalWithdrawn, Approvers, Decision, Occasion, OccasionKind, Vote,
};

/// An approval as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Approval {
    /// No event yet: there is no such approval.
    #[default]
    Absent,
    /// It was asked for.
    Present(Box<ApprovalState>),
}

/// An approval that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalState {
    /// What was asked, and how.
    pub asked: ApprovalRequested,
    /// Who may decide by now: those who were asked first and, once it was escalated, the others.
    pub approvers: Approvers,
    /// The votes in their order, one a person.
    pub votes: Vec<Vote>,
    /// Who has no say any more, because they handed it to that person.
    pub handed_over: BTreeMap<AccountId, AccountId>,
    /// Who has somebody else's say.
    pub stand_ins: BTreeSet<AccountId>,
    /// How many of the times of reminding are behind it.
    pub reminded: u32,
    /// Whether others were asked as well.
    pub escalated: bool,
    /// When people were to be written to.
    pub(super) occasions: Vec<Occasion>,
    /// When something falls due next.
    pub next_at: DateTime<Utc>,
    /// How it ended; none while it waits.
    pub end: Option<ApprovalEnd>,
}

/// How an approval ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalEnd {
    /// It was decided.
    Decided(ApprovalDecided),
    /// Nobody needs to decide any more.
    Withdrawn(ApprovalWithdrawn),
}

/// Where an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStanding {
    /// It waits.
    Open,
    /// The run may go on.
    Approved,
    /// It may not.
    Rejected,
    /// The time ran out, and the step fails for it.
    TimedOut,
    /// Nobody needs to decide any more.
    Withdrawn,
}

impl Approval {
    /// What has become of it, where it was asked for.
    pub fn state(&self) -> Option<&ApprovalState> {
        match self {
            Self::Absent => None,
            Self::Present(state) => Some(state),
        }
    }

    /// The approval after one more event.
    #[must_use]
    pub fn told(mut self, event: &ApprovalEvent) -> Self {
        self.evolve(event.clone());
        self
    }

    pub(super) fn evolve(&mut self, event: ApprovalEvent) {
        match (self, event) {
            (this, ApprovalEvent::Requested(asked)) => {
                *this = Self::Present(Box::new(ApprovalState::begun(*asked)));
            }
            (Self::Present(state), event) => state.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

impl ApprovalState {
    fn begun(asked: ApprovalRequested) -> Self {
        let mut state = Self {
            approvers: asked.approvers.clone(),
            next_at: asked.next_at,
            asked,
            votes: Vec::new(),
            handed_over: BTreeMap::new(),
            stand_ins: BTreeSet::new(),
            reminded: 0,
            escalated: false,
            occasions: Vec::new(),
            end: None,
        };
        state.occasions = vec![state.occasion(OccasionKind::Asked, &state.approvers)];
        state
    }

    pub(super) fn evolve(&mut self, event: ApprovalEvent) {
        match event {
            ApprovalEvent::Requested(_) => {}
            ApprovalEvent::Voted(voted) => self.votes.push(voted.vote),
            ApprovalEvent::Delegated(delegated) => self.hand_over(&delegated),
            ApprovalEvent::Reminded(ApprovalReminded { count, next_at, .. }) => {
                (self.reminded, self.next_at) = (count, next_at);
                let reminded = self.occasion(OccasionKind::Reminded { count }, &self.everybody());
                self.occasions.push(reminded);
            }
            ApprovalEvent::Escalated(ApprovalEscalated { to, next_at, .. }) => {
                (self.escalated, self.next_at) = (true, next_at);
                self.occasions.push(self.occasion(OccasionKind::Escalated, &to));
                self.approvers.accounts.extend(to.accounts);
                self.approvers.roles.extend(to.roles);
            }
            ApprovalEvent::Decided(decided) => self.end = Some(ApprovalEnd::Decided(decided)),
            ApprovalEvent::Withdrawn(withdrawn) => self.end = Some(ApprovalEnd::Withdrawn(withdrawn)),
        }
    }

    fn hand_over(&mut self, ApprovalDelegated { from, to, .. }: &ApprovalDelegated) {
        self.stand_ins.remove(from);
        self.handed_over.insert(*from, *to);
        // Whoever gets one has a say again, also where they had handed theirs over.
        self.handed_over.remove(to);
        self.stand_ins.insert(*to);
        let before = |it: &&Occasion| matches!(it.what, OccasionKind::Delegated { .. });
        let count = self.occasions.iter().filter(before).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        let to = Approvers { accounts: BTreeSet::from([*to]), roles: BTreeSet::new() };
        self.occasions.push(self.occasion(OccasionKind::Delegated { count }, &to));
    }

    /// How it was decided, once it was.
    pub const fn decided(&self) -> Option<&ApprovalDecided> {
        match &self.end {
            Some(ApprovalEnd::Decided(decided)) => Some(decided),
            Some(ApprovalEnd::Withdrawn(_)) | None => None,
        }
    }

    /// Where it stands.
    pub fn standing(&self) -> ApprovalStanding {
        match &self.end {
            None => ApprovalStanding::Open,
            Some(ApprovalEnd::Withdrawn(_)) => ApprovalStanding::Withdrawn,
            Some(ApprovalEnd::Decided(decided)) => match decided.decision {
                Some(Decision::Approved) => ApprovalStanding::Approved,
                Some(Decision::Rejected) => ApprovalStanding::Rejected,
                None => ApprovalStanding::TimedOut,
            },
        }
    }

    /// What that person has voted.
    pub fn vote_of(&self, account: AccountId) -> Option<&Vote> {
        self.votes.iter().find(|vote| vote.by == account)
    }

    /// Whether that person, being this in the tenant now, is among those who decide. An auditor never is, and whoever handed
    /// their say over no longer.
    pub fn has_say(&self, account: AccountId, roles: &BTreeSet<Role>) -> bool {
        may_decide(roles)
            && !self.handed_over.contains_key(&account)
            && (self.approvers.accounts.contains(&account)
                || self.stand_ins.contains(&account)
                || !self.approvers.roles.is_disjoint(roles))
    }

    /// Whether it waits for that person's vote.
    pub fn waits_for(&self, account: AccountId, roles: &BTreeSet<Role>) -> bool {
        self.end.is_none()
            && self.has_say(account, roles)
            && self.vote_of(account).is_none()
            && self.barred() != Some(account)
    }

    /// Who may not decide although they may be an approver: whoever started the run, unless they are allowed to.
    pub(super) fn barred(&self) -> Option<AccountId> {
        self.asked.requester.filter(|_| !self.asked.requester_may_approve)
    }
}

/// Whether somebody who is this in the tenant decides anything there: auditors only read.
pub(super) fn may_decide(roles: &BTreeSet<Role>) -> bool {
    roles.iter().any(|role| *role != Role::Auditor)
}
