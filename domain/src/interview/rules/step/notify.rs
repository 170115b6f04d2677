//! Emails: to whom, and what they say.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::people::{OwnerOf, People, spoken_of};
use crate::interview::rules::step::{another, quoted_after};
use crate::interview::summary;
use crate::interview::{NotifyPatch, Place, Question, StepPatch, Topic};
use crate::workflow::{StepId, Template};

pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    if clause.has(&["report", "document", "pdf"])
        && desk.steps_of("produce_document").is_empty()
        && clause.starts_with(&["send", "email", "mail"])
    {
        super::document::read(clause, desk, None);
    }
    let whose = OwnerOf::by(desk.trigger_kind());
    let people = spoken_of(&recipients(clause), desk.scene(), whose);
    let (subject, body) = texts(clause);
    let open = desk.one_of("notify_owner").filter(|step| !step.settled("to")).map(|step| step.id.clone());
    let to = to(&people);
    let patch = NotifyPatch { to: to.clone(), subject, body };
    let step = match open.filter(|_| !another(clause)) {
        Some(id) => {
            desk.change(&id, StepPatch::NotifyOwner(patch));
            Some(id)
        }
        None => desk.add(StepPatch::NotifyOwner(patch), place),
    };
    if let Some(id) = step {
        say(&people, &id, desk);
    }
}

/// The words that may name recipients: not those about the text, and not what the text is about.
fn recipients(clause: &Clause) -> Vec<crate::interview::rules::word::Word> {
    let end = clause
        .find(&[
            "with", "about", "saying", "that", "subject", "text", "via", "by", "instead", "before", "after",
        ])
        .unwrap_or(clause.len());
    clause.before(end).to_vec()
}

/// The list that a tool takes; an empty one means the workflow's owners.
pub(in crate::interview::rules) fn to(people: &People) -> Option<Vec<crate::workflow::Party>> {
    if people.owners && people.parties.is_empty() {
        return Some(Vec::new());
    }
    (!people.parties.is_empty()).then(|| people.parties.clone())
}

/// Says who is told, and keeps the question about whoever is not known.
pub(in crate::interview::rules) fn say(people: &People, id: &StepId, desk: &mut Desk<'_>) {
    let settled = desk.draft().steps().iter().any(|step| step.id == *id && step.settled("to"));
    if !people.parties.is_empty() && settled {
        desk.did(format!("It emails {}.", summary::people(&people.parties)));
    } else if people.owners {
        desk.did("It emails the workflow's owners.");
    } else {
        desk.did("It sends an email.");
    }
    if let Some((heard, candidates)) = &people.unsettled {
        let candidates = candidates.iter().map(ToString::to_string).collect();
        let question = Question {
            topic: Topic::Recipients,
            step: Some(id.clone()),
            heard: Some(heard.clone()),
            candidates,
        };
        if people.parties.is_empty() {
            desk.unsettled(question);
        } else {
            desk.note(format!(
                "I know nobody called “{}” for certain, so they are left out.",
                summary::clipped(heard)
            ));
        }
    }
}

fn texts(clause: &Clause) -> (Option<Template>, Option<Template>) {
    let subject = quoted_after(clause, &["subject", "titled", "title"]);
    let body = quoted_after(clause, &["saying", "body", "text", "says", "reads"]);
    (subject.map(Template::new), body.map(Template::new))
}

/// `The subject should be "…"`, of the email that was spoken of last.
pub(super) fn details(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let (subject, body) = texts(clause);
    let body = body.filter(|_| clause.has(&["body", "text", "email", "mail"]));
    let step = desk.one_of("notify_owner").map(|step| step.id.clone());
    let speaks = clause.has(&["subject", "body"]);
    match step.filter(|_| speaks && (subject.is_some() || body.is_some())) {
        Some(id) => {
            desk.did("I have put that text in.");
            desk.change(&id, StepPatch::NotifyOwner(NotifyPatch { to: None, subject, body }))
        }
        None => false,
    }
}
