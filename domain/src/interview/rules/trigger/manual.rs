//! A start by hand, and what the person who starts it is asked.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::{ManualPatch, TriggerPatch};
use crate::workflow::{Input, InputType};

pub(super) fn is_manual(clause: &Clause) -> bool {
    clause.has(&["manually", "manual"])
        || clause.phrase(&["by", "hand"])
        || clause.phrase(&["on", "demand"])
        || (clause.has(&["button"])
            && clause.has(&["press", "presses", "push", "click", "clicks", "hit", "hits"]))
        || (clause.has(&["starts", "start", "run", "runs"])
            && clause.has(&["person", "somebody", "someone", "people"])
            && !clause.has(&["approve"]))
}

pub(super) fn manual(clause: &Clause, desk: &mut Desk<'_>) {
    let inputs = inputs(clause);
    let asked: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    let said = if asked.is_empty() {
        "Somebody starts it by hand.".to_owned()
    } else {
        format!("Somebody starts it by hand and fills in {}.", crate::interview::summary::listed(&asked))
    };
    let inputs = (!inputs.is_empty()).then_some(inputs);
    if desk.set_trigger(TriggerPatch::Manual(ManualPatch { inputs })) {
        desk.did(said);
    }
}

/// What the person who starts it is asked: `asked for a reason and a date`.
fn inputs(clause: &Clause) -> Vec<Input> {
    let from = clause.place_of(&["asked", "for"]).map(|at| at.saturating_add(2));
    let from = from.or_else(|| clause.place_of(&["fills", "in"]).map(|at| at.saturating_add(2)));
    let from = from.or_else(|| clause.find(&["enters", "gives", "enter"]).map(|at| at.saturating_add(1)));
    let Some(from) = from else { return Vec::new() };
    clause
        .after(from)
        .split(|word| word.is_break() || matches!(word.low.as_str(), "and" | "or"))
        .filter_map(|words| {
            let named: Vec<&str> = words
                .iter()
                .map(|word| word.low.as_str())
                .filter(|low| !matches!(*low, "a" | "an" | "the" | "their" | "his" | "her"))
                .collect();
            let name: String =
                named.join("_").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            let kind = match named.last().copied() {
                Some("date" | "day" | "deadline") => InputType::Date,
                Some("number" | "count" | "amount") => InputType::Number,
                _ => InputType::Text,
            };
            let good = name.starts_with(|c: char| c.is_ascii_lowercase());
            good.then(|| Input {
                name,
                label: None,
                kind,
                required: true,
                options: Vec::new(),
                default: None,
            })
        })
        .collect()
}
