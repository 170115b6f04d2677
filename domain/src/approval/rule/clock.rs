//! What falls due while an approval waits: reminders, the escalation, the end.

use chrono::{DateTime, Utc};

use crate::Moment;
use crate::approval::{
    ApprovalEscalated, ApprovalEvent, ApprovalReminded, ApprovalRequested, ApprovalState, DecidedBy,
    Decision, Escalating,
};
use crate::workflow::OnTimeout;

impl ApprovalRequested {
    /// The same with its times in order and with what falls due first.
    pub(super) fn in_order(mut self) -> Self {
        self.required = self.required.max(1);
        self.remind_at.sort_unstable();
        self.remind_at.dedup();
        self.next_at = self.next_after(0, self.escalation.as_ref());
        self
    }

    /// What falls due next after so many reminders, and before this escalation, where it is still to come.
    fn next_after(&self, reminded: u32, escalation: Option<&Escalating>) -> DateTime<Utc> {
        let reminder = self.remind_at.get(usize::try_from(reminded).unwrap_or(usize::MAX)).copied();
        [reminder, escalation.map(|escalation| escalation.at)]
            .into_iter()
            .flatten()
            .fold(self.due_at, DateTime::min)
    }
}

impl ApprovalState {
    /// What is due by now. Whoever looks too early changes nothing.
    pub(super) fn tick(&self, moment: &Moment) -> Vec<ApprovalEvent> {
        if self.end.is_some() {
            return Vec::new();
        }
        if moment.now >= self.asked.due_at {
            let decision = match self.asked.on_timeout {
                OnTimeout::Approve => Some(Decision::Approved),
                OnTimeout::Reject => Some(Decision::Rejected),
                OnTimeout::Fail => None,
            };
            return vec![self.ended(decision, DecidedBy::Timeout, moment)];
        }
        let (mut then, mut events) = (self.clone(), Vec::new());
        while let Some(event) = then.fallen_due(moment.now) {
            then.evolve(event.clone());
            events.push(event);
        }
        events
    }

    /// The first thing that is due. Reminders that were missed while nobody looked are made up for by the last of them.
    fn fallen_due(&self, now: DateTime<Utc>) -> Option<ApprovalEvent> {
        let passed = self.asked.remind_at.iter().take_while(|at| **at <= now);
        let count = u32::try_from(passed.clone().count()).unwrap_or(u32::MAX);
        let reminder = passed.last().filter(|_| count > self.reminded);
        let escalation = self.asked.escalation.as_ref().filter(|it| !self.escalated && it.at <= now);
        match (reminder, escalation) {
            (Some(reminder), Some(escalation)) if escalation.at < *reminder => self.escalate(),
            (Some(_), _) => {
                let to_come = self.asked.escalation.as_ref().filter(|_| !self.escalated);
                let next_at = self.asked.next_after(count, to_come);
                Some(ApprovalEvent::Reminded(ApprovalReminded { run_id: self.asked.run_id, count, next_at }))
            }
            (None, Some(_)) => self.escalate(),
            (None, None) => None,
        }
    }

    fn escalate(&self) -> Option<ApprovalEvent> {
        let to = self.asked.escalation.as_ref()?.to.clone();
        let next_at = self.asked.next_after(self.reminded, None);
        Some(ApprovalEvent::Escalated(ApprovalEscalated { run_id: self.asked.run_id, to, next_at }))
    }
}
