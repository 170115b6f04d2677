//! Who owns the workflow, and what it is called.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::people::{OwnerOf, People, spoken_of};
use crate::interview::rules::word::{Sort, Word};
use crate::interview::summary;
use crate::interview::{DraftTool, Question, Topic};
use crate::workflow::{Party, Yes};

/// Takes down owners or a name, if the clause is about them.
pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    name(clause, desk) || owners(clause, desk)
}

fn owners(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let owns = clause.has(&["owns", "own", "owned"])
        || clause.phrase(&["workflow", "owner"])
        || clause.phrase(&["workflow", "owners"])
        || clause.phrase(&["the", "owner", "is"])
        || clause.phrase(&["the", "owners", "are"])
        || clause.phrase(&["the", "owner", "should", "be"])
        || clause.phrase(&["as", "owner"])
        || clause.phrase(&["as", "owners"])
        || clause.phrase(&["responsible", "for"]);
    let does = clause.has(&[
        "email", "mail", "tell", "notify", "approve", "approves", "ticket", "post", "inform", "alert",
    ]);
    if !owns || does {
        return false;
    }
    let people = spoken_of(&clause.0, desk.scene(), OwnerOf::Workflow);
    if people.parties.is_empty() && people.unsettled.is_none() {
        return false;
    }
    let adds = clause.has(&["also", "too", "add", "well"]);
    let kept = if adds { desk.draft().owners() } else { Vec::new() };
    take(&people, kept, desk);
    true
}

/// Makes those people the owners, besides those who are kept, or asks about whoever is not known.
pub(super) fn take(people: &People, kept: Vec<Party>, desk: &mut Desk<'_>) -> bool {
    if let Some((heard, candidates)) = people.unsettled.as_ref().filter(|_| people.parties.is_empty()) {
        let candidates = candidates.iter().map(ToString::to_string).collect();
        desk.unsettled(Question { topic: Topic::Owners, step: None, heard: Some(heard.clone()), candidates });
        return true;
    }
    let mut owners = kept;
    for party in &people.parties {
        if !owners.contains(party) {
            owners.push(*party);
        }
    }
    if owners.is_empty() && people.owners {
        owners.push(Party::KriOwner(Yes));
    }
    if owners.is_empty() {
        return false;
    }
    if desk.call(DraftTool::SetOwners { owners: owners.clone() }) {
        desk.did(format!("It is owned by {}.", summary::people(&owners)));
    }
    true
}

fn name(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let pairs: &[&[&str]] = &[
        &["call", "it"],
        &["name", "it"],
        &["call", "this"],
        &["name", "this"],
        &["call", "the", "workflow"],
        &["name", "the", "workflow"],
        &["its", "name", "is"],
        &["the", "name", "is"],
        &["it's", "called"],
        &["title", "it"],
        &["the", "workflow", "is", "called"],
        &["rename", "it", "to"],
    ];
    let Some(from) = pairs.iter().find_map(|pair| Some(clause.place_of(pair)?.saturating_add(pair.len())))
    else {
        return false;
    };
    let rest = clause.after(from);
    let name = rest
        .iter()
        .find(|word| word.sort == Sort::Quoted)
        .map_or_else(|| written(rest), |word| word.raw.clone());
    let name: String = name.trim().chars().take(200).collect();
    if name.is_empty() {
        return false;
    }
    if desk.call(DraftTool::SetName { name: name.clone() }) {
        desk.did(format!("It is called “{}”.", summary::clipped(&name)));
    }
    true
}

fn written(words: &[Word]) -> String {
    words
        .iter()
        .take_while(|word| !word.is_break())
        .map(|word| word.raw.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}
