//! Approvals: who decides, how many, by when, who is reminded, who else is asked, and what counts where nobody decides.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::people::{OwnerOf, People, spoken_of};
use crate::interview::rules::span::{self, spans};
use crate::interview::rules::word::{Word, number};
use crate::interview::summary;
use crate::interview::{ApprovalPatch, DraftTool, Place, Question, StepPatch, Topic};
use crate::workflow::{Escalation, OnTimeout, Party, Span, StepId, Template, Then};

/// What counts when nobody decides, as the words say.
pub(in crate::interview::rules) fn outcome(words: &[Word]) -> Option<OnTimeout> {
    words.iter().rev().find_map(|word| match word.low.as_str() {
        "reject" | "rejected" | "rejection" | "rejects" | "refuse" | "refused" | "decline" | "declined"
        | "deny" | "denied" | "no" => Some(OnTimeout::Reject),
        "approve" | "approved" | "approves" | "approval" | "accept" | "accepted" | "yes" => {
            Some(OnTimeout::Approve)
        }
        "fail" | "fails" | "failed" | "failure" | "stop" | "stops" | "abort" => Some(OnTimeout::Fail),
        _ => None,
    })
}

pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    let people = approvers(clause, desk);
    let present = desk.one_of("await_approval").map(|step| (step.id.clone(), step.settled("approvers")));
    let patch = ApprovalPatch {
        required: required(clause, &people),
        due: due(clause),
        question: clause.quotes().first().map(|text| Template::new(*text)),
        approvers: (!people.parties.is_empty()).then(|| people.parties.clone()),
        ..ApprovalPatch::default()
    };
    let another = clause.has(&["another", "second", "additional"]);
    match present.filter(|_| !another) {
        Some((id, settled)) => amend((&id, settled), clause, (people, patch), desk),
        None => {
            if let Some(id) = desk.add(StepPatch::AwaitApproval(patch), place) {
                say(&people, &id, desk);
                more(clause, &id, desk);
            }
        }
    }
}

/// Who is to decide: whoever is named, but for those whom a reminder or an escalation is about.
fn approvers(clause: &Clause, desk: &Desk<'_>) -> People {
    let end = clause
        .find(&["remind", "reminded", "escalate", "before", "after", "within", "otherwise", "unless"])
        .unwrap_or(clause.len());
    let whose = OwnerOf::by(desk.trigger_kind());
    spoken_of(clause.before(end), desk.scene(), whose)
}

fn amend(
    (id, settled): (&StepId, bool),
    clause: &Clause,
    (people, mut patch): (People, ApprovalPatch),
    desk: &mut Desk<'_>,
) {
    if settled && !people.parties.is_empty() {
        let had: Vec<Party> = approvers_of(id, desk);
        let adds = clause.has(&["also", "too", "add", "well"]);
        let kept = had
            .into_iter()
            .filter(|party| adds || (!desk.negated.is_empty() && !desk.negated.contains(party)));
        let mut all: Vec<Party> = kept.collect();
        for party in &people.parties {
            if !all.contains(party) {
                all.push(*party);
            }
        }
        patch.approvers = Some(all);
    }
    if patch != ApprovalPatch::default() {
        desk.last = Some(id.clone());
        set(id, patch, desk);
    }
    say(&people, id, desk);
    more(clause, id, desk);
}

fn approvers_of(id: &StepId, desk: &Desk<'_>) -> Vec<Party> {
    let step = desk.draft().steps().iter().find(|step| step.id == *id);
    step.and_then(|step| step.field("approvers"))
        .and_then(|list| serde_json::from_value(list.clone()).ok())
        .unwrap_or_default()
}

fn set(id: &StepId, approval: ApprovalPatch, desk: &mut Desk<'_>) -> bool {
    desk.call(DraftTool::SetApproval { id: id.clone(), approval })
}

/// Says who decides, and keeps the question about whoever is not known.
pub(in crate::interview::rules) fn say(people: &People, id: &StepId, desk: &mut Desk<'_>) {
    let settled = approvers_of(id, desk);
    if people.parties.iter().any(|party| settled.contains(party)) {
        desk.did(format!("It waits for approval by {}.", summary::people(&settled)));
    } else if people.is_empty() {
        desk.did("It waits for an approval.");
    }
    if let Some((heard, candidates)) = &people.unsettled {
        let candidates = candidates.iter().map(ToString::to_string).collect();
        desk.unsettled(Question {
            topic: Topic::Approvers,
            step: Some(id.clone()),
            heard: Some(heard.clone()),
            candidates,
        });
    }
}

/// `two of Priya, Marco and Lena`, `both must approve`.
fn required(clause: &Clause, people: &People) -> Option<u32> {
    if clause.has(&["both", "all"]) {
        return u32::try_from(people.parties.len()).ok().filter(|count| *count > 1);
    }
    let at = clause.find(&["of", "approvals", "approvers", "must", "people"])?;
    let before = clause.before(at).last()?;
    number(&before.low)
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=20).contains(count))
        .filter(|count| *count > 1 || people.parties.len() > 1)
}

/// `within three days`, `has two days`, `by tomorrow` — not the span of a reminder.
fn due(clause: &Clause) -> Option<Span> {
    let at =
        clause.find(&["within", "in", "has", "have", "due", "deadline", "gets", "given", "for", "up"])?;
    if clause.has(&["remind", "reminder", "reminders", "escalate", "nudge"]) {
        return None;
    }
    span::span(clause.after(at))
}

/// What stands in the same clause besides.
fn more(clause: &Clause, id: &StepId, desk: &mut Desk<'_>) {
    if clause.has(&["remind", "reminder", "reminders", "nudge"]) {
        reminders(clause, id, desk);
    }
}

/// What belongs to the approval that was spoken of last: deadline, reminders, escalation, outcomes.
pub(in crate::interview::rules) fn details(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let Some(id) = desk.one_of("await_approval").map(|step| step.id.clone()) else { return false };
    if clause.has(&["remind", "reminder", "reminders", "nudge", "reminded"]) {
        return reminders(clause, &id, desk);
    }
    if clause.has(&["escalate", "escalates", "escalation"]) {
        return escalation(clause, &id, desk);
    }
    if clause.has(&["rejected", "rejects", "declined", "declines"])
        && clause.has(&["if", "when", "on"])
        && !late(clause)
    {
        return on_rejected(clause, &id, desk);
    }
    if late(clause)
        && let Some(outcome) = outcome(&consequence(clause))
    {
        let said = match outcome {
            OnTimeout::Reject => "No answer in time counts as rejected.",
            OnTimeout::Approve => "No answer in time counts as approved.",
            OnTimeout::Fail => "No answer in time fails the run.",
        };
        desk.did(said);
        let due = span::span(&clause.0);
        return set(&id, ApprovalPatch { on_timeout: Some(outcome), due, ..ApprovalPatch::default() }, desk);
    }
    let deadline = clause.has(&["within", "deadline", "due"])
        || (clause.phrase(&["they", "have"])
            || clause.phrase(&["she", "has"])
            || clause.phrase(&["he", "has"]));
    match span::span(&clause.0).filter(|_| deadline) {
        Some(due) => {
            desk.did(format!("They have {} to decide.", summary::in_words(due)));
            set(&id, ApprovalPatch { due: Some(due), ..ApprovalPatch::default() }, desk)
        }
        None if clause.phrase(&["requester", "may"])
            || clause.phrase(&["may", "approve", "their", "own"]) =>
        {
            set(&id, ApprovalPatch { requester_may_approve: Some(true), ..ApprovalPatch::default() }, desk)
        }
        None => false,
    }
}

/// `if nobody answers`, `on time-out`, `if it is not approved in time`.
fn late(clause: &Clause) -> bool {
    clause.has(&[
        "nobody",
        "no-one",
        "noone",
        "timeout",
        "time-out",
        "late",
        "overdue",
        "otherwise",
        "expires",
    ]) || clause.phrase(&["no", "one"])
        || clause.phrase(&["times", "out"])
        || clause.phrase(&["no", "answer"])
        || clause.phrase(&["no", "response"])
        || clause.phrase(&["in", "time"])
}

/// What stands after the condition.
fn consequence(clause: &Clause) -> Vec<Word> {
    let comma = clause.0.iter().position(Word::is_break);
    let from = comma.or_else(|| {
        clause.find(&["time", "answers", "responds", "out", "otherwise", "decides", "replies", "then"])
    });
    clause.after(from.map_or(0, |at| at.saturating_add(1))).to_vec()
}

fn reminders(clause: &Clause, id: &StepId, desk: &mut Desk<'_>) -> bool {
    let mut after: Vec<Span> = spans(&clause.0).into_iter().map(|(span, _)| span).collect();
    // `after one, two and four days`: the unit stands once.
    if let [only] = after.as_slice()
        && let Some((_, at)) = spans(&clause.0).first()
    {
        let unit = only.seconds()
            / clause.0.get(at.saturating_sub(1)).and_then(|word| number(&word.low)).unwrap_or(1).max(1);
        let listed = clause.before(at.saturating_sub(1)).iter().filter_map(|word| number(&word.low));
        let more: Vec<Span> =
            listed.filter_map(|count| Span::try_from_seconds(count.checked_mul(unit)?).ok()).collect();
        after.extend(more);
    }
    if clause.has(&["daily"]) || clause.phrase(&["every", "day"]) {
        desk.note(
            "I can remind at fixed times after the question, such as after one day and after two; say which.",
        );
        return true;
    }
    after.sort_unstable();
    after.dedup();
    if after.is_empty() {
        desk.note("After how long should they be reminded?");
        return true;
    }
    let words: Vec<String> = after.iter().map(|span| summary::in_words(*span)).collect();
    desk.did(format!("They are reminded after {}.", summary::listed(&words)));
    set(id, ApprovalPatch { reminders: Some(after), ..ApprovalPatch::default() }, desk)
}

fn escalation(clause: &Clause, id: &StepId, desk: &mut Desk<'_>) -> bool {
    let people = spoken_of(&clause.0, desk.scene(), OwnerOf::Kri);
    if let (Some(after), false) = (span::span(&clause.0), people.parties.is_empty()) {
        desk.did(format!(
            "After {} it also asks {}.",
            summary::in_words(after),
            summary::people(&people.parties)
        ));
        let escalation = Some(Escalation { after, to: people.parties });
        set(id, ApprovalPatch { escalation, ..ApprovalPatch::default() }, desk)
    } else {
        desk.note("To escalate I need to know after how long and to whom, as in “escalate to the admins after two days”.");
        true
    }
}

fn on_rejected(clause: &Clause, id: &StepId, desk: &mut Desk<'_>) -> bool {
    let then = if clause.has(&["continue", "anyway"]) || clause.phrase(&["go", "on"]) {
        Then::Continue
    } else {
        Then::Stop
    };
    desk.did(if then == Then::Stop {
        "A rejection stops the run."
    } else {
        "A rejection lets the run go on."
    });
    set(id, ApprovalPatch { on_rejected: Some(then), ..ApprovalPatch::default() }, desk)
}
