//! The rules of values: readings, adjustments, corrections and growing stale (hazards H6, H12).

use chrono::{DateTime, Duration, SubsecRound, Utc};

use crate::kri::standing::Judged;
use crate::kri::{
    Adjustment, KriEvent, KriState, NewReading, Operator, PastReading, Reading, Standing, ValueAdjusted,
    ValueCorrected, ValueRecorded, WentStale, Window,
};
use crate::source::Schedule;
use crate::{Moment, Quantity, Rejection, Sequence};

impl KriState {
    /// How far ahead of ours another clock may run.
    pub const CLOCK_SKEW: Duration = Duration::minutes(5);
    /// How far ahead a value may expire.
    pub const LONGEST_EXPIRY: Duration = Duration::days(3653);
    /// The code of the refusal of a command that was made from a log which has moved on; made again from it, it may hold.
    pub const MOVED_ON: &'static str = "kri.moved_on";

    pub(super) fn record(&self, new: NewReading, moment: &Moment) -> Result<Vec<KriEvent>, Rejection> {
        if new.source_id.is_some() && new.source_id != self.body.source_id {
            return Err(Rejection::conflict(
                "kri.not_wired",
                "the KRI is not measured by this source; set its sourceId to take values from it",
            ));
        }
        let mut recorded = ValueRecorded {
            value: new.value,
            observed_at: happened("/observedAt", new.observed_at, moment)?,
            source_id: new.source_id,
            run_id: new.run_id,
            note: new.note,
            expires_at: new.expires_at.map(|expiry| expiry.trunc_subsecs(6)),
            superseded: false,
            standing: Standing::default(),
        };
        recorded.check_expiry(moment)?;
        match self.window.find(recorded.observed_at, recorded.run_id) {
            Some(kept) if kept.read == recorded.value => return Ok(Vec::new()),
            Some(_) => {
                return Err(Rejection::conflict(
                    "kri.reading_exists",
                    "another value is recorded for this very time; correct that one instead",
                ));
            }
            None => {}
        }
        let reading = recorded.reading(self.sequence.next());
        let mut window = self.window.clone();
        window.record(reading.clone());
        recorded.superseded = window.latest() != Some(&reading);
        let after = self.judged(&window);
        recorded.standing = self.standing_after(after, self.schedule, moment.now);
        Ok(self.with_shift(KriEvent::ValueRecorded(recorded), after, moment.now))
    }

    pub(super) fn adjust(
        &self,
        mut adjustment: Adjustment,
        moment: &Moment,
    ) -> Result<Vec<KriEvent>, Rejection> {
        if self.window.holds(adjustment.id) {
            return Ok(Vec::new());
        }
        let set = adjustment.change.operation == Operator::Set;
        if !set && adjustment.change.amount < Quantity::ZERO {
            let detail = "must not be negative; use the opposite operation";
            return Err(Rejection::invalid("kri.negative_amount", "/amount", detail));
        }
        adjustment.effective_at = happened("/effectiveAt", adjustment.effective_at, moment)?;
        let superseded = !self.window.counts(&adjustment);
        let mut window = self.window.clone();
        window.adjust(adjustment.clone());
        let after = self.judged(&window);
        let standing = self.standing_after(after, self.schedule, moment.now);
        let cause = KriEvent::ValueAdjusted(ValueAdjusted { adjustment, superseded, standing });
        Ok(self.with_shift(cause, after, moment.now))
    }

    pub(super) fn correct(
        &self,
        sequence: Sequence,
        past: Option<PastReading>,
        to: Option<Quantity>,
        moment: &Moment,
    ) -> Result<Vec<KriEvent>, Rejection> {
        let (observed_at, stands) = self.known(sequence, past)?;
        if stands == to {
            return Ok(Vec::new());
        }
        let mut window = self.window.clone();
        window.correct(sequence, to);
        let after = self.judged(&window);
        let cause = KriEvent::ValueCorrected(ValueCorrected {
            reading: sequence,
            observed_at,
            was: stands,
            value: to,
            standing: self.standing_after(after, self.schedule, moment.now),
        });
        Ok(self.with_shift(cause, after, moment.now))
    }

    /// What is known of a reading: by the state where it keeps it, else by the log as long as nothing has happened since it was
    /// asked, so that two corrections at once never both claim to have replaced the same value.
    fn known(
        &self,
        sequence: Sequence,
        past: Option<PastReading>,
    ) -> Result<(DateTime<Utc>, Option<Quantity>), Rejection> {
        if let Some(kept) = self.window.named(sequence) {
            return Ok((kept.observed_at, kept.stands));
        }
        let past = past.ok_or(Rejection::NotFound { noun: "reading" })?;
        if past.seen != self.sequence {
            return Err(Rejection::conflict(Self::MOVED_ON, "the KRI has changed meanwhile; try again"));
        }
        Ok((past.observed_at, past.stands))
    }

    /// A timer that comes early, twice or for a reading that a fresh one has replaced changes nothing.
    pub(super) fn mark_stale(&self, moment: &Moment) -> Vec<KriEvent> {
        match self.standing.stale_at {
            Some(since) if since <= moment.now && !self.standing.stale => {
                let standing = Standing { stale: true, ..self.standing.clone() };
                vec![KriEvent::WentStale(WentStale { since, standing })]
            }
            Some(_) | None => Vec::new(),
        }
    }

    /// How the KRI will stand. While the reading and its term stay as they are, only its timer says that the term is over,
    /// so that growing stale is always an event of its own.
    pub(super) fn standing_after(
        &self,
        after: Judged<'_>,
        schedule: Option<Schedule>,
        now: DateTime<Utc>,
    ) -> Standing {
        let standing = after.standing(schedule, now);
        let term = |standing: &Standing| (standing.observed_at, standing.stale_at);
        let same = term(&standing) == term(&self.standing);
        Standing { stale: if same { self.standing.stale } else { standing.stale }, ..standing }
    }

    /// These values by the present definition.
    pub(super) fn judged<'a>(&'a self, window: &'a Window) -> Judged<'a> {
        Judged { window, body: &self.body, version: self.version }
    }
}

impl ValueRecorded {
    fn check_expiry(&self, moment: &Moment) -> Result<(), Rejection> {
        let Some(expiry) = self.expires_at else { return Ok(()) };
        if expiry <= self.observed_at || expiry.signed_duration_since(moment.now) > KriState::LONGEST_EXPIRY {
            let detail = "must be later than observedAt and at most ten years ahead";
            return Err(Rejection::invalid("kri.expiry", "/expiresAt", detail));
        }
        Ok(())
    }

    /// The reading this event recorded at that place of its KRI.
    pub(super) fn reading(&self, sequence: Sequence) -> Reading {
        Reading {
            sequence,
            observed_at: self.observed_at,
            run_id: self.run_id,
            read: self.value,
            stands: Some(self.value),
            expires_at: self.expires_at,
        }
    }
}

/// A time told by somebody else's clock: neither in the future beyond the skew between clocks nor before there were such
/// clocks, and as exact as a database keeps it.
fn happened(pointer: &str, at: DateTime<Utc>, moment: &Moment) -> Result<DateTime<Utc>, Rejection> {
    if at.signed_duration_since(moment.now) > KriState::CLOCK_SKEW {
        let minutes = KriState::CLOCK_SKEW.num_minutes();
        return Err(Rejection::invalid(
            "kri.in_the_future",
            pointer,
            format!("must not be later than now; clocks may differ by {minutes} minutes"),
        ));
    }
    if at < DateTime::UNIX_EPOCH {
        return Err(Rejection::invalid("kri.before_1970", pointer, "must not be earlier than 1970"));
    }
    Ok(at.trunc_subsecs(6))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use ulid::Ulid;

    use crate::kri::given::{Given, adjustment, at, code, names, pointers, q, reading};
    use crate::kri::{KriCommand, KriEvent, NewReading, Operator, PastReading, Status, Window};
    use crate::source::Schedule;
    use crate::{EventSet, Quantity, RunId, Sequence, SourceId};

    fn record(value: i64, observed: i64) -> KriCommand {
        KriCommand::RecordReading(reading(value, observed))
    }

    fn adjust(id: u128, operation: Operator, amount: i64, effective: i64) -> KriCommand {
        KriCommand::Adjust(adjustment(id, operation, amount, effective))
    }

    fn correct(sequence: u64, to: Option<i64>) -> KriCommand {
        KriCommand::Correct { reading: Sequence::new(sequence), past: None, to: to.map(q) }
    }

    #[test]
    fn a_patch_that_arrives_after_the_scan_that_saw_it_changes_nothing() {
        // The worked example of hazards H12.
        let mut kri = Given::kri("");
        kri.when(541, record(10, 540));
        kri.when(601, record(9, 600));
        let events = kri.when(605, adjust(1, Operator::Decrement, 1, 570));
        assert!(matches!(&events[0], KriEvent::ValueAdjusted(late) if late.superseded));
        assert_eq!(kri.state().standing.value, Some(q(9)), "9, not 8");
        assert_eq!(
            kri.when(606, adjust(1, Operator::Decrement, 1, 570)),
            Vec::new(),
            "one event adjusts once"
        );
    }

    #[test]
    fn a_patch_counts_until_the_next_scan_supersedes_it() {
        let mut kri = Given::kri("");
        kri.when(541, record(10, 540));
        kri.when(571, adjust(1, Operator::Decrement, 3, 570));
        assert_eq!(kri.state().standing.value, Some(q(7)));
        kri.when(601, record(9, 600));
        assert_eq!(kri.state().standing.value, Some(q(9)));
    }

    #[test]
    fn a_late_reading_is_history_only() {
        let mut kri = Given::kri("");
        kri.when(61, record(3, 60));
        let events = kri.when(62, record(99, 30));
        assert_eq!(names(&events), ["kri.value_recorded"]);
        assert!(matches!(&events[0], KriEvent::ValueRecorded(late) if late.superseded));
        assert_eq!(kri.state().standing.value, Some(q(3)));
        assert_eq!(kri.state().standing.observed_at, Some(at(60)));
    }

    #[test]
    fn the_same_reading_again_is_nothing_new_and_another_value_for_its_time_is_refused() {
        let mut kri = Given::kri("");
        kri.when(61, record(3, 60));
        assert_eq!(kri.asked(62, record(3, 60)), Ok(Vec::new()));
        assert_eq!(code(kri.asked(62, record(4, 60))), "kri.reading_exists");
        kri.when(63, correct(2, Some(5)));
        assert_eq!(kri.asked(64, record(3, 60)), Ok(Vec::new()), "a repeated run does not undo a correction");
        assert_eq!(kri.state().standing.value, Some(q(5)));
    }

    #[test]
    fn an_adjustment_makes_no_value_out_of_nothing_and_waits_for_the_reading() {
        let mut kri = Given::kri("");
        kri.when(31, adjust(1, Operator::Set, 0, 30));
        assert_eq!(kri.state().standing.value, None, "a zero must have been read (hazards H6)");
        assert_eq!(kri.state().standing.status, Status::Unknown);
        kri.when(40, record(10, 20));
        assert_eq!(kri.state().standing.value, Some(q(0)));
    }

    #[test]
    fn times_in_the_future_are_refused_beyond_the_skew_of_clocks() {
        let kri = Given::kri("");
        assert_eq!(pointers(kri.asked(10, record(3, 16))), ["/observedAt"]);
        assert!(kri.asked(10, record(3, 15)).is_ok());
        assert_eq!(pointers(kri.asked(10, adjust(1, Operator::Set, 3, 16))), ["/effectiveAt"]);
    }

    #[test]
    fn times_that_no_database_or_reader_could_keep_are_refused() {
        let kri = Given::kri("");
        assert_eq!(pointers(kri.asked(10, record(3, -1))), ["/observedAt"]);
        for expiry in [at(5), at(11 * 366 * 24 * 60)] {
            let expiring = NewReading { expires_at: Some(expiry), ..reading(3, 5) };
            assert_eq!(pointers(kri.asked(10, KriCommand::RecordReading(expiring))), ["/expiresAt"]);
        }
        let fine = DateTime::from_timestamp_nanos(1_234_567_891);
        let events =
            kri.asked(10, KriCommand::RecordReading(NewReading { observed_at: fine, ..reading(3, 0) }));
        let kept = DateTime::from_timestamp_micros(1_234_567).unwrap();
        assert!(matches!(&events.unwrap()[0], KriEvent::ValueRecorded(read) if read.observed_at == kept));
    }

    #[test]
    fn a_negative_amount_is_refused_where_it_would_turn_the_operation_round() {
        let kri = Given::kri("");
        assert_eq!(pointers(kri.asked(10, adjust(1, Operator::Decrement, -1, 5))), ["/amount"]);
        assert!(kri.asked(10, adjust(1, Operator::Set, -1, 5)).is_ok());
    }

    #[test]
    fn a_source_that_is_not_wired_writes_nothing() {
        let kri = Given::kri("");
        let foreign = NewReading { source_id: Some(SourceId::new(Ulid(8))), ..reading(3, 5) };
        assert_eq!(code(kri.asked(10, KriCommand::RecordReading(foreign))), "kri.not_wired");
    }

    #[test]
    fn withdrawing_the_current_reading_brings_back_the_one_before_with_its_adjustments() {
        let mut kri = Given::kri("");
        kri.when(541, record(9, 540));
        kri.when(571, adjust(1, Operator::Decrement, 2, 570));
        kri.when(601, record(30, 600));
        assert_eq!(kri.state().standing.status, Status::Red);
        let withdrawn = kri.when(610, correct(4, None));
        assert_eq!(names(&withdrawn), ["kri.value_corrected", "breach.closed"]);
        assert_eq!(kri.state().standing.value, Some(q(7)));
    }

    #[test]
    fn correcting_an_older_reading_leaves_the_value() {
        let mut kri = Given::kri("");
        kri.reads(10, 3);
        kri.reads(20, 4);
        kri.when(30, correct(2, Some(99)));
        assert_eq!(kri.state().standing.value, Some(q(4)));
        assert_eq!(kri.when(31, correct(2, Some(99))), Vec::new());
        assert_eq!(code(kri.asked(32, correct(77, Some(1)))), "reading");
        let past =
            |seen| Some(PastReading { observed_at: at(1), stands: Some(q(8)), seen: Sequence::new(seen) });
        let known_to_the_log =
            |seen| KriCommand::Correct { reading: Sequence::new(77), past: past(seen), to: None };
        assert_eq!(names(&kri.asked(32, known_to_the_log(4)).unwrap()), ["kri.value_corrected"]);
        assert_eq!(code(kri.asked(32, known_to_the_log(3))), "kri.moved_on", "another may have corrected it");
    }

    #[test]
    fn a_reading_goes_stale_once_and_only_when_it_is_due() {
        let mut kri = Given::kri("");
        kri.reads(10, 3);
        assert_eq!(kri.when(129, KriCommand::MarkStale), Vec::new(), "hourly has a grace of two hours");
        assert_eq!(names(&kri.when(130, KriCommand::MarkStale)), ["kri.went_stale"]);
        assert!(kri.state().standing.stale);
        assert_eq!(kri.state().standing.value, Some(q(3)), "value and freshness are two things");
        assert_eq!(kri.when(131, KriCommand::MarkStale), Vec::new());
        kri.reads(140, 3);
        assert!(!kri.state().standing.stale);
        assert_eq!(kri.when(150, KriCommand::MarkStale), Vec::new(), "the old timer finds a fresh reading");
    }

    #[test]
    fn a_reading_that_is_already_old_is_stale_from_the_start() {
        let mut kri = Given::kri("");
        kri.when(500, record(3, 10));
        assert!(kri.state().standing.stale);
        kri.when(501, KriCommand::Reschedule(Some(Schedule::Weekly)));
        assert!(!kri.state().standing.stale, "by a slower pace it is fresh");
    }

    #[test]
    fn an_adjustment_makes_a_value_neither_fresh_nor_stale() {
        let mut kri = Given::kri("");
        kri.reads(10, 3);
        kri.when(500, adjust(1, Operator::Increment, 1, 400));
        assert!(!kri.state().standing.stale, "the timer is late, and it is the timer that says so");
        assert_eq!(names(&kri.when(501, KriCommand::MarkStale)), ["kri.went_stale"]);
        kri.when(502, adjust(2, Operator::Increment, 1, 502));
        assert!(kri.state().standing.stale);
    }

    #[test]
    fn a_value_expires_when_it_says_so() {
        let mut kri = Given::kri("");
        kri.when(10, KriCommand::RecordReading(NewReading { expires_at: Some(at(20)), ..reading(3, 10) }));
        assert_eq!(kri.state().standing.stale_at, Some(at(20)), "before its schedule's grace is over");
        assert_eq!(names(&kri.when(20, KriCommand::MarkStale)), ["kri.went_stale"]);
    }

    #[test]
    fn a_reading_costs_few_bytes() {
        let mut kri = Given::kri("");
        let now = DateTime::from_timestamp_micros(1_772_366_400_123_456).unwrap();
        let run_id = Some(RunId::new(Ulid(u128::MAX)));
        let read = NewReading {
            observed_at: now,
            run_id,
            value: Quantity::parse("123.45").unwrap(),
            ..reading(0, 0)
        };
        let minute = now.signed_duration_since(DateTime::UNIX_EPOCH).num_minutes() + 1;
        let events = kri.when(minute, KriCommand::RecordReading(read));
        let payload = events[0].payload().unwrap();
        assert!(payload.len() <= 300, "{} bytes: {payload}", payload.len());
    }

    /// What arrives at a KRI: readings of distinct minutes and adjustments with distinct ids, in their true order.
    fn arrivals() -> impl Strategy<Value = Vec<KriCommand>> {
        let readings = proptest::collection::btree_map(0..500_i64, 0..40_i64, 0..2 * Window::READINGS);
        let operator = prop_oneof![Just(Operator::Increment), Just(Operator::Decrement), Just(Operator::Set)];
        let adjustments = proptest::collection::vec((operator, 0..9_i64, 0..500_i64), 0..12);
        (readings, adjustments).prop_map(|(readings, adjustments)| {
            let adjusts = adjustments
                .into_iter()
                .zip(1_u128..)
                .map(|((operation, amount, effective), id)| adjust(id, operation, amount, effective));
            readings.into_iter().map(|(observed, value)| record(value, observed)).chain(adjusts).collect()
        })
    }

    proptest! {
        #[test]
        fn any_order_and_duplication_of_arrivals_folds_to_one_value(
            (arrivals, shuffled) in arrivals().prop_flat_map(|once| {
                let twice: Vec<KriCommand> = once.iter().cloned().chain(once.iter().cloned()).collect();
                (Just(once), Just(twice).prop_shuffle())
            })
        ) {
            let fold = |commands: Vec<KriCommand>| {
                let mut kri = Given::kri("");
                for command in commands {
                    kri.when(600, command);
                }
                let standing = kri.state().standing.clone();
                (standing, kri.state().episodes.open.as_ref().map(|open| open.level))
            };
            let (straight, _) = fold(arrivals);
            let (mixed, level) = fold(shuffled);
            prop_assert_eq!(&straight, &mixed);
            prop_assert_eq!(straight.status.level(), level, "without damping the breach is as the value is");
        }

        #[test]
        fn the_value_is_the_last_reading_plus_what_took_effect_after_it(arrivals in arrivals()) {
            let mut kri = Given::kri("");
            let (mut last, mut changes) = (None, Vec::new());
            for command in arrivals {
                if let KriCommand::RecordReading(new) = &command {
                    last = last.max(Some((new.observed_at, new.value)));
                }
                if let KriCommand::Adjust(adjustment) = &command {
                    changes.push(adjustment.clone());
                }
                kri.when(600, command);
            }
            changes.sort_by_key(|change| (change.effective_at, change.id));
            let expected = last.map(|(observed, value)| {
                let later = changes.iter().filter(|change| change.effective_at > observed);
                later.fold(value, |value, adjustment| adjustment.change.apply(value))
            });
            prop_assert_eq!(kri.state().standing.value, expected);
        }

        #[test]
        fn the_state_stays_bounded_and_the_value_right(values in proptest::collection::vec(0..40_i64, 1..60)) {
            let mut kri = Given::kri("");
            for (minute, value) in (0_i64..).zip(&values) {
                kri.reads(minute, *value);
                kri.when(minute, adjust(u128::try_from(minute).unwrap() + 1, Operator::Increment, 1, minute));
            }
            let kept = serde_json::to_value(&kri.state().window).unwrap();
            let count = |what: &str| kept[what].as_array().unwrap().len();
            prop_assert!(count("readings") <= Window::READINGS);
            prop_assert!(count("adjustments") <= Window::ADJUSTMENTS);
            prop_assert_eq!(kri.state().standing.value, values.last().map(|value| q(*value)));
        }
    }

    #[test]
    fn more_adjustments_than_are_kept_still_count_each_once() {
        let mut kri = Given::kri("");
        kri.reads(0, 1000);
        let count = 3 * i64::try_from(Window::ADJUSTMENTS).unwrap();
        for n in 1..=count {
            kri.when(n, adjust(u128::try_from(n).unwrap(), Operator::Decrement, 1, n));
        }
        assert_eq!(kri.state().standing.value, Some(q(1000 - count)));
        let kept = serde_json::to_value(&kri.state().window).unwrap();
        assert_eq!(kept["adjustments"].as_array().unwrap().len(), Window::ADJUSTMENTS);
        let again = kri.when(count, adjust(1, Operator::Decrement, 1, 1));
        assert!(
            matches!(&again[0], KriEvent::ValueAdjusted(late) if late.superseded),
            "too old to tell from new"
        );
        assert_eq!(kri.state().standing.value, Some(q(1000 - count)));
    }
}
