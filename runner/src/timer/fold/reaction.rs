//! What a KRI's breaches have come to of late: everything that workflows may not have heard of yet.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};
use draxis_domain::kri::{KriEvent, Level};
use draxis_domain::{Actor, BreachId, Depth, EventId, Quantity, Sequence, TenantEvent};
use serde::{Deserialize, Serialize};

use crate::timer::fold::{Memo, Timer, Told};

/// How long what a breach came to is told again with what follows: more than telling it ever takes.
const TOLD_AGAIN: Duration = Duration::hours(1);
/// So much of it at most.
const MOST: usize = 16;

/// What a KRI's breaches have come to of late, the oldest first. Workflows that have heard of it take it for nothing new.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reactions {
    /// Each level that was reached.
    pub(crate) latest: VecDeque<Reached>,
}

/// A breach reached a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reached {
    /// The event that says so.
    pub(crate) event_id: EventId,
    /// Its place in the KRI.
    pub(crate) sequence: Sequence,
    /// Which episode.
    pub(crate) breach_id: BreachId,
    /// Which level.
    pub(crate) level: Level,
    /// When it was reached.
    pub(crate) at: DateTime<Utc>,
    /// The value that did it.
    pub(crate) value: Quantity,
    /// Who brought it about.
    pub(crate) actor: Actor,
    /// What that belongs to.
    pub(crate) correlation: Option<String>,
    /// How many reactions lie before it.
    pub(crate) depth: Depth,
}

impl Reached {
    /// What an event says of that kind.
    pub(crate) fn by(told: &Told) -> Option<Self> {
        let TenantEvent::Kri(event) = &told.event else { return None };
        let (breach_id, level, value, at) = if let KriEvent::BreachOpened(opened) = event {
            (opened.breach_id, opened.level, opened.value, opened.opened_at)
        } else if let KriEvent::BreachRaised(raised) = event {
            (raised.breach_id, raised.level, raised.value, told.recorded_at)
        } else {
            return None;
        };
        Some(Self {
            event_id: told.event_id,
            sequence: told.sequence,
            breach_id,
            level,
            at,
            value,
            actor: told.metadata.actor,
            correlation: told.metadata.correlation.clone(),
            depth: told.metadata.depth,
        })
    }
}

/// Due at once, whatever was due before: it is told of together.
pub(super) fn apply(timer: Option<Timer>, told: &Told) -> Option<Timer> {
    let Some(reached) = Reached::by(told) else { return timer };
    let before = timer.and_then(|timer| match timer.memo {
        Memo::Reactions(reactions) => Some(reactions),
        Memo::Nothing | Memo::Scheduled(_) | Memo::Wiring(_) | Memo::Trigger(_) | Memo::Run(_) => None,
    });
    let mut latest = before.unwrap_or_default().latest;
    latest.retain(|earlier| told.recorded_at - earlier.at < TOLD_AGAIN);
    latest.push_back(reached);
    while latest.len() > MOST {
        latest.pop_front();
    }
    let memo = Memo::Reactions(Reactions { latest });
    Some(Timer { due_at: Some(told.recorded_at), cause: told.event_id, memo })
}
