//! Episodes: when a breach opens, is raised, lowered and closes (hazards H1: an edge, never a level; H5: flapping).

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::kri::standing::Judged;
use crate::kri::window::Evidence;
use crate::kri::{BreachClosed, BreachOpened, Closing, Level, Status};
use crate::{AccountId, BreachId, KriId, Sequence};

/// The breaches of a KRI, as far as its rules need them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Episodes {
    /// The one that is open.
    pub open: Option<Episode>,
    /// The latest that were closed, at most [`Episodes::CLOSED`]: they may still be remarked on.
    pub closed: VecDeque<BreachId>,
    /// Somebody closed a breach knowing what was observed up to then, so that none of it opens another.
    pub settled_until: Option<DateTime<Utc>>,
}

/// One breach, from its opening to its close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Episode {
    /// Its id.
    pub id: BreachId,
    /// How bad it is.
    pub level: Level,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Whether somebody has seen it.
    pub acknowledged: bool,
    /// Who answers for it.
    pub owner: Option<AccountId>,
    /// Until when it is to be silent.
    pub snoozed_until: Option<DateTime<Utc>>,
}

/// What the evidence makes of the open breach, or of there being none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    Opens(Level),
    Raises { from: Level, to: Level },
    Lowers { from: Level, to: Level },
    Recovers,
}

impl BreachId {
    /// The id of the episode that the KRI's event at that place opens: computed from its cause, so that whoever computes it
    /// names the same one (hazards H1).
    pub fn opened_by(kri: KriId, sequence: Sequence) -> Self {
        let digest = Sha256::new()
            .chain_update(b"draxis.breach\0")
            .chain_update(kri.ulid().0.to_be_bytes())
            .chain_update(sequence.get().to_be_bytes())
            .finalize();
        Self::of_hash(&digest)
    }
}

impl Episodes {
    /// How many closed episodes are remembered.
    pub const CLOSED: usize = 16;

    /// What the values make of the breach.
    pub(super) fn shift(&self, judged: Judged<'_>) -> Option<Shift> {
        let sustained = sustained(judged, self.settled_until);
        let Some(open) = &self.open else { return sustained.map(Shift::Opens) };
        match (sustained, eased(judged)) {
            (Some(to), _) if to > open.level => Some(Shift::Raises { from: open.level, to }),
            (_, Some(Status::Green)) => Some(Shift::Recovers),
            (_, Some(Status::Amber)) if open.level == Level::Red => {
                Some(Shift::Lowers { from: open.level, to: Level::Amber })
            }
            (_, Some(Status::Amber | Status::Red | Status::Unknown) | None) => None,
        }
    }

    pub(super) fn begin(&mut self, opened: &BreachOpened) {
        self.open = Some(Episode {
            id: opened.breach_id,
            level: opened.level,
            opened_at: opened.opened_at,
            acknowledged: false,
            owner: None,
            snoozed_until: None,
        });
    }

    pub(super) fn amend(&mut self, change: impl FnOnce(&mut Episode)) {
        if let Some(open) = &mut self.open {
            change(open);
        }
    }

    pub(super) fn end(&mut self, closed: &BreachClosed) {
        self.open = None;
        self.closed.push_front(closed.breach_id);
        self.closed.truncate(Self::CLOSED);
        self.settled_until = match closed.how {
            Closing::ByHand => Some(closed.closed_at),
            Closing::ByEvent { effective_at, .. } => Some(effective_at),
            Closing::Recovered | Closing::Archived => self.settled_until,
        };
    }
}

/// The level that the last readings all reach, as many as it takes to open; only those observed after `since` count.
pub(super) fn sustained(judged: Judged<'_>, since: Option<DateTime<Utc>>) -> Option<Level> {
    let needed = judged.body.flapping.open_after.get();
    let new = |evidence: &Evidence| since.is_none_or(|since| evidence.at > since);
    let last = judged.window.evidence().take_while(new).take(needed);
    let statuses: Vec<Status> = last.map(|evidence| judged.body.judge(evidence.value)).collect();
    if statuses.len() < needed { None } else { statuses.into_iter().min()?.level() }
}

/// The worst that the last readings still are, as many as it takes to close; none while there are fewer.
fn eased(judged: Judged<'_>) -> Option<Status> {
    let needed = judged.body.flapping.close_after.get();
    let last = judged.window.evidence().take(needed);
    let statuses: Vec<Status> = last.map(|evidence| judged.body.easing(evidence.value)).collect();
    if statuses.len() < needed { None } else { statuses.into_iter().max() }
}

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the events it is about")]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use crate::kri::given::{Given, body, names};
    use crate::kri::{Closing, KriCommand, KriEvent, Level};
    use crate::source::Schedule;
    use crate::{BreachId, KriId, Sequence};

    #[test]
    fn one_breach_is_one_episode_from_amber_over_red_to_its_close() {
        let mut kri = Given::kri("");
        assert_eq!(names(&kri.reads(1, 9)), ["kri.value_recorded"]);
        assert_eq!(names(&kri.reads(2, 10)), ["kri.value_recorded", "breach.opened"]);
        let id = kri.open();
        assert_eq!(names(&kri.reads(3, 11)), ["kri.value_recorded"], "an edge, never a level");
        assert_eq!(names(&kri.reads(4, 20)), ["kri.value_recorded", "breach.raised"]);
        assert_eq!(names(&kri.reads(5, 19)), ["kri.value_recorded", "breach.lowered"]);
        assert_eq!(kri.open(), id);
        let closed = kri.reads(6, 9);
        assert!(
            matches!(&closed[1], KriEvent::BreachClosed(end) if end.breach_id == id && end.how == Closing::Recovered)
        );
        kri.reads(7, 25);
        assert_ne!(kri.open(), id, "the next breach is another episode");
        assert_eq!(kri.state().episodes.open.as_ref().unwrap().level, Level::Red);
    }

    #[test]
    fn an_episode_is_named_by_the_event_that_opened_it() {
        let mut kri = Given::kri("");
        kri.reads(1, 9);
        kri.reads(2, 10);
        let place =
            kri.events.iter().position(|event| matches!(event, KriEvent::BreachOpened(_))).unwrap() + 1;
        let sequence = Sequence::new(u64::try_from(place).unwrap());
        assert_eq!(kri.open(), BreachId::opened_by(KriId::new(Ulid(1)), sequence));
        assert_eq!(kri.open().to_string(), "23WX1XVN7P4MNMSWHXQ3X2SJEX", "the same for ever");
    }

    #[test]
    fn editing_thresholds_judges_the_value_at_once() {
        let mut kri = Given::kri("");
        kri.reads(1, 9);
        let edit = |warn: i64| {
            let edited = crate::kri::KriBody { warn: crate::kri::given::q(warn), ..body("") };
            KriCommand::Edit { body: Box::new(edited), schedule: Some(Schedule::Hourly) }
        };
        assert_eq!(names(&kri.when(2, edit(9))), ["kri.edited", "breach.opened"]);
        assert_eq!(kri.state().standing.version, 2);
        let place = Sequence::new(u64::try_from(kri.events.len()).unwrap());
        assert_eq!(kri.open(), BreachId::opened_by(KriId::new(Ulid(1)), place));
        assert_eq!(names(&kri.when(3, edit(12))), ["kri.edited", "breach.closed"]);
    }

    #[test]
    fn a_breach_opens_after_as_many_readings_as_it_is_told_to_wait_for() {
        let mut kri = Given::kri(r#","flapping":{"openAfter":3,"closeAfter":2}"#);
        for (minute, value) in [(1, 12), (2, 25), (3, 5), (4, 12), (5, 25)] {
            kri.reads(minute, value);
        }
        assert!(kri.breaches().is_empty(), "the healthy reading starts the count anew");
        kri.reads(6, 25);
        assert_eq!(kri.breaches(), ["opened"]);
        assert_eq!(kri.state().episodes.open.as_ref().unwrap().level, Level::Amber, "what all three reach");
        kri.reads(7, 25);
        kri.reads(8, 5);
        assert_eq!(kri.breaches(), ["opened", "raised"]);
        kri.reads(9, 5);
        assert_eq!(kri.breaches(), ["opened", "raised", "closed"]);
    }

    #[test]
    fn a_breach_stays_open_until_the_recovery_threshold_is_reached() {
        let mut kri = Given::kri(r#","flapping":{"recovery":"6"}"#);
        for (minute, value) in [(1, 12), (2, 8), (3, 12), (4, 7)] {
            kri.reads(minute, value);
        }
        assert_eq!(kri.breaches(), ["opened"]);
        kri.reads(5, 6);
        assert_eq!(kri.breaches(), ["opened", "closed"], "the recovery threshold is inclusive");
    }

    #[test]
    fn a_red_breach_that_leaves_warn_but_not_recovery_is_lowered() {
        let mut kri = Given::kri(r#","flapping":{"recovery":"6"}"#);
        kri.reads(1, 30);
        kri.reads(2, 8);
        assert_eq!(kri.breaches(), ["opened", "lowered"]);
    }

    proptest! {
        #[test]
        fn a_sawtooth_is_one_episode(teeth in proptest::collection::vec((7..10_i64, 10..20_i64), 1..40)) {
            let mut kri = Given::kri(r#","flapping":{"recovery":"6"}"#);
            for (minute, (low, high)) in (0_i64..).step_by(2).zip(teeth) {
                kri.reads(minute, high);
                kri.reads(minute + 1, low);
            }
            prop_assert_eq!(kri.breaches(), ["opened"]);
        }

        #[test]
        fn a_sawtooth_faster_than_the_count_is_one_episode(teeth in 1..40_i64, close in 2..=10_i64) {
            let mut kri = Given::kri(&format!(r#","flapping":{{"closeAfter":{close}}}"#));
            for tooth in 0..teeth {
                kri.reads(tooth * close, 15);
                for low in 1..close {
                    kri.reads(tooth * close + low, 5);
                }
            }
            prop_assert_eq!(kri.breaches(), ["opened"]);
        }

        #[test]
        fn openings_and_closes_alternate_and_every_event_names_its_episode(
            values in proptest::collection::vec(0..30_i64, 1..60), open in 1..4_u8, close in 1..4_u8,
        ) {
            let mut kri = Given::kri(&format!(r#","flapping":{{"openAfter":{open},"closeAfter":{close}}}"#));
            for (minute, value) in (0_i64..).zip(values) {
                kri.reads(minute, value);
            }
            let mut current: Option<(BreachId, Level)> = None;
            for event in &kri.events {
                match event {
                    KriEvent::BreachOpened(opened) => {
                        prop_assert!(current.is_none());
                        current = Some((opened.breach_id, opened.level));
                    }
                    KriEvent::BreachRaised(shifted) | KriEvent::BreachLowered(shifted) => {
                        prop_assert_eq!(current, Some((shifted.breach_id, shifted.from)));
                        prop_assert_ne!(shifted.from, shifted.level);
                        current = Some((shifted.breach_id, shifted.level));
                    }
                    KriEvent::BreachClosed(closed) => {
                        prop_assert_eq!(current, Some((closed.breach_id, closed.from)));
                        current = None;
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(current, kri.state().episodes.open.as_ref().map(|open| (open.id, open.level)));
        }
    }
}
