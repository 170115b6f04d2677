//! Slots: the instants on which a schedule falls for one source, spread so that sources do not all start at once.

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::source::Schedule;
use crate::{RunId, SourceId};

impl Schedule {
    /// The first slot of the source later than an instant; none where only a person asks. Slots lie an interval apart from
    /// each other at an offset that is the source's own, whatever happened before: a late run does not shift the next.
    pub fn slot_after(self, source: SourceId, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let interval = self.interval()?.num_milliseconds();
        let offset = offset(source, interval);
        let passed = after.timestamp_millis().checked_sub(offset)?.checked_div_euclid(interval)?;
        let next = passed.checked_add(1)?.checked_mul(interval)?.checked_add(offset)?;
        DateTime::from_timestamp_millis(next)
    }
}

/// The source's own place within an interval, in milliseconds: its id's digest, so that it is the same wherever computed.
fn offset(source: SourceId, interval: i64) -> i64 {
    let digest = Sha256::new()
        .chain_update(b"draxis.source_slot\0")
        .chain_update(source.ulid().0.to_be_bytes())
        .finalize();
    let place = digest.iter().take(7).fold(0_i64, |bits, byte| (bits << 8) | i64::from(*byte));
    place.checked_rem(interval).unwrap_or_default()
}

impl RunId {
    /// The run that a source's schedule asks for at an instant: computed from its cause, so that whoever computes it names
    /// the same one (hazards H1).
    pub fn scheduled(source: SourceId, due_at: DateTime<Utc>) -> Self {
        let digest = Sha256::new()
            .chain_update(b"draxis.scheduled_run\0")
            .chain_update(source.ulid().0.to_be_bytes())
            .chain_update(due_at.timestamp_micros().to_be_bytes())
            .finalize();
        let noise = digest.iter().take(10).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let due_ms = u64::try_from(due_at.signed_duration_since(DateTime::UNIX_EPOCH).num_milliseconds());
        Self::new(Ulid::from_parts(due_ms.unwrap_or_default(), noise))
    }
}

/// A run is given up as lost well within the shortest interval, so that the next slot finds the source free.
const _: () = assert!(crate::source::Source::RUN_LIMIT.num_minutes() < Duration::hours(1).num_minutes());

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use chrono::{DateTime, Duration, Utc};
    use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Just;
    use ulid::Ulid;

    use crate::source::Schedule;
    use crate::{RunId, SourceId};

    fn source(n: u128) -> SourceId {
        SourceId::new(Ulid(n))
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    fn scheduled() -> impl Strategy<Value = Schedule> {
        prop_oneof![Just(Schedule::Hourly), Just(Schedule::Daily), Just(Schedule::Weekly)]
    }

    proptest! {
        #[test]
        fn the_next_slot_is_ahead_within_an_interval_and_on_one_grid(
            schedule in scheduled(), id in 0..u128::MAX, now in 0..4_000_000_000_000_i64, later in 0..4_000_000_000_i64
        ) {
            let interval = schedule.interval().unwrap();
            let next = schedule.slot_after(source(id), at(now)).unwrap();
            prop_assert!(next > at(now) && next - at(now) <= interval);
            prop_assert_eq!(schedule.slot_after(source(id), next), Some(next + interval));
            let far = schedule.slot_after(source(id), at(now + later)).unwrap();
            prop_assert_eq!((far - next).num_milliseconds() % interval.num_milliseconds(), 0);
        }
    }

    #[test]
    fn a_thousand_sources_do_not_start_in_the_same_second() {
        for (schedule, most) in [(Schedule::Hourly, 6), (Schedule::Daily, 3), (Schedule::Weekly, 2)] {
            let mut seconds: BTreeMap<i64, u32> = BTreeMap::new();
            for n in 0..1_000 {
                let slot = schedule.slot_after(source(n), at(1_790_000_000_000)).unwrap();
                *seconds.entry(slot.timestamp()).or_default() += 1;
            }
            let crowd = seconds.values().max().unwrap();
            assert!(*crowd <= most, "{schedule:?}: {crowd} in one second");
        }
    }

    #[test]
    fn nothing_is_due_by_itself_where_a_person_asks() {
        assert_eq!(Schedule::Manual.slot_after(source(1), at(0)), None);
    }

    #[test]
    fn slots_and_runs_are_the_same_for_ever() {
        let slot = Schedule::Daily.slot_after(source(1), at(1_790_000_000_000)).unwrap();
        assert_eq!(slot.to_rfc3339(), "2026-09-22T12:50:05.756+00:00");
        assert_eq!(RunId::scheduled(source(1), slot).to_string(), "01M34JN4SWZ7A6RZA7RVW17605");
    }

    #[test]
    fn every_slot_of_every_source_names_a_run_of_its_own() {
        let slots = (0..50).map(|hour| at(0) + Duration::hours(hour));
        let runs: BTreeSet<RunId> =
            slots.flat_map(|slot| (0..50).map(move |n| RunId::scheduled(source(n), slot))).collect();
        assert_eq!(runs.len(), 2_500);
    }
}
