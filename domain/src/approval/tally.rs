//! The tally: what a vote comes to.

use std::collections::BTreeSet;

use crate::AccountId;
use crate::approval::{ApprovalState, DecidedBy, Decision, Vote};

impl ApprovalState {
    /// How many have voted so.
    pub fn count(&self, decision: Decision) -> u32 {
        let votes = self.votes.iter().filter(|vote| vote.decision == decision).count();
        u32::try_from(votes).unwrap_or(u32::MAX)
    }

    /// What one more vote decides, if anything.
    pub(super) fn outcome(&self, vote: &Vote) -> Option<(Decision, DecidedBy)> {
        let count = self.count(vote.decision).saturating_add(1);
        match vote.decision {
            Decision::Approved if count >= self.asked.required => {
                Some((Decision::Approved, DecidedBy::Votes))
            }
            Decision::Rejected if self.asked.veto => Some((Decision::Rejected, DecidedBy::Veto)),
            Decision::Rejected if count >= self.rejections_needed() => {
                Some((Decision::Rejected, DecidedBy::Votes))
            }
            Decision::Approved | Decision::Rejected => None,
        }
    }

    /// How many rejections decide where one alone does not.
    ///
    /// Where everybody who may ever decide is asked by name, also after an escalation that is still to come, it is as many as
    /// leave fewer than must approve. Where a role is asked, nobody can say how many will hold it when they vote: there more
    /// than half as many as would have to approve decide (decided).
    fn rejections_needed(&self) -> u32 {
        let later = self.asked.escalation.as_ref().map(|escalation| &escalation.to);
        let by_name = self.approvers.roles.is_empty() && later.is_none_or(|to| to.roles.is_empty());
        if !by_name {
            return (self.asked.required / 2).saturating_add(1);
        }
        let asked = self.approvers.accounts.iter().chain(later.into_iter().flat_map(|to| &to.accounts));
        let barred = self.barred();
        let holders: BTreeSet<AccountId> =
            asked.filter(|account| Some(**account) != barred).map(|account| self.holder(*account)).collect();
        let holders = u32::try_from(holders.len()).unwrap_or(u32::MAX);
        holders.saturating_add(1).saturating_sub(self.asked.required).max(1)
    }

    /// Who has that person's say now. Whoever is handed a say holds it, so that following it comes to an end.
    fn holder(&self, account: AccountId) -> AccountId {
        std::iter::successors(Some(account), |holder| self.handed_over.get(holder).copied())
            .last()
            .unwrap_or(account)
    }
}
