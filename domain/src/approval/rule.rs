//! The rule of an approval: the first final decision wins, and one vote a person (hazards H2).

mod clock;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::account::Role;
use crate::approval::state::may_decide;
use crate::approval::{
    Approval, ApprovalCommand, ApprovalDecided, ApprovalDelegated, ApprovalEnd, ApprovalEvent,
    ApprovalRequested, ApprovalState, ApprovalVoted, ApprovalWithdrawn, Ballot, DecidedBy, Decision,
    Handover, Vote, WithdrawnWhy,
};
use crate::{AccountId, Moment, Rejection};

impl Approval {
    pub(super) fn decide(
        &self,
        command: ApprovalCommand,
        moment: &Moment,
    ) -> Result<Vec<ApprovalEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, ApprovalCommand::Request(asked)) => {
                Ok(vec![ApprovalEvent::Requested(Box::new(asked.in_order()))])
            }
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "approval" }),
            (Self::Present(state), ApprovalCommand::Request(asked)) => state.asked_again(&asked),
            (Self::Present(state), ApprovalCommand::Vote(ballot)) => state.vote(ballot, moment),
            (Self::Present(state), ApprovalCommand::Delegate(handover)) => state.delegate(&handover, moment),
            (Self::Present(state), ApprovalCommand::Tick) => Ok(state.tick(moment)),
            (Self::Present(state), ApprovalCommand::Withdraw { why }) => Ok(match state.end {
                None => vec![ApprovalEvent::Withdrawn(ApprovalWithdrawn { why })],
                Some(_) => Vec::new(),
            }),
        }
    }
}

impl ApprovalState {
    /// Asking the same a second time changes nothing; something else has another round, and so another id.
    fn asked_again(&self, asked: &ApprovalRequested) -> Result<Vec<ApprovalEvent>, Rejection> {
        if self.asked.digest == asked.digest {
            return Ok(Vec::new());
        }
        Err(Rejection::conflict(
            "approval.asked",
            "something else was asked in this round; withdraw that and ask in the next",
        ))
    }

    /// The time is over when the time-out has decided, not before: a vote that comes after it was due, while nothing is
    /// decided, counts.
    fn vote(&self, ballot: Ballot, moment: &Moment) -> Result<Vec<ApprovalEvent>, Rejection> {
        let by = person(moment)?;
        self.must_have_say(by, &ballot.roles)?;
        let before = self.vote_of(by);
        let current = ballot.digest == self.asked.digest;
        if current && before.is_some_and(|vote| vote.decision == ballot.decision) {
            return Ok(Vec::new());
        }
        self.must_be_open()?;
        if !current {
            return Err(changed());
        }
        if before.is_some() {
            return Err(voted());
        }
        self.must_not_be_barred(by)?;
        let Ballot { decision, comment, digest, .. } = ballot;
        if decision == Decision::Rejected && comment.is_none() {
            return Err(Rejection::invalid("approval.comment", "/comment", "say why it is rejected"));
        }
        let vote = Vote { by, decision, comment, at: moment.now };
        let outcome = self.outcome(&vote);
        let mut events = vec![ApprovalEvent::Voted(ApprovalVoted { vote, digest })];
        if let Some((decision, decided_by)) = outcome {
            events.push(self.ended(Some(decision), decided_by, moment));
        }
        Ok(events)
    }

    fn delegate(&self, handover: &Handover, moment: &Moment) -> Result<Vec<ApprovalEvent>, Rejection> {
        let (from, to) = (person(moment)?, handover.to);
        if self.handed_over.get(&from) == Some(&to) {
            return Ok(Vec::new());
        }
        self.must_have_say(from, &handover.roles)?;
        self.must_be_open()?;
        self.must_not_be_barred(from)?;
        if self.vote_of(from).is_some() {
            return Err(voted());
        }
        if to == from || !may_decide(&handover.to_roles) {
            let detail = "must be somebody else of this tenant who decides things; auditors only read";
            return Err(Rejection::invalid("approval.delegate", "/to", detail));
        }
        self.must_not_be_barred(to)?;
        if self.vote_of(to).is_some() || self.has_say(to, &handover.to_roles) {
            return Err(Rejection::conflict(
                "approval.delegate_decides",
                "they have a say of their own, and nobody has two; choose somebody else",
            ));
        }
        Ok(vec![ApprovalEvent::Delegated(ApprovalDelegated { run_id: self.asked.run_id, from, to })])
    }

    fn ended(&self, decision: Option<Decision>, by: DecidedBy, moment: &Moment) -> ApprovalEvent {
        let run_id = self.asked.run_id;
        ApprovalEvent::Decided(ApprovalDecided { run_id, decision, by, at: moment.now })
    }

    fn must_have_say(&self, account: AccountId, roles: &BTreeSet<Role>) -> Result<(), Rejection> {
        if self.has_say(account, roles) {
            return Ok(());
        }
        let detail = if self.handed_over.contains_key(&account) {
            "you have handed your say to somebody else"
        } else {
            "others are asked to decide this; you can read it"
        };
        Err(Rejection::conflict("approval.not_yours", detail))
    }

    fn must_be_open(&self) -> Result<(), Rejection> {
        match &self.end {
            None => Ok(()),
            Some(ApprovalEnd::Decided(decided)) => {
                Err(Rejection::conflict("approval.decided", decided.to_string()))
            }
            Some(ApprovalEnd::Withdrawn(withdrawn)) => Err(match withdrawn.why {
                WithdrawnWhy::AskedAgain => changed(),
                WithdrawnWhy::RunMovedOn => Rejection::conflict(
                    "approval.withdrawn",
                    "the run has ended or gone on without it, so there is nothing to decide any more",
                ),
            }),
        }
    }

    fn must_not_be_barred(&self, account: AccountId) -> Result<(), Rejection> {
        if self.barred() == Some(account) {
            return Err(Rejection::conflict(
                "approval.requester",
                "whoever started the run does not decide on it; somebody else has to",
            ));
        }
        Ok(())
    }
}

/// Who votes or hands over: a person, and nobody in their place.
fn person(moment: &Moment) -> Result<AccountId, Rejection> {
    let person = moment.actor.account().ok_or_else(|| {
        Rejection::conflict("approval.person", "only a person who has signed in decides; a machine cannot")
    })?;
    match moment.impersonator {
        None => Ok(person),
        Some(_) => Err(Rejection::conflict(
            "approval.impersonator",
            "whoever acts in a tenant without being a member does not decide there; a member has to",
        )),
    }
}

fn changed() -> Rejection {
    Rejection::conflict(
        "approval.changed",
        "this is not what will be done any more; read again what is asked, and decide on that",
    )
}

fn voted() -> Rejection {
    Rejection::conflict("approval.voted", "you have voted, and a vote stands")
}

impl std::fmt::Display for ApprovalDecided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let outcome = match self.decision {
            Some(Decision::Approved) => "approved",
            Some(Decision::Rejected) => "rejected",
            None => "left undecided",
        };
        let how = match self.by {
            DecidedBy::Votes => "by those who were asked",
            DecidedBy::Veto => "by one rejection, which is enough",
            DecidedBy::Timeout => "because the time ran out",
        };
        write!(f, "it was {outcome} {how} at {}, for good", self.at.format("%Y-%m-%d %H:%M:%S UTC"))
    }
}
