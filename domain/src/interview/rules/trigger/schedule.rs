//! Schedules: which times, by which clock, and what becomes of those that were missed.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::clock::{self, Timing, timing};
use crate::interview::rules::desk::Desk;
use crate::interview::rules::word::Manner;
use crate::interview::rules::zone::zone;
use crate::interview::{SchedulePatch, TriggerPatch};
use crate::workflow::{Missed, Overlap};

pub(super) fn is_schedule(clause: &Clause) -> bool {
    if clause.has(&["remind", "nudge", "reminder", "reminders", "within", "escalate"]) {
        return false;
    }
    let recurs = clause.has(&[
        "every",
        "each",
        "daily",
        "weekly",
        "monthly",
        "hourly",
        "quarterly",
        "nightly",
        "yearly",
        "annually",
        "weekdays",
        "biweekly",
    ]);
    let on_days =
        clause.starts_with(&["on", "mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "at"])
            && (clause.0.iter().any(|word| clock::weekday(&word.low).is_some())
                || clause.has(&["month", "quarter"]));
    (recurs || on_days) && !timing(&clause.0, Manner::Sentence).is_empty()
        || (clause.has(&["weekly", "monthly", "yearly", "annually"]) && clause.len() <= 6)
}

/// Takes down times and a zone. In an answer a number on its own is a time.
pub(in crate::interview::rules) fn schedule(clause: &Clause, desk: &mut Desk<'_>, manner: Manner) -> bool {
    let Timing { cron, clock, days, cannot } = timing(&clause.0, manner);
    if let Some(cannot) = cannot {
        desk.note(cannot);
        return true;
    }
    let time_zone = zone(&clause.0, manner).map(str::to_owned);
    let other_kind = desk.trigger_kind() != Some("schedule");
    if cron.is_none() && clock.is_none() && days.is_none() && time_zone.is_none() && !other_kind {
        return false;
    }
    // A rhythm within the day has no time of the day.
    let (clock, days) = if cron.is_some() { (None, None) } else { (clock, days) };
    let patch = SchedulePatch { clock, days, cron, time_zone, ..SchedulePatch::default() };
    if desk.set_trigger(TriggerPatch::Schedule(patch)) {
        let pattern = desk.trigger_field("cron").map(clock::in_words);
        let zone = desk.trigger_field("timeZone").map(str::to_owned);
        let said = match (pattern, zone) {
            (Some(pattern), Some(zone)) => format!("It runs {pattern} ({zone})."),
            (Some(pattern), None) => format!("It runs {pattern}."),
            (None, Some(zone)) => format!("It runs by the clock of {zone}."),
            (None, None) => "It runs on a schedule.".to_owned(),
        };
        desk.did(said);
    }
    true
}

pub(super) fn missed(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let missed = if clause.has(&["skip", "ignore", "none", "forget", "never", "drop", "go"])
        || clause.phrase(&["don't"])
    {
        Missed::None
    } else if clause.has(&["all", "every"]) {
        Missed::All { up_to: 10 }
    } else {
        Missed::Latest
    };
    desk.did(match missed {
        Missed::None => "Missed times are let go.",
        Missed::All { .. } => "Missed times are run afterwards, ten at most.",
        Missed::Latest => "Of missed times the latest is run.",
    });
    desk.set_trigger(TriggerPatch::Schedule(SchedulePatch {
        missed: Some(missed),
        ..SchedulePatch::default()
    }))
}

pub(super) fn overlap(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let overlap = if clause.has(&["skip", "drop"]) {
        Overlap::Skip
    } else if clause.has(&["allow", "parallel", "anyway", "beside"]) {
        Overlap::Allow
    } else {
        Overlap::QueueOne
    };
    desk.set_trigger(TriggerPatch::Schedule(SchedulePatch {
        overlap: Some(overlap),
        ..SchedulePatch::default()
    }))
}
