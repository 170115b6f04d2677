//! Waits: for a while, or until a ticket is done.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::span;
use crate::interview::{Place, StepPatch, WaitPatch};
use crate::workflow::WaitUntil;

pub(super) fn is_wait(clause: &Clause) -> bool {
    !clause.has(&["approval", "approve", "approves"])
        && (clause.len() <= 2
            || span::span(&clause.0).is_some()
            || clause.has(&["ticket", "issue", "incident", "until", "for", "while", "bit"]))
}

/// What ends the wait that the clause speaks of.
pub(in crate::interview::rules) fn until(clause: &Clause, desk: &Desk<'_>) -> Option<WaitUntil> {
    let ticket = desk.one_of("create_ticket").map(|step| step.id.clone());
    if let Some(ticket) =
        ticket.filter(|_| clause.has(&["ticket", "issue", "incident", "done", "closed", "resolved"]))
    {
        return Some(WaitUntil::Ticket { ticket, statuses: statuses(clause) });
    }
    span::span(&clause.0).map(|duration| WaitUntil::Duration { duration })
}

fn statuses(clause: &Clause) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in &clause.0 {
        let status = match word.low.as_str() {
            "done" | "finished" | "complete" | "completed" => "Done",
            "closed" => "Closed",
            "resolved" => "Resolved",
            _ => continue,
        };
        if !found.iter().any(|known| known == status) {
            found.push(status.to_owned());
        }
    }
    found.extend(clause.quotes().into_iter().map(str::to_owned));
    if found.is_empty() { vec!["Done".to_owned()] } else { found }
}

pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    let until = until(clause, desk);
    let said = match &until {
        Some(WaitUntil::Duration { duration }) => {
            format!("It waits {}.", crate::interview::summary::in_words(*duration))
        }
        Some(WaitUntil::Ticket { .. }) => "It waits for the ticket.".to_owned(),
        Some(WaitUntil::Time { .. }) | None => "It waits.".to_owned(),
    };
    let open = desk.one_of("wait").filter(|step| !step.settled("until")).map(|step| step.id.clone());
    let patch = StepPatch::Wait(WaitPatch { until });
    let done = match open {
        Some(id) => desk.change(&id, patch),
        None => desk.add(patch, place).is_some(),
    };
    if done {
        desk.did(said);
    }
}
