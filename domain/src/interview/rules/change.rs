//! Corrections: what goes, what moves, what takes another's place.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::people::{OwnerOf, spoken_of};
use crate::interview::rules::step;
use crate::interview::rules::word::Manner;
use crate::interview::summary;
use crate::interview::{ApprovalPatch, DraftTool, NotifyPatch, Place, StepPatch};
use crate::workflow::{Party, StepId};

/// What somebody begins with who wants something gone.
const GONE: &[&str] = &[
    "drop", "remove", "delete", "scrap", "forget", "cancel", "lose", "skip", "no", "without", "don't", "not",
    "omit", "never", "kill", "strike", "ditch",
];

/// Takes down a correction, if the clause is one.
pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    instead(clause, desk) || gone(clause, desk) || moved(clause, desk)
}

fn gone(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let out = clause.phrase(&["take", "out"])
        || clause.phrase(&["leave", "out"])
        || clause.phrase(&["get", "rid", "of"])
        || clause.phrase(&["take", "off"]);
    if !clause.starts_with(GONE) && !out {
        return false;
    }
    // `Skip missed runs` is about the schedule.
    if clause.has(&["missed", "run", "runs"]) && !clause.has(&["ticket", "slack", "email"]) {
        return false;
    }
    if detail_gone(clause, desk) {
        return true;
    }
    if let Some(id) = step::target(&Clause(clause.after(1).to_vec()), desk) {
        let kind = desk
            .draft()
            .steps()
            .iter()
            .find(|step| step.id == id)
            .map(|step| word(step.kind()))
            .unwrap_or_default();
        if desk.call(DraftTool::RemoveStep { id }) {
            desk.did(format!("I have taken out the {kind}."));
        }
        return true;
    }
    // Nobody in particular is meant by whoever comes next: `Not Priya, Lena should approve`.
    let people = spoken_of(clause.after(1), desk.scene(), OwnerOf::Workflow);
    if !people.parties.is_empty() {
        desk.negated.clone_from(&people.parties);
        return person_gone(clause, &people.parties, desk) || clause.starts_with(&["not"]);
    }
    // What was never there need not go.
    if step::noun(clause).is_some() {
        return true;
    }
    clause.starts_with(&["not"])
        && (super::zone::zone(&clause.0, Manner::Answer).is_some() || clause.len() <= 3)
}

/// A reminder, an escalation, a deadline's end: parts of an approval that can go by themselves.
fn detail_gone(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let field = if clause.has(&["reminder", "reminders"]) {
        "reminders"
    } else if clause.has(&["escalation"]) {
        "escalation"
    } else {
        return false;
    };
    let Some(id) =
        desk.one_of("await_approval").filter(|step| step.field(field).is_some()).map(|step| step.id.clone())
    else {
        return true;
    };
    let tool = DraftTool::ChangeStep { id, step: None, frame: None, clear: vec![field.to_owned()] };
    if desk.call(tool) {
        desk.did(format!("I have taken out the {field}."));
    }
    true
}

/// `Remove Marco from the approvers`, `don't email Lena`.
fn person_gone(clause: &Clause, people: &[Party], desk: &mut Desk<'_>) -> bool {
    if clause.starts_with(&["not"]) {
        return false;
    }
    let (kind, field) = if clause.has(&["owner", "owners"]) {
        let left: Vec<Party> =
            desk.draft().owners().into_iter().filter(|owner| !people.contains(owner)).collect();
        return !left.is_empty() && desk.call(DraftTool::SetOwners { owners: left });
    } else if clause.has(&["approvers", "approver", "approval"]) {
        ("await_approval", "approvers")
    } else {
        ("notify_owner", "to")
    };
    let found = desk.steps_of(kind).into_iter().find_map(|step| {
        let had: Vec<Party> = serde_json::from_value(step.field(field)?.clone()).ok()?;
        had.iter().any(|party| people.contains(party)).then(|| (step.id.clone(), had))
    });
    let Some((id, had)) = found else { return false };
    let left: Vec<Party> = had.into_iter().filter(|party| !people.contains(party)).collect();
    if left.is_empty() {
        return desk.call(DraftTool::RemoveStep { id });
    }
    desk.did(format!("That leaves {}.", summary::people(&left)));
    if kind == "await_approval" {
        desk.call(DraftTool::SetApproval {
            id,
            approval: ApprovalPatch { approvers: Some(left), ..ApprovalPatch::default() },
        })
    } else {
        desk.change(&id, StepPatch::NotifyOwner(NotifyPatch { to: Some(left), ..NotifyPatch::default() }))
    }
}

fn word(kind: &str) -> &'static str {
    match kind {
        "notify_owner" => "email",
        "create_ticket" => "ticket",
        "panel_query" => "question to the panel",
        "produce_document" => "document",
        "post_slack" => "Slack post",
        "await_approval" => "approval",
        "emit_kri_event" => "KRI event",
        _ => "wait",
    }
}

/// `Email Sam instead of Slack`, `replace the Slack post with an email to Sam`.
fn instead(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let (old, new) = if let Some(at) = clause.place_of(&["instead", "of"]) {
        (Clause(clause.after(at.saturating_add(2)).to_vec()), Clause(clause.before(at).to_vec()))
    } else if let Some(at) = clause.place_of(&["rather", "than"]) {
        (Clause(clause.after(at.saturating_add(2)).to_vec()), Clause(clause.before(at).to_vec()))
    } else if let Some(at) =
        clause.find(&["with", "by"]).filter(|_| clause.starts_with(&["replace", "swap", "exchange"]))
    {
        (Clause(clause.before(at).to_vec()), Clause(clause.after(at.saturating_add(1)).to_vec()))
    } else {
        return false;
    };
    let Some(id) = step::noun(&old).and_then(|_| step::target(&old, desk)) else { return false };
    let Some(kind) = step::kind(&new, desk) else { return false };
    let place = Some(Place::Before(id.clone()));
    let before: Vec<StepId> = desk.steps_of(kind).iter().map(|step| step.id.clone()).collect();
    if !before.contains(&id) {
        step::read_at(&new, desk, place);
        desk.call(DraftTool::RemoveStep { id });
        return true;
    }
    false
}

/// `Put the ticket first`, `move the post before the ticket`.
fn moved(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let moves = clause.starts_with(&["move", "put", "swap", "do", "place", "bring"])
        || clause.has(&["come", "comes", "happen", "happens"]);
    if !moves {
        return false;
    }
    if clause.starts_with(&["swap"]) {
        return swapped(clause, desk);
    }
    let at = clause.find(&["before", "after", "first", "last", "end", "top", "bottom", "beginning", "start"]);
    let Some((at, how)) = at.and_then(|at| Some((at, clause.0.get(at)?.low.clone()))) else { return false };
    let Some(id) = step::target(&Clause(clause.before(at).to_vec()), desk) else { return false };
    let behind = Clause(clause.after(at.saturating_add(1)).to_vec());
    let place = match how.as_str() {
        "before" | "after" => {
            if behind.has(&["everything", "all", "anything"]) {
                if how == "before" { Place::First } else { Place::Last }
            } else {
                let Some(other) = step::target(&behind, desk) else { return false };
                if how == "before" { Place::Before(other) } else { Place::After(other) }
            }
        }
        "last" | "end" | "bottom" => Place::Last,
        _ => Place::First,
    };
    if desk.call(DraftTool::MoveStep { id, place }) {
        desk.did("I have moved it.");
    }
    true
}

fn swapped(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let Some(at) = clause.find(&["and", "with"]) else { return false };
    let one = step::target(&Clause(clause.before(at).to_vec()), desk);
    let other = step::target(&Clause(clause.after(at).to_vec()), desk);
    let (Some(one), Some(other)) = (one, other) else { return false };
    let order: Vec<StepId> = desk.draft().steps().iter().map(|step| step.id.clone()).collect();
    let place = |id: &StepId| order.iter().position(|known| known == id);
    let (first, second) = if place(&one) < place(&other) { (one, other) } else { (other, one) };
    let follows_first =
        place(&first).and_then(|at| order.get(at.saturating_add(1))).cloned().filter(|next| *next != second);
    let moved = desk.call(DraftTool::MoveStep { id: first.clone(), place: Place::After(second.clone()) });
    let place = follows_first.map_or(Place::Before(first), Place::Before);
    let moved = desk.call(DraftTool::MoveStep { id: second, place }) && moved;
    if moved {
        desk.did("I have swapped them.");
    }
    moved
}
