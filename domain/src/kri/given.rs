//! Given: a KRI to try the rules on, and the few words its tests are written in.

use chrono::{DateTime, Duration, Utc};
use ulid::Ulid;

use crate::kri::{
    Adjustment, BreachCommand, Change, Kri, KriBody, KriCommand, KriEvent, KriState, NewReading, Operator,
};
use crate::source::Schedule;
use crate::{
    AccountId, Actor, BreachId, EventId, EventSet, KriId, Moment, Quantity, Rejection, Root, SourceId,
};

/// A KRI under test, with all its events so far.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) kri: Kri,
    pub(super) events: Vec<KriEvent>,
}

/// That minute of the day the tests play on.
pub(super) fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::minutes(minute)
}

pub(super) fn q(n: i64) -> Quantity {
    Quantity::new(n.into())
}

pub(super) fn moment(minute: i64) -> Moment {
    Moment::new(at(minute), Actor::Account(AccountId::default()))
}

pub(super) fn source() -> SourceId {
    SourceId::new(Ulid(7))
}

/// Unpatched systems, amber from 10, red from 20; `more` goes into the body.
pub(super) fn body(more: &str) -> KriBody {
    serde_json::from_str(&format!(
        r#"{{"slug":"unpatched","name":"Unpatched systems","unit":"count","sourceId":"{}",
            "direction":"higher_is_worse","warn":10,"critical":20{more}}}"#,
        source()
    ))
    .unwrap()
}

pub(super) fn reading(value: i64, observed: i64) -> NewReading {
    NewReading {
        value: q(value),
        observed_at: at(observed),
        source_id: Some(source()),
        run_id: None,
        note: None,
        expires_at: None,
    }
}

pub(super) fn adjustment(id: u128, operation: Operator, amount: i64, effective: i64) -> Adjustment {
    Adjustment {
        id: EventId::new(Ulid(id)),
        change: Change { operation, amount: q(amount), floor: Quantity::ZERO },
        effective_at: at(effective),
    }
}

impl Given {
    /// A defined KRI, measured hourly.
    pub(super) fn kri(more: &str) -> Self {
        let mut given = Self { kri: Kri::default(), events: Vec::new() };
        let id = KriId::new(Ulid(1));
        given
            .when(0, KriCommand::Define { id, body: Box::new(body(more)), schedule: Some(Schedule::Hourly) });
        given
    }

    /// What the command would do in that minute.
    pub(super) fn asked(&self, minute: i64, command: KriCommand) -> Result<Vec<KriEvent>, Rejection> {
        Root::decide(&self.kri, command, &moment(minute))
    }

    /// Does it and hands back the new events; they are read back from their payloads, as a store would.
    pub(super) fn when(&mut self, minute: i64, command: KriCommand) -> Vec<KriEvent> {
        let events = self.asked(minute, command).unwrap();
        for event in &events {
            let stored = EventSet::payload(event).unwrap();
            let (name, version) = (EventSet::wire_type(event), EventSet::wire_version(event));
            let read: KriEvent = EventSet::decode(name, version, &stored).unwrap();
            assert_eq!(&read, event, "{stored}");
            cqrs_es::Aggregate::apply(&mut self.kri, read);
        }
        self.events.extend(events.clone());
        events
    }

    /// A reading observed and taken in that minute.
    pub(super) fn reads(&mut self, minute: i64, value: i64) -> Vec<KriEvent> {
        self.when(minute, KriCommand::RecordReading(reading(value, minute)))
    }

    pub(super) fn breach(&mut self, minute: i64, command: BreachCommand) -> Vec<KriEvent> {
        let id = self.open();
        self.when(minute, KriCommand::Breach { id, command })
    }

    pub(super) fn open(&self) -> BreachId {
        self.state().episodes.open.as_ref().unwrap().id
    }

    pub(super) fn state(&self) -> &KriState {
        match &self.kri {
            Kri::Present(state) => state,
            Kri::Absent => panic!("no KRI"),
        }
    }

    /// The wire names of all events so far that concern breaches, without the common beginning.
    pub(super) fn breaches(&self) -> Vec<&'static str> {
        self.events.iter().filter_map(|event| EventSet::wire_type(event).strip_prefix("breach.")).collect()
    }
}

/// The wire names of events.
pub(super) fn names(events: &[KriEvent]) -> Vec<&'static str> {
    events.iter().map(EventSet::wire_type).collect()
}

/// The code of a refusal.
pub(super) fn code(result: Result<Vec<KriEvent>, Rejection>) -> &'static str {
    match result {
        Err(Rejection::Conflict { code, .. } | Rejection::Invalid { code, .. }) => code,
        Err(Rejection::NotFound { noun }) => noun,
        Err(Rejection::Stale { .. }) => "stale",
        Err(Rejection::Taken { kind }) => kind,
        Ok(events) => panic!("expected a refusal, got {events:?}"),
    }
}

/// The pointers of a refusal.
pub(super) fn pointers(result: Result<Vec<KriEvent>, Rejection>) -> Vec<String> {
    match result {
        Err(Rejection::Invalid { violations, .. }) => violations.into_iter().map(|v| v.pointer).collect(),
        other => panic!("expected invalid input, got {other:?}"),
    }
}
