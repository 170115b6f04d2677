//! How steps follow each other: ids are unique, and every way leads forward.

use std::collections::BTreeMap;

use super::Parts;
use crate::workflow::problem::{Pointer, Problem};
use crate::workflow::{Action, Step, Then, WaitUntil};

/// Words that CEL or the templates keep for themselves.
const RESERVED: [&str; 24] = [
    "and",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "is",
    "let",
    "loop",
    "namespace",
    "none",
    "not",
    "null",
    "or",
    "package",
    "return",
    "true",
    "while",
];

pub(super) fn check(parts: &Parts<'_>, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    let mut seen = BTreeMap::new();
    for (index, id) in parts.ids.iter().enumerate() {
        let Some(id) = id else { continue };
        let item = at.index(index);
        if let Some(first) = seen.insert(id, index) {
            let message = format!(
                "steps {} and {} are both called {id}",
                first.saturating_add(1),
                index.saturating_add(1)
            );
            problems.push(Problem::new(
                "step.duplicate",
                &item.key("id"),
                message,
                "Give each step its own id.",
            ));
        }
        if RESERVED.contains(&id.as_str()) {
            let message = format!("{id} is a word of the condition language");
            problems.push(Problem::new(
                "step.reserved",
                &item.key("id"),
                message,
                "Choose another id, such as step_1.",
            ));
        }
    }
    for (index, step) in parts.steps.iter().enumerate() {
        if let Some(step) = step {
            ways(parts, index, step, &at.index(index), problems);
        }
    }
}

fn ways(parts: &Parts<'_>, index: usize, step: &Step, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    way(parts, index, &step.frame.on_failure, &at.key("onFailure"), problems);
    match &step.action {
        Action::AwaitApproval(ask) => way(parts, index, &ask.on_rejected, &at.key("onRejected"), problems),
        Action::Wait(wait) => {
            if let WaitUntil::Ticket { ticket, .. } = &wait.until {
                waits_for(parts, index, ticket.as_str(), &at.key("until").key("ticket"), problems);
            }
        }
        Action::NotifyOwner(_)
        | Action::CreateTicket(_)
        | Action::PanelQuery(_)
        | Action::ProduceDocument(_)
        | Action::PostSlack(_)
        | Action::EmitKriEvent(_) => {}
    }
}

/// A way leads to a later step: a run that could go back might never end.
fn way(parts: &Parts<'_>, index: usize, then: &Then, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    let Then::GoTo(target) = then else { return };
    let at = at.key("goTo");
    let later = || parts.ids.iter().skip(index.saturating_add(1)).flatten();
    let problem = match parts.place(target.as_str()) {
        None => Problem::new(
            "step.go_to_unknown",
            &at,
            format!("there is no step {target}"),
            "Name one of the later steps.",
        ),
        Some(place) if place <= index => Problem::new(
            "step.go_to_backwards",
            &at,
            format!("step {target} does not come later"),
            "Name a later step; to try again, give the step more attempts.",
        ),
        Some(_) => return,
    };
    problems.push(problem.allowing(later()));
}

fn waits_for(parts: &Parts<'_>, index: usize, ticket: &str, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    let opens = |step: &Step| matches!(step.action, Action::CreateTicket(_));
    let tickets = parts.before(index).filter(|step| opens(step)).map(|step| step.frame.id.as_str());
    let found = parts.place(ticket).filter(|place| *place < index);
    let (code, message) = match found.and_then(|place| parts.steps.get(place)) {
        Some(Some(step)) if !opens(step) => ("wait.not_a_ticket", format!("step {ticket} opens no ticket")),
        Some(_) => return,
        None => ("wait.step_unknown", format!("there is no step {ticket} before this one")),
    };
    problems.push(Problem::new(code, at, message, "Name an earlier create_ticket step.").allowing(tickets));
}
