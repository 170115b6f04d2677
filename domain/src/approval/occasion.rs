//! Occasions: when people are written to about an approval, and who.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::AccountId;
use crate::approval::{ApprovalState, Approvers};

/// A time at which people are to be written to, as things stood then: whoever looks again later finds the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Occasion {
    /// Why.
    pub what: OccasionKind,
    /// To whom: people, and everybody who holds one of the roles.
    pub to: Approvers,
    /// Who is left out, also where they hold a role: they have voted, have handed their say over, or may not decide what they
    /// started themselves.
    pub besides: BTreeSet<AccountId>,
}

/// Why people are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum OccasionKind {
    /// They are asked.
    Asked,
    /// They have not answered.
    Reminded {
        /// Which reminder.
        count: u32,
    },
    /// Others have not answered.
    Escalated,
    /// Somebody has handed their say to them.
    Delegated {
        /// How many have been handed over, this one included.
        count: u32,
    },
}

impl ApprovalState {
    /// When people were to be written to so far, in order; the first is that they are asked.
    pub fn occasions(&self) -> &[Occasion] {
        &self.occasions
    }

    pub(super) fn occasion(&self, what: OccasionKind, to: &Approvers) -> Occasion {
        let besides = self.left_out();
        let accounts = to.accounts.difference(&besides).copied().collect();
        Occasion { what, to: Approvers { accounts, roles: to.roles.clone() }, besides }
    }

    /// Everybody who has a say now.
    pub(super) fn everybody(&self) -> Approvers {
        let mut everybody = self.approvers.clone();
        everybody.accounts.extend(&self.stand_ins);
        everybody
    }

    fn left_out(&self) -> BTreeSet<AccountId> {
        let voted = self.votes.iter().map(|vote| vote.by);
        voted.chain(self.handed_over.keys().copied()).chain(self.barred()).collect()
    }
}
