//! A KRI under other thresholds: the same values, and the breaches that they would have made.

use chrono::{DateTime, Utc};

use crate::kri::standing::Judged;
use crate::kri::{Closing, Kri, KriBody, KriEvent, KriState, Thresholds, ThresholdsInverted};
use crate::{Quantity, Recorded, Sequence};

/// A KRI's recorded events judged anew as they come. Its own breaches are passed over, but for what people and workflows did
/// to them; one that would have opened at the same event bears the same id.
#[derive(Debug, Clone)]
pub struct Rejudged {
    warn: Quantity,
    critical: Quantity,
    kri: Kri,
}

impl Rejudged {
    /// Nothing is known of the KRI yet.
    pub fn by(warn: Quantity, critical: Quantity) -> Self {
        Self { warn, critical, kri: Kri::default() }
    }

    /// Whether the thresholds lie the right way round for this KRI.
    pub fn fits(&self, body: &KriBody) -> Result<(), ThresholdsInverted> {
        Thresholds::try_new(body.direction, self.warn, self.critical).map(drop)
    }

    /// Takes the KRI's next event; answers with the breach event that would have followed from it.
    pub fn tell(&mut self, told: &Recorded<KriEvent>) -> Option<KriEvent> {
        let cause = self.cause(&told.event, told.recorded_at)?;
        let judged_anew = matters(&cause);
        cqrs_es::Aggregate::apply(&mut self.kri, cause.clone());
        let Kri::Present(state) = &mut self.kri else { return None };
        if matches!(cause, KriEvent::BreachClosed(_)) {
            return Some(cause);
        }
        let followed = judged_anew.then(|| state.follows(told.sequence, told.recorded_at)).flatten();
        if let Some(event) = &followed {
            state.evolve(event.clone());
        }
        followed
    }

    /// The event as it would have been; none where it would not.
    fn cause(&self, event: &KriEvent, at: DateTime<Utc>) -> Option<KriEvent> {
        let open = if let Kri::Present(state) = &self.kri { Some(state) } else { None };
        let close = |how, value, at| open.and_then(|state| state.closed(how, value, at));
        match event {
            KriEvent::Defined(defined) => {
                let mut defined = defined.clone();
                self.put_into(&mut defined.body);
                Some(KriEvent::Defined(defined))
            }
            KriEvent::Edited(edited) => {
                let mut edited = edited.clone();
                self.put_into(&mut edited.body);
                Some(KriEvent::Edited(edited))
            }
            KriEvent::BreachClosed(closed) => match closed.how {
                Closing::ByHand | Closing::ByEvent { .. } => {
                    close(closed.how, closed.value, closed.closed_at)
                }
                Closing::Recovered | Closing::Archived => None,
            },
            KriEvent::Archived(_) => close(Closing::Archived, None, at).or_else(|| Some(event.clone())),
            KriEvent::RiskLinked(_)
            | KriEvent::RiskUnlinked(_)
            | KriEvent::Rescheduled(_)
            | KriEvent::ValueRecorded(_)
            | KriEvent::ValueAdjusted(_)
            | KriEvent::ValueCorrected(_)
            | KriEvent::WentStale(_) => Some(event.clone()),
            KriEvent::BreachOpened(_)
            | KriEvent::BreachRaised(_)
            | KriEvent::BreachLowered(_)
            | KriEvent::BreachAcknowledged(_)
            | KriEvent::BreachAssigned(_)
            | KriEvent::BreachCommented(_)
            | KriEvent::BreachSnoozed(_)
            | KriEvent::BreachWoken(_) => None,
        }
    }

    fn put_into(&self, body: &mut KriBody) {
        body.warn = self.warn;
        body.critical = self.critical;
        // A recovery threshold on the wrong side of the other warn would never be reached, or always.
        let wrong_side = |recovery: Quantity| body.judge(recovery).level().is_some();
        body.flapping.recovery = body.flapping.recovery.filter(|recovery| !wrong_side(*recovery));
    }
}

impl KriState {
    /// The breach event that follows from the event at that place, which the state holds already.
    fn follows(&mut self, sequence: Sequence, at: DateTime<Utc>) -> Option<KriEvent> {
        // Episodes are named after the place behind their cause.
        self.sequence = Sequence::new(sequence.get().saturating_sub(1));
        let after = Judged { window: &self.window, body: &self.body, version: self.version };
        let followed = self.shifted(after, at);
        self.sequence = sequence;
        followed
    }
}

/// Whether the values or what they are judged by may be others after the event.
const fn matters(event: &KriEvent) -> bool {
    matches!(
        event,
        KriEvent::Edited(_)
            | KriEvent::ValueRecorded(_)
            | KriEvent::ValueAdjusted(_)
            | KriEvent::ValueCorrected(_)
    )
}

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the events it is about")]
mod tests {
    use proptest::prelude::*;

    use super::Rejudged;
    use crate::kri::given::{Given, q};
    use crate::kri::{BreachCommand, Kri, KriCommand, KriEvent};
    use crate::{Actor, EventId, Metadata, Position, Recorded, Sequence};

    fn recorded(kri: &Given) -> Vec<Recorded<KriEvent>> {
        let place = |(event, n): (&KriEvent, u64)| Recorded {
            position: Position::new(n),
            event_id: EventId::default(),
            aggregate_id: String::new(),
            sequence: Sequence::new(n),
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            metadata: Metadata::by(Actor::Runner),
            event: event.clone(),
        };
        kri.events.iter().zip(1..).map(place).collect()
    }

    fn essence(event: &KriEvent) -> Option<(String, String)> {
        match event {
            KriEvent::BreachOpened(it) => Some((format!("opened {:?}", it.level), it.breach_id.to_string())),
            KriEvent::BreachRaised(it) => Some(("raised".to_owned(), it.breach_id.to_string())),
            KriEvent::BreachLowered(it) => Some(("lowered".to_owned(), it.breach_id.to_string())),
            KriEvent::BreachClosed(it) => Some(("closed".to_owned(), it.breach_id.to_string())),
            _ => None,
        }
    }

    fn breaches(kri: &Given, warn: i64, critical: i64) -> Vec<(String, String)> {
        let mut rejudged = Rejudged::by(q(warn), q(critical));
        recorded(kri)
            .iter()
            .filter_map(|told| rejudged.tell(told))
            .filter_map(|event| essence(&event))
            .collect()
    }

    proptest! {
        #[test]
        fn by_its_own_thresholds_it_has_its_own_breaches(
            flapping in 1..3_i64,
            values in proptest::collection::vec((0..30_i64, 0..12_u8), 1..60),
        ) {
            let mut kri = Given::kri(&format!(r#","flapping":{{"openAfter":{flapping},"closeAfter":{flapping}}}"#));
            for (minute, (value, what)) in (1_i64..).zip(values) {
                if what == 0 && kri.state().episodes.open.is_some() {
                    let id = kri.open();
                    kri.when(minute, KriCommand::Breach { id, command: BreachCommand::Close });
                } else {
                    kri.reads(minute, value);
                }
            }
            let own: Vec<_> = kri.events.iter().filter_map(essence).collect();
            prop_assert_eq!(breaches(&kri, 10, 20), own);
            prop_assert!(matches!(kri.kri, Kri::Present(_)));
        }
    }

    #[test]
    fn higher_thresholds_have_fewer_breaches_and_lower_ones_more() {
        let mut kri = Given::kri("");
        for (minute, value) in (1_i64..).zip([5, 12, 5, 25, 5, 8, 5]) {
            kri.reads(minute, value);
        }
        let opened = |warn, critical| {
            breaches(&kri, warn, critical).iter().filter(|(what, _)| what.starts_with("opened")).count()
        };
        assert_eq!((opened(10, 20), opened(15, 20), opened(30, 40), opened(7, 20)), (2, 1, 0, 3));
    }
}
