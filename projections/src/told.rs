//! Told: a stream under test, made by the domain's own rules, and the few words its tests are written in.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use draxis_domain::approval::{Approval, ApprovalEvent};
use draxis_domain::control::{Control, ControlCommand, ControlEvent};
use draxis_domain::kri::{Adjustment, Change, Kri, KriCommand, KriEvent, KriState, NewReading, Operator};
use draxis_domain::outcome::{Outcome, OutcomeCommand, OutcomeEvent};
use draxis_domain::risk::{Risk, RiskCommand, RiskEvent};
use draxis_domain::source::{Schedule, Source, SourceCommand, SourceEvent};
use draxis_domain::{
    AccountId, Actor, BreachId, ControlId, EventId, EventSet, KriId, Metadata, Moment, OutcomeId, Position,
    Quantity, Recorded, RiskId, Root, Sequence, SourceId, TenantEvent,
};
use ulid::Ulid;

/// A stream so far.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) events: Vec<Recorded<TenantEvent>>,
    sequences: BTreeMap<String, Sequence>,
}

/// An aggregate that events are told of.
pub(crate) trait Subject: Root + Default {
    fn wrap(event: Self::Event) -> TenantEvent;
}

/// The subjects of a tenant's stream.
macro_rules! subjects {
    ($($subject:ident: $event:ident),+) => {$(
        impl Subject for $subject {
            fn wrap(event: $event) -> TenantEvent {
                TenantEvent::$subject(event)
            }
        }
    )+};
}

subjects!(
    Kri: KriEvent,
    Risk: RiskEvent,
    Outcome: OutcomeEvent,
    Control: ControlEvent,
    Source: SourceEvent,
    Approval: ApprovalEvent
);

/// One aggregate of the stream.
#[derive(Debug, Clone)]
pub(crate) struct Thing<A> {
    pub(crate) id: String,
    pub(crate) state: A,
}

pub(crate) fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::minutes(minute)
}

pub(crate) fn q(n: i64) -> Quantity {
    Quantity::new(n.into())
}

pub(crate) fn source_id() -> SourceId {
    SourceId::new(Ulid(7))
}

impl Told {
    /// Gives the command in that minute and records what follows; a refusal records nothing.
    pub(crate) fn when<A: Subject>(&mut self, thing: &mut Thing<A>, minute: i64, command: A::Command) {
        let moment = Moment::new(at(minute), Actor::Account(AccountId::default()));
        let decided = Root::decide(&thing.state, command, &moment).unwrap_or_default();
        for event in decided {
            cqrs_es::Aggregate::apply(&mut thing.state, event.clone());
            let read = A::Event::decode(event.wire_type(), event.wire_version(), &event.payload().unwrap());
            self.tell(&thing.id, minute, A::wrap(read.unwrap()));
        }
    }

    pub(crate) fn tell(&mut self, id: &str, minute: i64, event: TenantEvent) {
        // Aggregates of two kinds may bear the same id; each counts its own events.
        let aggregate = format!("{:?}/{id}", std::mem::discriminant(&event));
        let sequence = self.sequences.entry(aggregate).or_default();
        *sequence = sequence.next();
        let position = Position::new(u64::try_from(self.events.len()).unwrap()).next();
        self.events.push(Recorded {
            position,
            event_id: EventId::new(Ulid(position.get().into())),
            aggregate_id: id.to_owned(),
            sequence: *sequence,
            recorded_at: at(minute),
            metadata: Metadata::by(Actor::Account(AccountId::default())),
            event,
        });
    }

    /// A KRI: amber from 10, red from 20, hourly; `more` goes into the body.
    pub(crate) fn kri(&mut self, id: u128, more: &str) -> Thing<Kri> {
        let id = KriId::new(Ulid(id));
        let body = format!(
            r#"{{"slug":"kri_{}","name":"KRI","unit":"count","sourceId":"{}","direction":"higher_is_worse",
                "warn":10,"critical":20{more}}}"#,
            id.to_string().to_lowercase(),
            source_id()
        );
        let body = Box::new(serde_json::from_str(&body).unwrap());
        let mut kri = Thing { id: id.to_string(), state: Kri::default() };
        self.when(&mut kri, 0, KriCommand::Define { id, body, schedule: Some(Schedule::Hourly) });
        kri
    }

    pub(crate) fn risk(&mut self, id: u128, more: &str) -> Thing<Risk> {
        let id = RiskId::new(Ulid(id));
        let body = format!(r#"{{"name":"Risk","likelihood":3,"impact":4{more}}}"#);
        let body = Box::new(serde_json::from_str(&body).unwrap());
        let mut risk = Thing { id: id.to_string(), state: Risk::default() };
        self.when(&mut risk, 0, RiskCommand::Define { id, body });
        risk
    }

    pub(crate) fn outcome(&mut self, id: u128) -> Thing<Outcome> {
        let id = OutcomeId::new(Ulid(id));
        let body = serde_json::from_str(r#"{"name":"Outcome"}"#).unwrap();
        let mut outcome = Thing { id: id.to_string(), state: Outcome::default() };
        self.when(&mut outcome, 0, OutcomeCommand::Define { id, body });
        outcome
    }

    pub(crate) fn control(&mut self, id: u128, state: &str) -> Thing<Control> {
        let id = ControlId::new(Ulid(id));
        let body = serde_json::from_str(&format!(r#"{{"name":"Control","state":"{state}"}}"#)).unwrap();
        let mut control = Thing { id: id.to_string(), state: Control::default() };
        self.when(&mut control, 0, ControlCommand::Define { id, body });
        control
    }

    pub(crate) fn source(&mut self) -> Thing<Source> {
        let body =
            r#"{"name":"Scanner","sourceType":"vulnerability","vendor":"tenable-io","schedule":"hourly"}"#;
        let body = serde_json::from_str(body).unwrap();
        let mut source = Thing { id: source_id().to_string(), state: Source::default() };
        self.when(&mut source, 0, SourceCommand::Connect { id: source_id(), body, secret: None });
        source
    }

    pub(crate) fn reads(&mut self, kri: &mut Thing<Kri>, minute: i64, value: i64) {
        self.when(kri, minute, read(value, minute));
    }
}

pub(crate) fn read(value: i64, observed: i64) -> KriCommand {
    KriCommand::RecordReading(NewReading {
        value: q(value),
        observed_at: at(observed),
        source_id: Some(source_id()),
        run_id: None,
        note: None,
        expires_at: None,
    })
}

pub(crate) fn adjust(id: u128, operation: Operator, amount: i64, effective: i64) -> KriCommand {
    KriCommand::Adjust(Adjustment {
        id: EventId::new(Ulid(id)),
        change: Change { operation, amount: q(amount), floor: Quantity::ZERO },
        effective_at: at(effective),
    })
}

impl Thing<Kri> {
    pub(crate) fn present(&self) -> &KriState {
        match &self.state {
            Kri::Present(state) => state,
            Kri::Absent => panic!("no KRI"),
        }
    }

    pub(crate) fn open_breach(&self) -> BreachId {
        self.present().episodes.open.as_ref().unwrap().id
    }
}

/// Streams in which everything happens, in no likely order.
pub(crate) mod any {
    use draxis_domain::kri::{BreachCommand, Kri, KriCommand, Operator};
    use draxis_domain::source::{RunSummary, RunTrigger, Schedule, Source, SourceCommand};
    use draxis_domain::{RiskId, RunId, Sequence};
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::{Thing, Told, adjust, read};

    #[derive(Debug, Clone)]
    enum Step {
        Kri(usize, KriCommand),
        Breach(usize, BreachCommand),
        Run(u128),
        Ended(u128),
    }

    impl Step {
        fn happen(self, told: &mut Told, kris: &mut [Thing<Kri>], source: &mut Thing<Source>, minute: i64) {
            match self {
                Self::Kri(n, command) => told.when(&mut kris[n], minute, command),
                Self::Breach(n, command) => {
                    let open = kris[n].present().episodes.open.as_ref().map(|open| open.id);
                    let Some(id) = open else { return };
                    told.when(&mut kris[n], minute, KriCommand::Breach { id, command });
                }
                Self::Run(run) => {
                    let run_id = RunId::new(Ulid(run));
                    let start = SourceCommand::StartRun { run_id, trigger: RunTrigger::Manual };
                    told.when(source, minute, start);
                }
                Self::Ended(run) => {
                    let run_id = RunId::new(Ulid(run));
                    let summary = RunSummary::default();
                    told.when(source, minute, SourceCommand::CompleteRun { run_id, summary });
                }
            }
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        let kri = 0..3_usize;
        let operator = prop_oneof![Just(Operator::Increment), Just(Operator::Decrement), Just(Operator::Set)];
        prop_oneof![
            6 => (kri.clone(), 0..30_i64, 0..200_i64).prop_map(|(n, value, at)| Step::Kri(n, read(value, at))),
            2 => (kri.clone(), 1..50_u128, operator, 0..20_i64, 0..200_i64)
                .prop_map(|(n, id, operator, amount, at)| Step::Kri(n, adjust(id, operator, amount, at))),
            2 => (kri.clone(), 2..40_u64, proptest::option::of(0..30_i64)).prop_map(|(n, reading, to)| {
                Step::Kri(n, KriCommand::Correct { reading: Sequence::new(reading), past: None, to: to.map(super::q) })
            }),
            1 => kri.clone().prop_map(|n| Step::Kri(n, KriCommand::MarkStale)),
            1 => kri.clone().prop_map(|n| Step::Kri(n, KriCommand::Reschedule(Some(Schedule::Daily)))),
            1 => (kri.clone(), 1..4_u128)
                .prop_map(|(n, risk)| Step::Kri(n, KriCommand::LinkRisk(RiskId::new(Ulid(risk))))),
            1 => (kri.clone(), 1..4_u128)
                .prop_map(|(n, risk)| Step::Kri(n, KriCommand::UnlinkRisk(RiskId::new(Ulid(risk))))),
            1 => kri.clone().prop_map(|n| Step::Breach(n, BreachCommand::Acknowledge)),
            1 => kri.clone().prop_map(|n| Step::Breach(n, BreachCommand::Close)),
            1 => kri.prop_map(|n| Step::Breach(n, BreachCommand::Snooze { until: super::at(5_000) })),
            1 => (1..6_u128).prop_map(Step::Run),
            1 => (1..6_u128).prop_map(Step::Ended),
        ]
    }

    pub(crate) fn stream() -> impl Strategy<Value = Told> {
        proptest::collection::vec(step(), 0..120).prop_map(|steps| {
            let mut told = Told::default();
            let mut source = told.source();
            let mut kris = [told.kri(1, ""), told.kri(2, ""), told.kri(3, "")];
            told.outcome(1);
            told.control(1, "ineffective");
            told.risk(1, "");
            for (minute, step) in (200_i64..).zip(steps) {
                step.happen(&mut told, &mut kris, &mut source, minute);
            }
            told
        })
    }
}
