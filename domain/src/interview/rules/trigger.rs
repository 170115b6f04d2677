//! What starts a workflow: a KRI's breach, a schedule, a person.

mod manual;
mod schedule;

use crate::interview::rules::clause::{Clause, LEVELS};
use crate::interview::rules::clock::timing;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::kri::{Meant, by_slug, meant};
use crate::interview::rules::trigger::manual::{is_manual, manual};
pub(super) use crate::interview::rules::trigger::schedule::schedule;
use crate::interview::rules::trigger::schedule::{is_schedule, missed, overlap};
use crate::interview::rules::word::{Manner, Sort, Word};
use crate::interview::rules::zone::zone;
use crate::interview::summary::clipped;
use crate::interview::{BreachPatch, Question, Topic, TriggerPatch};
use crate::kri::Level;
use crate::workflow::{KriRef, OnActivate};

/// Words that begin a condition.
const OPENERS: &[&str] = &["when", "whenever", "if", "once", "as", "should", "upon"];

/// Words that stand between a KRI and its level.
const REACHES: &[&str] = &[
    "goes", "go", "turns", "turn", "gets", "get", "becomes", "become", "hits", "hit", "reaches", "reach",
    "is", "are", "crosses", "cross", "falls", "enters", "moves", "went", "going", "breaches", "breach",
    "has", "to", "drops", "rises",
];

/// Whether the clause says what starts the workflow.
pub(super) fn is_start(clause: &Clause, desk: &Desk<'_>) -> bool {
    let clause = clause.bare();
    is_breach(&clause, desk) || is_schedule(&clause) || is_manual(&clause)
}

/// Takes down what the clause says of the start.
pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>) {
    let clause = clause.bare();
    if is_breach(&clause, desk) {
        breach(&clause, desk);
    } else if is_manual(&clause) {
        manual(&clause, desk);
    } else {
        schedule(&clause, desk, Manner::Sentence);
    }
}

fn is_breach(clause: &Clause, desk: &Desk<'_>) -> bool {
    if clause.has(&["remind", "nudge", "nobody", "escalate", "reminder"]) {
        return false;
    }
    let levelled = clause.has(LEVELS);
    let opened = clause.starts_with(OPENERS)
        || clause.phrase(&["do", "it", "when"])
        || clause.phrase(&["start", "when"]);
    if (opened || clause.has(&["when", "whenever"])) && levelled {
        return true;
    }
    if clause.phrase(&["on", "a", "breach"])
        || clause.phrase(&["breach", "of"])
        || clause.phrase(&["on", "breach"])
    {
        return true;
    }
    // As few words as do: a KRI and a colour, before anything else has been said of the start.
    let short = clause.len() <= 8 && clause.0.last().is_some_and(|word| level_of(&word.low).is_some());
    let unset = desk.trigger_kind().is_none() || desk.was_asked(Topic::Kri) || desk.was_asked(Topic::Trigger);
    let names = || matches!(meant(&kri_words(clause), desk.scene()), Meant::One(_));
    short && unset && (clause.len() == 1 || names()) && !desk.was_asked(Topic::Level)
}

/// The level a word means.
fn level_of(low: &str) -> Option<Level> {
    match low {
        "red" | "critical" => Some(Level::Red),
        "amber" | "yellow" | "orange" | "warning" | "warn" => Some(Level::Amber),
        _ => None,
    }
}

/// The level that a clause names; both, where it names both.
pub(super) fn level(words: &[Word]) -> Option<Result<Level, ()>> {
    let lows: Vec<&str> =
        words.iter().filter(|word| word.sort == Sort::Plain).map(|word| word.low.as_str()).collect();
    if lows.windows(3).any(|three| matches!(three, ["amber" | "yellow", "or", "worse" | "above" | "higher"]))
    {
        return Some(Ok(Level::Amber));
    }
    let reached = lows.iter().position(|low| REACHES.contains(low));
    let mut found: Vec<Level> = lows
        .iter()
        .enumerate()
        // `critical` is a part of many a name: it is a level only where one is reached.
        .filter(|(at, low)| {
            **low != "critical" || reached.is_some_and(|reached| reached < *at) || lows.len() == 1
        })
        .filter(|(at, _)| at.checked_sub(1).and_then(|at| lows.get(at)).is_none_or(|before| *before != "not"))
        .filter_map(|(_, low)| level_of(low))
        .collect();
    found.sort();
    found.dedup();
    match found.as_slice() {
        [] => None,
        [one] => Some(Ok(*one)),
        _ => Some(Err(())),
    }
}

/// The words of a clause that may name a KRI: what stands between the opener and the level.
fn kri_words(clause: &Clause) -> Vec<Word> {
    let from = clause
        .find(&["when", "whenever"])
        .map_or_else(|| usize::from(clause.starts_with(OPENERS)), |at| at.saturating_add(1));
    let from = clause.place_of(&["breach", "of"]).map_or(from, |at| at.saturating_add(2));
    let words = clause.after(from);
    let verb = words.iter().enumerate().position(|(at, word)| {
        let next = words.get(at.saturating_add(1)).map(|next| next.low.as_str());
        let reaches = REACHES.contains(&word.low.as_str()) && word.low != "to";
        // `is a`, `has been`: part of the way there.
        at > 0
            && reaches
            && (next.is_none() || words.iter().skip(at).any(|later| LEVELS.contains(&later.low.as_str())))
    });
    let end = verb.or_else(|| words.iter().rposition(|word| level_of(&word.low).is_some()));
    words
        .get(..end.unwrap_or(words.len()))
        .unwrap_or_default()
        .iter()
        .filter(|word| word.low != "soon" && word.low != "as")
        .cloned()
        .collect()
}

fn breach(clause: &Clause, desk: &mut Desk<'_>) {
    let mut patch = BreachPatch::default();
    let tail =
        clause.after(clause.0.iter().position(|word| REACHES.contains(&word.low.as_str())).unwrap_or(0));
    let both = match level(clause.0.as_slice()).or_else(|| level(tail)) {
        Some(Ok(level)) => {
            patch.level = Some(level);
            false
        }
        Some(Err(())) => true,
        None => false,
    };
    if both {
        desk.note("Amber and red are one choice: at amber it also starts when the KRI is red at once, at red it waits for red.");
    }
    patch.on_activate = open_breach(clause);
    let words = kri_words(clause);
    let found = meant(&words, desk.scene());
    if let Meant::One(slug) = &found {
        patch.kri = KriRef::try_from(slug.clone()).ok();
    }
    let had = desk.trigger_field("kri").map(str::to_owned);
    if desk.set_trigger(TriggerPatch::KriBreach(patch.clone())) {
        say_start(desk);
    }
    if let Meant::Perhaps(heard, candidates) = found
        && (had.is_none() || clause.has(&["when", "whenever"]))
    {
        desk.unsettled(Question { topic: Topic::Kri, step: None, heard: Some(heard), candidates });
    }
}

fn say_start(desk: &mut Desk<'_>) {
    let called = desk
        .trigger_field("kri")
        .and_then(|slug| by_slug(slug, desk.scene()))
        .map(|kri| clipped(desk.scene().kri_name(kri)));
    let level = match desk.trigger_field("level") {
        Some("amber") => Some("amber"),
        Some(_) => Some("red"),
        None => None,
    };
    let said = match (called, level) {
        (Some(kri), Some(level)) => format!("It starts when “{kri}” goes {level}."),
        (Some(kri), None) => format!("It starts on a breach of “{kri}”."),
        (None, Some(level)) => format!("It starts at {level}."),
        (None, None) => return,
    };
    desk.did(said);
}

/// Whether the clause says that an open breach counts.
fn open_breach(clause: &Clause) -> Option<OnActivate> {
    if clause.phrase(&["already", "open"])
        || clause.phrase(&["open", "breach"])
        || clause.phrase(&["including", "open"])
    {
        return Some(OnActivate::OpenBreach);
    }
    (clause.phrase(&["new", "breaches"]) || clause.phrase(&["next", "breach"]))
        .then_some(OnActivate::NextBreach)
}

/// What adjusts a start that is known: another level, another time, another place, what becomes of missed times.
pub(super) fn adjust(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    if desk.trigger_kind() == Some("schedule") {
        if clause.has(&["missed", "miss", "misses"]) || clause.phrase(&["catch", "up"]) {
            return missed(clause, desk);
        }
        if clause.has(&["overlap", "overlaps", "overlapping"]) || clause.phrase(&["still", "running"]) {
            return overlap(clause, desk);
        }
        let about_steps = clause.has(&[
            "email", "ticket", "slack", "approval", "approve", "remind", "wait", "panel", "report",
            "document", "escalate", "within",
        ]);
        let manner = if clause.has(&["make"]) { Manner::Answer } else { Manner::Sentence };
        let timing = timing(&clause.0, manner);
        if !about_steps
            && (!timing.is_empty() || zone(&clause.0, Manner::Sentence).is_some())
            && schedule(clause, desk, manner)
        {
            return true;
        }
        if clause.has(&["weekly", "monthly"]) {
            desk.note(if clause.has(&["weekly"]) {
                "On which day of the week?"
            } else {
                "On which day of the month?"
            });
            return true;
        }
    }
    if desk.trigger_kind() == Some("kri_breach") {
        if let Some(on_activate) = open_breach(clause) {
            return desk.set_trigger(TriggerPatch::KriBreach(BreachPatch {
                on_activate: Some(on_activate),
                ..BreachPatch::default()
            }));
        }
        if let Some(Ok(level)) = level(&clause.0)
            && clause.len() <= 10
        {
            let set = desk.set_trigger(TriggerPatch::KriBreach(BreachPatch {
                level: Some(level),
                ..BreachPatch::default()
            }));
            say_start(desk);
            return set;
        }
        let corrects = clause.has(&["instead", "kri", "watch", "meant", "mean", "indicator"])
            || clause.starts_with(&["use", "make", "change", "take"]);
        if corrects && let Meant::One(slug) = meant(&clause.0, desk.scene()) {
            let kri = KriRef::try_from(slug).ok();
            let set =
                desk.set_trigger(TriggerPatch::KriBreach(BreachPatch { kri, ..BreachPatch::default() }));
            say_start(desk);
            return set;
        }
    }
    false
}
