//! What a KRI's events mean: when its reading grows stale, when its breach speaks up again, who must hear of it, which source it
//! is read from.

use draxis_domain::kri::{KriBody, KriEvent, Standing};
use draxis_domain::source::Schedule;

use crate::timer::TimerKind;
use crate::timer::fold::{Change, PaceChange, TimerKey, key};

pub(super) fn changes(kri: &str, event: &KriEvent) -> Vec<(TimerKey, Change)> {
    let wake = |change| vec![(key(TimerKind::BreachWake, kri), change)];
    match event {
        KriEvent::Defined(defined) => wired(kri, &defined.body, defined.schedule).into_iter().collect(),
        KriEvent::Edited(edited) => wired(kri, &edited.body, edited.schedule)
            .into_iter()
            .chain([stale(kri, &edited.standing)])
            .collect(),
        KriEvent::Rescheduled(rescheduled) => vec![stale(kri, &rescheduled.standing)],
        KriEvent::ValueRecorded(recorded) => vec![stale(kri, &recorded.standing)],
        KriEvent::ValueAdjusted(adjusted) => vec![stale(kri, &adjusted.standing)],
        KriEvent::ValueCorrected(corrected) => vec![stale(kri, &corrected.standing)],
        KriEvent::WentStale(went) => vec![stale(kri, &went.standing)],
        KriEvent::Archived(_) => vec![
            (key(TimerKind::KriStale, kri), Change::Clear),
            (key(TimerKind::BreachWake, kri), Change::Clear),
        ],
        KriEvent::BreachSnoozed(snoozed) => wake(Change::Due(snoozed.until)),
        // One that is raised speaks up all the same, and another episode has not been silenced.
        KriEvent::BreachRaised(_) | KriEvent::BreachOpened(_) => {
            vec![
                (key(TimerKind::BreachWake, kri), Change::Clear),
                (key(TimerKind::BreachReaction, kri), Change::React),
            ]
        }
        KriEvent::BreachWoken(_) | KriEvent::BreachClosed(_) => wake(Change::Clear),
        KriEvent::RiskLinked(_)
        | KriEvent::RiskUnlinked(_)
        | KriEvent::BreachLowered(_)
        | KriEvent::BreachAcknowledged(_)
        | KriEvent::BreachAssigned(_)
        | KriEvent::BreachCommented(_) => Vec::new(),
    }
}

/// Every event about values carries how the KRI stands with it: the last word on its term.
fn stale(kri: &str, standing: &Standing) -> (TimerKey, Change) {
    let change = match standing.stale_at {
        Some(at) if !standing.stale => Change::Due(at),
        Some(_) | None => Change::Clear,
    };
    (key(TimerKind::KriStale, kri), change)
}

fn wired(kri: &str, body: &KriBody, schedule: Option<Schedule>) -> Option<(TimerKey, Change)> {
    let (source, kri) = (body.source_id?, kri.parse().ok()?);
    Some((key(TimerKind::KriReschedule, &source), Change::Pace(PaceChange::Wired(kri, schedule))))
}
