//! Hindsight: what a KRI's value was at a time, as it is known at a later one (product.md section 3: two clocks).

use chrono::{DateTime, Utc};

use crate::Sequence;
use crate::kri::standing::Judged;
use crate::kri::{Kri, KriEvent, Standing};

/// A KRI as it stood at a time, and what was learnt of that time afterwards. Definitions, links and breaches are what they were
/// made to be, when they were; only values are ever known late.
#[derive(Debug, Clone, Default)]
pub struct Hindsight(Kri);

impl Hindsight {
    /// An event recorded by the time that is looked back at. All of them are told, in order.
    pub fn tell(&mut self, event: KriEvent) {
        cqrs_es::Aggregate::apply(&mut self.0, event);
    }

    /// An event recorded later, at that place in the KRI: it counts where it says something of the time looked back at.
    pub fn learn(&mut self, sequence: Sequence, event: &KriEvent, looked_back_at: DateTime<Utc>) {
        let Kri::Present(state) = &mut self.0 else { return };
        if KriEvent::true_at(event).is_none_or(|true_at| true_at > looked_back_at) {
            return;
        }
        if let KriEvent::ValueRecorded(recorded) = event {
            state.window.record(recorded.reading(sequence));
        }
        if let KriEvent::ValueAdjusted(adjusted) = event
            && !state.window.holds(adjusted.adjustment.id)
        {
            state.window.adjust(adjusted.adjustment.clone());
        }
        if let KriEvent::ValueCorrected(corrected) = event {
            state.window.correct(corrected.reading, corrected.value);
        }
    }

    /// How the KRI stood at that time; none where there was no such KRI.
    pub fn standing(&self, looked_back_at: DateTime<Utc>) -> Option<Standing> {
        let Kri::Present(state) = &self.0 else { return None };
        let judged = Judged { window: &state.window, body: &state.body, version: state.version };
        Some(judged.standing(state.schedule, looked_back_at))
    }
}

impl KriEvent {
    /// From when on what the event says of the value is true; none where it says nothing of it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "few events say something of the value")]
    pub const fn true_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::ValueRecorded(recorded) => Some(recorded.observed_at),
            Self::ValueAdjusted(adjusted) => Some(adjusted.adjustment.effective_at),
            Self::ValueCorrected(corrected) => Some(corrected.observed_at),
            _ => None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the events it is about")]
mod tests {
    use proptest::prelude::*;

    use super::Hindsight;
    use crate::Sequence;
    use crate::kri::given::{Given, adjustment, at, q, reading};
    use crate::kri::{KriCommand, KriEvent, Operator};

    /// What was the value at that minute, as it is known after all events; the first `told` of them were recorded by then.
    fn looked_back(kri: &Given, told: usize, minute: i64) -> Option<crate::Quantity> {
        let mut hindsight = Hindsight::default();
        for (event, sequence) in kri.events.iter().zip(1..) {
            if sequence <= told {
                hindsight.tell(event.clone());
            } else {
                hindsight.learn(Sequence::new(u64::try_from(sequence).unwrap()), event, at(minute));
            }
        }
        hindsight.standing(at(minute)).unwrap().value
    }

    #[test]
    fn a_late_correction_changes_what_was_true_for_those_who_know_it() {
        let mut kri = Given::kri("");
        kri.reads(10, 5);
        let told = kri.events.len();
        kri.reads(30, 7);
        kri.when(40, KriCommand::Correct { reading: Sequence::new(2), past: None, to: Some(q(25)) });
        assert_eq!(looked_back(&kri, told, 20), Some(q(25)), "and the reading of minute 30 was not true yet");
    }

    #[test]
    fn a_patch_that_is_learnt_of_late_counts_from_when_it_took_effect() {
        let mut kri = Given::kri("");
        kri.reads(10, 5);
        let told = kri.events.len();
        kri.when(40, KriCommand::Adjust(adjustment(1, Operator::Decrement, 2, 15)));
        kri.when(40, KriCommand::Adjust(adjustment(2, Operator::Decrement, 2, 25)));
        assert_eq!(looked_back(&kri, told, 20), Some(q(3)));
        assert_eq!(looked_back(&kri, told, 14), Some(q(5)));
    }

    proptest! {
        #[test]
        fn hindsight_is_what_would_have_been_had_it_been_known_in_time(
            values in proptest::collection::vec((0..40_i64, 0..60_i64), 1..40), minute in 0..60_i64
        ) {
            let mut late = Given::kri("");
            for (value, observed) in &values {
                // Another value for the very same time is refused: it says nothing.
                if late.asked(200, KriCommand::RecordReading(reading(*value, *observed))).is_ok() {
                    late.when(200, KriCommand::RecordReading(reading(*value, *observed)));
                }
            }
            // A reading whose twin has left the window is not known as one: the first that was told of a time is what counts.
            let last = late.events.iter().rev().filter_map(|event| match event {
                KriEvent::ValueRecorded(read) if read.observed_at <= at(minute) => Some((read.observed_at, read.value)),
                _ => None,
            }).max_by_key(|(observed_at, _)| *observed_at);
            // Nothing of it was told by then: all but the definition is learnt.
            prop_assert_eq!(looked_back(&late, 1, minute), last.map(|(_, value)| value));
        }
    }
}
