//! Breaches as a backtest sees them: recorded ones, or those that other thresholds would have made, and which none answered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::kri::{KriEvent, Level, Rejudged};
use crate::workflow::backtest::{OtherThresholds, Tried};
use crate::workflow::event::WorkflowEvent;
use crate::workflow::run::{BreachReached, RunKey, RunTrigger};
use crate::{BreachId, KriId, KriSlug, Quantity, Recorded, TenantEvent};

/// So many breaches are looked at.
const MOST: usize = 10_000;

/// A breach that no run would have answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unanswered {
    /// Whose breach.
    pub kri_id: KriId,
    /// What that KRI is called.
    pub slug: KriSlug,
    /// Which episode.
    pub breach_id: BreachId,
    /// The worst level it reached.
    pub level: Level,
    /// When it began.
    pub opened_at: DateTime<Utc>,
    /// Why no run would have answered it.
    pub because: UnansweredBecause,
}

/// Why no run would have answered a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnansweredBecause {
    /// The trigger names another KRI, or none, and no other workflow ran on it.
    NotNamed,
    /// It never reached the level that the trigger asks for.
    LevelNotReached,
    /// The trigger names it, and nothing was started all the same: a pause, or it was open before.
    NotStarted,
}

/// Other thresholds that fit no KRI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misfit {
    /// Their place among those given.
    pub at: usize,
    /// What is wrong with them.
    pub detail: &'static str,
}

/// What is known of the KRIs.
#[derive(Debug, Clone)]
pub(super) struct Breaches {
    others: Vec<OtherThresholds>,
    kris: BTreeMap<String, Known>,
    episodes: BTreeMap<BreachId, BreachReached>,
    answered_by_others: BTreeSet<BreachId>,
    cut_short: bool,
}

/// One KRI.
#[derive(Debug, Clone)]
struct Known {
    id: KriId,
    slug: KriSlug,
    value: Option<Quantity>,
    previous: Option<Quantity>,
    rejudged: Option<Rejudged>,
    inverted: bool,
    open: Option<BreachReached>,
}

impl Breaches {
    pub(super) fn new(others: &[OtherThresholds]) -> Self {
        Self {
            others: others.to_vec(),
            kris: BTreeMap::new(),
            episodes: BTreeMap::new(),
            answered_by_others: BTreeSet::new(),
            cut_short: false,
        }
    }

    pub(super) const fn cut_short(&self) -> bool {
        self.cut_short
    }

    /// Whether the KRI's breaches are the recorded ones.
    pub(super) fn is_as_recorded(&self, kri: KriId) -> bool {
        self.kris.get(&kri.to_string()).is_none_or(|known| known.rejudged.is_none())
    }

    /// The breaches that are open.
    pub(super) fn open(&self) -> Vec<BreachReached> {
        self.kris.values().filter_map(|known| known.open.clone()).collect()
    }

    /// Another workflow's run answered a breach.
    pub(super) fn answered_by_another(&mut self, event: &WorkflowEvent) {
        if let WorkflowEvent::RunStarted(started) = event
            && let RunTrigger::KriBreach(breach) = &started.trigger
        {
            self.answered_by_others.insert(breach.breach_id);
        }
    }

    /// Other thresholds that no KRI has, or that lie the wrong way round.
    pub(super) fn misfits(&self) -> Vec<Misfit> {
        let told = |(at, other): (usize, &OtherThresholds)| {
            let known = self.kris.values().find(|known| other.kri.names(known.id, &known.slug));
            match known {
                None => Some(Misfit { at, detail: "names no KRI that there was by then" }),
                Some(known) if known.inverted => {
                    Some(Misfit { at, detail: "warn must be strictly healthier than critical" })
                }
                Some(_) => None,
            }
        };
        self.others.iter().enumerate().filter_map(told).collect()
    }

    /// Takes the next event of a KRI; answers with the level that a breach has reached by it, where one has.
    #[expect(clippy::fn_params_excessive_bools, reason = "one question, with yes or no")]
    pub(super) fn tell(
        &mut self,
        told: &Recorded<TenantEvent>,
        event: &KriEvent,
        inside: bool,
    ) -> Option<BreachReached> {
        if let KriEvent::Defined(defined) = event {
            let others = self.others.iter().find(|other| other.kri.names(defined.id, &defined.body.slug));
            let known = Known {
                id: defined.id,
                slug: defined.body.slug.clone(),
                value: None,
                previous: None,
                inverted: others.is_some_and(|other| {
                    Rejudged::by(other.warn, other.critical).fits(&defined.body).is_err()
                }),
                rejudged: others.map(|other| Rejudged::by(other.warn, other.critical)),
                open: None,
            };
            self.kris.insert(told.aggregate_id.clone(), known);
        }
        let known = self.kris.get_mut(&told.aggregate_id)?;
        known.note_value(event);
        let judged = match &mut known.rejudged {
            Some(rejudged) => rejudged.tell(&of_kri(told, event)),
            None => Some(event.clone()),
        };
        let reached = known.reached(&judged?, told.recorded_at)?;
        if inside {
            if self.episodes.len() < MOST || self.episodes.contains_key(&reached.breach_id) {
                let episode = self.episodes.entry(reached.breach_id).or_insert_with(|| reached.clone());
                episode.level = episode.level.max(reached.level);
            } else {
                self.cut_short = true;
            }
        }
        Some(reached)
    }

    /// The breaches that neither the runs with these keys nor another workflow's answered.
    pub(super) fn unanswered(&self, tried: &Tried, keys: &BTreeSet<&str>) -> Vec<Unanswered> {
        let mut found = Vec::new();
        for breach in self.episodes.values() {
            let asked = tried.level_asked(breach);
            let key = asked.map(|level| RunKey::Breach(breach.kri, breach.breach_id, level).to_string());
            let answered = key.is_some_and(|key| keys.contains(key.as_str()));
            let by_others =
                self.is_as_recorded(breach.kri) && self.answered_by_others.contains(&breach.breach_id);
            if answered || by_others {
                continue;
            }
            let because = match asked {
                None => UnansweredBecause::NotNamed,
                Some(level) if breach.level < level => UnansweredBecause::LevelNotReached,
                Some(_) => UnansweredBecause::NotStarted,
            };
            found.push(Unanswered {
                kri_id: breach.kri,
                slug: breach.slug.clone(),
                breach_id: breach.breach_id,
                level: breach.level,
                opened_at: breach.opened_at,
                because,
            });
        }
        found.sort_by_key(|breach| (breach.opened_at, breach.breach_id));
        found
    }
}

impl Known {
    fn note_value(&mut self, event: &KriEvent) {
        let standing = if let KriEvent::ValueRecorded(recorded) = event {
            &recorded.standing
        } else if let KriEvent::ValueAdjusted(adjusted) = event {
            &adjusted.standing
        } else if let KriEvent::ValueCorrected(corrected) = event {
            &corrected.standing
        } else {
            return;
        };
        self.previous = std::mem::replace(&mut self.value, standing.value);
    }

    /// The level that a breach has reached; none where the event says nothing of that kind.
    fn reached(&mut self, event: &KriEvent, at: DateTime<Utc>) -> Option<BreachReached> {
        if let KriEvent::BreachOpened(opened) = event {
            self.open = Some(BreachReached {
                kri: self.id,
                slug: self.slug.clone(),
                breach_id: opened.breach_id,
                level: opened.level,
                opened_at: opened.opened_at,
                reached_at: opened.opened_at,
                value: Some(opened.value),
                previous_value: self.previous,
            });
            return self.open.clone();
        }
        if matches!(event, KriEvent::BreachClosed(_)) {
            self.open = None;
        }
        let open = self.open.as_mut()?;
        if let KriEvent::BreachLowered(lowered) = event {
            open.level = lowered.level;
        }
        let KriEvent::BreachRaised(raised) = event else { return None };
        open.level = raised.level;
        open.reached_at = at;
        open.value = Some(raised.value);
        open.previous_value = self.previous;
        Some(open.clone())
    }
}

fn of_kri(told: &Recorded<TenantEvent>, event: &KriEvent) -> Recorded<KriEvent> {
    Recorded {
        position: told.position,
        event_id: told.event_id,
        aggregate_id: told.aggregate_id.clone(),
        sequence: told.sequence,
        recorded_at: told.recorded_at,
        metadata: told.metadata.clone(),
        event: event.clone(),
    }
}
