//! Breaches: one row an episode, with everything that happened in it.

use chrono::{DateTime, Utc};
use draxis_domain::kri::{BreachOpened, Closing, KriEvent, Level};
use draxis_domain::{
    AccountId, Actor, BreachId, Comment, EventId, KriId, Position, Quantity, Recorded, TenantEvent,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of breaches. Keys: `breach/<id>` holds the episode, `opened/<position>` names it in the order of opening,
/// because its id is computed from its cause and has no order.
#[derive(Debug, Clone, Copy)]
pub struct Breaches;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreachesRow {
    /// An episode.
    Breach(Box<BreachRow>),
    /// Which episode was opened at a position.
    Opened(BreachId),
}

/// One breach, from its opening to its close.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreachRow {
    /// Its id.
    pub id: BreachId,
    /// Counts what happened to it; the `ETag`.
    pub version: u64,
    /// The KRI.
    pub kri_id: KriId,
    /// The position at which it was opened: its place in lists.
    pub position: Position,
    /// How bad it is, or was last.
    pub level: Level,
    /// How bad it was at its worst.
    pub worst: Level,
    /// The value that opened it or changed its level last.
    pub value: Option<Quantity>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was closed; none while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// How it was closed.
    pub closing: Option<Closing>,
    /// Whether somebody has seen it.
    pub acknowledged: bool,
    /// Who answers for it.
    pub owner: Option<AccountId>,
    /// Until when it is to be silent.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// What happened, in order.
    pub timeline: Vec<BreachMoment>,
}

/// Something that happened to a breach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreachMoment {
    /// The event.
    pub event_id: EventId,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub what: WhatHappened,
}

/// What happened to a breach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum WhatHappened {
    /// It began.
    Opened {
        /// How bad.
        level: Level,
        /// The value.
        value: Quantity,
    },
    /// It got worse.
    Raised {
        /// How bad.
        level: Level,
        /// The value.
        value: Quantity,
    },
    /// It got better without ending.
    Lowered {
        /// How bad.
        level: Level,
        /// The value.
        value: Quantity,
    },
    /// It ended.
    Closed {
        /// How.
        closing: Closing,
        /// The value then.
        value: Option<Quantity>,
    },
    /// Somebody has seen it.
    Acknowledged,
    /// It was given to somebody, or back.
    Assigned {
        /// To whom.
        owner: Option<AccountId>,
    },
    /// Somebody remarked on it.
    Commented {
        /// What.
        comment: Comment,
    },
    /// It was silenced.
    Snoozed {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The silence was ended.
    Woken,
}

/// Which breaches are asked for; every limit that is absent admits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BreachFilter {
    /// Open ones, or closed ones.
    pub open: Option<bool>,
    /// Of this KRI.
    pub kri_id: Option<KriId>,
    /// Of this level, or last of it.
    pub level: Option<Level>,
    /// Seen by somebody, or by nobody.
    pub acknowledged: Option<bool>,
    /// Answered for by this account.
    pub owner: Option<AccountId>,
}

impl BreachFilter {
    pub(crate) fn admits(&self, breach: &BreachRow) -> bool {
        self.open.is_none_or(|open| breach.closed_at.is_none() == open)
            && self.kri_id.is_none_or(|kri| breach.kri_id == kri)
            && self.level.is_none_or(|level| breach.level == level)
            && self.acknowledged.is_none_or(|acknowledged| breach.acknowledged == acknowledged)
            && self.owner.is_none_or(|owner| breach.owner == Some(owner))
    }
}

impl Projection for Breaches {
    const TABLE: Table = Table::Breaches;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = BreachesRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let Some((id, what)) = of_kri(&told.event).and_then(happened) else { return Vec::new() };
        let breach = key(&id.to_string());
        match what {
            WhatHappened::Opened { .. } => vec![breach, opened_key(told.position)],
            WhatHappened::Raised { .. }
            | WhatHappened::Lowered { .. }
            | WhatHappened::Closed { .. }
            | WhatHappened::Acknowledged
            | WhatHappened::Assigned { .. }
            | WhatHappened::Commented { .. }
            | WhatHappened::Snoozed { .. }
            | WhatHappened::Woken => vec![breach],
        }
    }

    fn apply(key: &str, row: Option<BreachesRow>, told: &Recorded<TenantEvent>) -> Option<BreachesRow> {
        let Some(event) = of_kri(&told.event) else { return row };
        let Some((id, what)) = happened(event) else { return row };
        if key.starts_with(OPENED) {
            return Some(BreachesRow::Opened(id));
        }
        let mut breach = match (row, event) {
            (_, KriEvent::BreachOpened(opened)) => Box::new(BreachRow::begun(opened, told)?),
            (Some(BreachesRow::Breach(breach)), _) => breach,
            (row, _) => return row,
        };
        breach.happen(what, told);
        Some(BreachesRow::Breach(breach))
    }
}

/// What keys of the order of opening begin with.
pub(crate) const OPENED: &str = "opened/";

/// The key of an episode.
pub(crate) fn key(breach: &str) -> String {
    format!("breach/{breach}")
}

fn opened_key(position: Position) -> String {
    format!("{OPENED}{}", cursor(position))
}

/// A breach's place in lists.
pub(crate) fn cursor(opened: Position) -> String {
    format!("{:020}", opened.get())
}

/// The event of a KRI, where it is one. A new aggregate is decided on here, a new event of a KRI in each fold.
pub(crate) const fn of_kri(event: &TenantEvent) -> Option<&KriEvent> {
    match event {
        TenantEvent::Kri(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Interview(_)
        | TenantEvent::Audit(_) => None,
    }
}

/// What an event says of a breach, where it says something.
fn happened(event: &KriEvent) -> Option<(BreachId, WhatHappened)> {
    Some(match event {
        KriEvent::BreachOpened(opened) => {
            (opened.breach_id, WhatHappened::Opened { level: opened.level, value: opened.value })
        }
        KriEvent::BreachRaised(shifted) => {
            (shifted.breach_id, WhatHappened::Raised { level: shifted.level, value: shifted.value })
        }
        KriEvent::BreachLowered(shifted) => {
            (shifted.breach_id, WhatHappened::Lowered { level: shifted.level, value: shifted.value })
        }
        KriEvent::BreachClosed(closed) => {
            (closed.breach_id, WhatHappened::Closed { closing: closed.how, value: closed.value })
        }
        KriEvent::BreachAcknowledged(seen) => (seen.breach_id, WhatHappened::Acknowledged),
        KriEvent::BreachAssigned(assigned) => {
            (assigned.breach_id, WhatHappened::Assigned { owner: assigned.owner })
        }
        KriEvent::BreachCommented(commented) => {
            (commented.breach_id, WhatHappened::Commented { comment: commented.comment.clone() })
        }
        KriEvent::BreachSnoozed(snoozed) => {
            (snoozed.breach_id, WhatHappened::Snoozed { until: snoozed.until })
        }
        KriEvent::BreachWoken(woken) => (woken.breach_id, WhatHappened::Woken),
        KriEvent::Defined(_)
        | KriEvent::Edited(_)
        | KriEvent::RiskLinked(_)
        | KriEvent::RiskUnlinked(_)
        | KriEvent::Rescheduled(_)
        | KriEvent::Archived(_)
        | KriEvent::ValueRecorded(_)
        | KriEvent::ValueAdjusted(_)
        | KriEvent::ValueCorrected(_)
        | KriEvent::WentStale(_) => return None,
    })
}

impl BreachRow {
    fn begun(opened: &BreachOpened, told: &Recorded<TenantEvent>) -> Option<Self> {
        Some(Self {
            id: opened.breach_id,
            version: 0,
            kri_id: told.aggregate_id.parse().ok()?,
            position: told.position,
            level: opened.level,
            worst: opened.level,
            value: Some(opened.value),
            opened_at: opened.opened_at,
            closed_at: None,
            closing: None,
            acknowledged: false,
            owner: None,
            snoozed_until: None,
            timeline: Vec::new(),
        })
    }

    fn happen(&mut self, what: WhatHappened, told: &Recorded<TenantEvent>) {
        match &what {
            WhatHappened::Opened { .. } | WhatHappened::Commented { .. } => {}
            WhatHappened::Raised { level, value } => {
                self.shift(*level, *value);
                self.snoozed_until = None;
            }
            WhatHappened::Lowered { level, value } => self.shift(*level, *value),
            WhatHappened::Closed { closing, value } => {
                self.closing = Some(*closing);
                self.value = value.or(self.value);
                self.closed_at = Some(told.recorded_at);
            }
            WhatHappened::Acknowledged => self.acknowledged = true,
            WhatHappened::Assigned { owner } => self.owner = *owner,
            WhatHappened::Snoozed { until } => self.snoozed_until = Some(*until),
            WhatHappened::Woken => self.snoozed_until = None,
        }
        self.version = self.version.saturating_add(1);
        let (event_id, at, actor) = (told.event_id, told.recorded_at, told.metadata.actor);
        self.timeline.push(BreachMoment { event_id, at, actor, what });
    }

    fn shift(&mut self, level: Level, value: Quantity) {
        self.level = level;
        self.worst = self.worst.max(level);
        self.value = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::kri::{BreachCommand, Closing, KriCommand, Level};

    use super::{BreachFilter, BreachRow, Breaches, BreachesRow, WhatHappened};
    use crate::memory::fold_in_memory;
    use crate::told::{Told, q};

    fn episodes(told: &Told) -> Vec<BreachRow> {
        let rows = fold_in_memory::<Breaches>(&told.events);
        let opened: Vec<_> = rows
            .values()
            .filter_map(|row| if let BreachesRow::Opened(id) = row { Some(*id) } else { None })
            .collect();
        opened
            .into_iter()
            .map(|id| match &rows[&super::key(&id.to_string())] {
                BreachesRow::Breach(breach) => (**breach).clone(),
                BreachesRow::Opened(_) => panic!("no episode"),
            })
            .collect()
    }

    #[test]
    fn an_episode_tells_its_story_from_opening_to_close() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 10, 12);
        let id = kri.open_breach();
        told.when(&mut kri, 11, KriCommand::Breach { id, command: BreachCommand::Acknowledge });
        told.reads(&mut kri, 20, 25);
        told.reads(&mut kri, 30, 1);
        told.reads(&mut kri, 40, 15);
        let [first, second] = episodes(&told).try_into().unwrap();
        assert_eq!(
            (first.id, first.level, first.worst, first.acknowledged),
            (id, Level::Red, Level::Red, true)
        );
        assert_eq!((first.closing, first.value), (Some(Closing::Recovered), Some(q(1))));
        assert_eq!((first.version, first.timeline.len()), (4, 4));
        assert!(matches!(first.timeline[2].what, WhatHappened::Raised { level: Level::Red, .. }));
        assert!(second.closed_at.is_none() && second.position > first.position);
        let open = BreachFilter { open: Some(true), ..BreachFilter::default() };
        assert_eq!((open.admits(&first), open.admits(&second)), (false, true));
    }
}
