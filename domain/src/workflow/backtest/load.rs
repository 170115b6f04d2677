//! What a definition asks of people: how many questions, how many at once, and which of them nobody would answer in time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::workflow::backtest::WhatIf;
use crate::workflow::{Action, AwaitApproval, Definition, OnTimeout, Party};

/// What the runs would have asked of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    /// How many questions in all.
    pub asked: u64,
    /// How many of them nobody who may decide could have decided in time, by what was supposed.
    pub timed_out: u64,
    /// Of those, how many would have been taken as approved.
    pub approved_by_timeout: u64,
    /// How many would have been put to others as well because nobody had decided for a while.
    pub escalated: u64,
    /// For each approver, as the definition names them.
    pub approvers: Vec<ApproverLoad>,
}

/// What is asked of one approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApproverLoad {
    /// Who, as the definition names them.
    pub approver: Party,
    /// How many questions.
    pub questions: u64,
    /// How many of them lay before them at once, at most.
    pub most_at_once: u64,
    /// How many came while they were away until it was too late.
    pub while_away: u64,
}

/// Questions as one approver has them: each from when to when.
#[derive(Default)]
struct Desk {
    questions: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    while_away: u64,
}

impl Approvals {
    /// What runs of a definition that started at these times would have asked.
    pub(super) fn of(definition: &Definition, starts: &[DateTime<Utc>], what_if: &WhatIf) -> Self {
        let mut approvals = Self::default();
        let mut desks: BTreeMap<Party, Desk> = BTreeMap::new();
        let waits: Vec<&AwaitApproval> = definition
            .steps
            .iter()
            .filter_map(|step| if let Action::AwaitApproval(wait) = &step.action { Some(wait) } else { None })
            .collect();
        for start in starts {
            for wait in &waits {
                approvals.ask(wait, *start, what_if, &mut desks);
            }
        }
        approvals.approvers = desks
            .into_iter()
            .map(|(approver, desk)| ApproverLoad {
                approver,
                questions: count(desk.questions.len()),
                most_at_once: most_at_once(&desk.questions),
                while_away: desk.while_away,
            })
            .collect();
        approvals
    }

    fn ask(
        &mut self,
        wait: &AwaitApproval,
        at: DateTime<Utc>,
        what_if: &WhatIf,
        desks: &mut BTreeMap<Party, Desk>,
    ) {
        let due = at + wait.due.duration();
        let answer = what_if.answers_take.map(|after| at + after.duration());
        let decided = answer.filter(|answer| *answer <= due);
        // Who asks for no particular pace is told the most that can be asked: everybody has it until it is due.
        let open_until = decided.unwrap_or(due);
        self.asked = self.asked.saturating_add(1);
        let mut present = 0_u64;
        let mut put_to = |approver: Party, from: DateTime<Utc>| {
            let desk = desks.entry(approver).or_default();
            desk.questions.push((from, open_until.max(from)));
            if what_if.is_away(approver, from, due) {
                desk.while_away = desk.while_away.saturating_add(1);
                return 0;
            }
            // A role is as many people as hold it, which the definition does not say.
            if matches!(approver, Party::Role(_)) { u64::from(wait.required) } else { 1 }
        };
        for approver in &wait.approvers {
            present = present.saturating_add(put_to(*approver, at));
        }
        if let Some(escalation) = &wait.escalation {
            let escalated_at = at + escalation.after.duration();
            let still_open =
                present < u64::from(wait.required) || answer.is_some_and(|answer| answer > escalated_at);
            if still_open && escalated_at < due {
                self.escalated = self.escalated.saturating_add(1);
                for approver in &escalation.to {
                    present = present.saturating_add(put_to(*approver, escalated_at));
                }
            }
        }
        let late = answer.is_some_and(|answer| answer > due);
        if late || present < u64::from(wait.required) {
            self.timed_out = self.timed_out.saturating_add(1);
            if wait.on_timeout == OnTimeout::Approve {
                self.approved_by_timeout = self.approved_by_timeout.saturating_add(1);
            }
        }
    }
}

/// The most that overlap at one instant; one that ends as another begins makes room for it.
fn most_at_once(questions: &[(DateTime<Utc>, DateTime<Utc>)]) -> u64 {
    let mut edges: Vec<(DateTime<Utc>, i64)> =
        questions.iter().flat_map(|(from, to)| [(*from, 1), (*to, -1)]).collect();
    edges.sort_unstable();
    let (mut now, mut most) = (0_i64, 0_i64);
    for (_, step) in edges {
        now = now.saturating_add(step);
        most = most.max(now);
    }
    u64::try_from(most).unwrap_or_default()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
