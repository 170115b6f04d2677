//! Approvals that can come about: enough people may decide, and everything happens before it is due.

use std::collections::BTreeSet;

use super::Parts;
use crate::AccountId;
use crate::account::Role;
use crate::workflow::problem::{Pointer, Problem};
use crate::workflow::{AwaitApproval, Party, Trigger};

pub(super) fn check(parts: &Parts<'_>, ask: &AwaitApproval, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    people(parts, &ask.approvers, &at.key("approvers"), problems);
    if let Some(escalation) = &ask.escalation {
        let at = at.key("escalation");
        people(parts, &escalation.to, &at.key("to"), problems);
        if escalation.after >= ask.due {
            let message = format!("comes after it is due ({})", ask.due);
            problems.push(Problem::new(
                "approval.escalation_late",
                &at.key("after"),
                message,
                "Escalate before it is due.",
            ));
        }
    }
    let reminders = at.key("reminders");
    for (index, reminder) in ask.reminders.iter().enumerate().filter(|(_, reminder)| **reminder >= ask.due) {
        let message = format!("a reminder after {reminder} comes after it is due ({})", ask.due);
        problems.push(Problem::new(
            "approval.reminder_late",
            &reminders.index(index),
            message,
            "Remind before it is due.",
        ));
    }
    let may = deciders(parts, ask);
    if let Some(few) = may.filter(|people| {
        !people.is_empty() && u32::try_from(people.len()).is_ok_and(|count| count < ask.required)
    }) {
        let message = format!("{} must approve, but only {} may", ask.required, few.len());
        problems.push(Problem::new(
            "approval.too_few",
            &at.key("required"),
            message,
            "Ask for fewer, or name more approvers.",
        ));
    }
}

fn people(parts: &Parts<'_>, parties: &[Party], at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (index, party) in parties.iter().enumerate() {
        let item = at.index(index);
        if !seen.insert(party) {
            problems.push(Problem::new(
                "approval.duplicate",
                &item,
                "is named twice",
                "Remove one of the two.",
            ));
        }
        if *party == Party::Role(Role::Auditor) {
            let message = "auditors read and never decide";
            let problem =
                Problem::new("approval.auditor", &item.key("role"), message, "Choose another role.");
            problems.push(problem.allowing(["tenant_admin", "tenant_user", "master_admin"]));
        } else {
            parts.party(*party, &item, problems);
        }
    }
}

/// Everybody who may decide, also after escalation; none where it cannot be told.
fn deciders(parts: &Parts<'_>, ask: &AwaitApproval) -> Option<BTreeSet<AccountId>> {
    let owner = match &parts.trigger {
        Some(Trigger::KriBreach(breach)) => parts.facts.kri(&breach.kri).and_then(|kri| kri.owner),
        Some(Trigger::Schedule(_) | Trigger::Manual(_)) | None => None,
    };
    let mut people = BTreeSet::new();
    for party in ask.approvers.iter().chain(ask.escalation.iter().flat_map(|escalation| &escalation.to)) {
        match party {
            Party::Account(id) => drop(people.insert(*id)),
            Party::Role(Role::Auditor) => {}
            Party::Role(role) => people.extend(parts.facts.holders(*role)),
            Party::KriOwner(_) => drop(people.insert(owner?)),
        }
    }
    Some(people)
}
