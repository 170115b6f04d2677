//! A tenant with a long stream: hourly values of some KRIs, decided by the rule and written as fast as the writer takes them.

use cqrs_es::Aggregate as _;
use draxis_domain::kri::{Kri, KriCommand, NewReading};
use draxis_domain::{Actor, EventId, EventSet as _, KriId, Moment, Sequence, TenantId};
use draxis_event_store::{Append, Decision, Ids as _, NewEvent, UlidIds};
use draxis_tests::house::{Fitting, Process, TestDatabase, kri_body, new_tenant, reading, start_of_time};
use futures_util::future::join_all;

/// How many KRIs take turns.
const KRIS: usize = 50;
/// How many values of one are appended at once.
const TOGETHER: i64 = 20;

/// A program on a database of its own, with such a tenant.
pub(crate) struct Grown {
    pub(crate) database: TestDatabase,
    pub(crate) process: Process,
    pub(crate) tenant: TenantId,
    pub(crate) kris: Vec<KriId>,
    pub(crate) events: u64,
}

/// How many events the streams of these benches have: a million, as far as that is scaled.
pub(crate) fn events() -> u64 {
    crate::measure::events(1_000_000)
}

struct Told {
    id: KriId,
    state: Kri,
    sequence: Sequence,
    hours: i64,
}

impl Told {
    fn new(number: usize) -> (Self, Vec<NewEvent>) {
        let id = KriId::new(UlidIds.next());
        let mut told = Self { id, state: Kri::default(), sequence: Sequence::START, hours: 0 };
        let body = Box::new(kri_body(&format!("kri_{number}")));
        let defined = told.decide(KriCommand::Define { id, body, schedule: None });
        (told, defined)
    }

    fn decide(&mut self, command: KriCommand) -> Vec<NewEvent> {
        // Long after all that is read, so that nothing lies in the future.
        let moment = Moment::new(start_of_time() + chrono::Duration::days(10_000), Actor::Runner);
        let decided = draxis_domain::Root::decide(&self.state, command, &moment).expect("the command holds");
        let mut events = Vec::new();
        for event in decided {
            events.push(NewEvent {
                event_id: EventId::new(UlidIds.next()),
                event_type: event.wire_type(),
                version: event.wire_version(),
                payload: event.payload().expect("an event is JSON"),
            });
            self.state.apply(event);
            self.sequence = self.sequence.next();
        }
        events
    }

    /// Its next values: now and then one that opens a breach, which the next one closes.
    fn read(&mut self) -> Vec<NewEvent> {
        let mut events = Vec::new();
        for _ in 0..TOGETHER {
            self.hours += 1;
            let value = if self.hours % 97 == 0 { 25 } else { self.hours % 7 };
            let observed_at = start_of_time() + chrono::Duration::hours(self.hours);
            events.extend(
                self.decide(KriCommand::RecordReading(NewReading { observed_at, ..reading(value, 0) })),
            );
        }
        events
    }
}

impl Grown {
    /// A stream of about so many events.
    pub(crate) async fn to(events: u64) -> Self {
        let database = TestDatabase::make().await;
        let process = Process::over(database.options("draxis"), Fitting::default()).await;
        let tenant = new_tenant();
        let (mut told, mut written) = (Vec::new(), 0);
        for number in 0..KRIS {
            let (kri, defined) = Told::new(number);
            written += append(&process, tenant, &kri, defined).await;
            told.push(kri);
        }
        while written < events {
            let mut appends = Vec::new();
            for kri in &mut told {
                let before = kri.sequence;
                let events = kri.read();
                appends.push(one(tenant, kri.id, before, events));
            }
            let done = join_all(appends.into_iter().map(|append| {
                let count = append.decisions.iter().map(|decision| decision.events.len() as u64).sum::<u64>();
                let writer = process.writer.clone();
                async move {
                    writer.append(append).await.expect("it is written");
                    count
                }
            }));
            written += done.await.into_iter().sum::<u64>();
        }
        let kris = told.iter().map(|kri| kri.id).collect();
        Self { database, process, tenant, kris, events: written }
    }
}

async fn append(process: &Process, tenant: TenantId, kri: &Told, events: Vec<NewEvent>) -> u64 {
    let count = events.len() as u64;
    process.writer.append(one(tenant, kri.id, Sequence::START, events)).await.expect("it is written");
    count
}

fn one(tenant: TenantId, kri: KriId, expected: Sequence, events: Vec<NewEvent>) -> Append {
    let decision = Decision {
        aggregate_type: "kri",
        aggregate_id: kri.to_string(),
        expected,
        events,
        claims: Vec::new(),
        metadata: r#"{"actor":"runner"}"#.to_owned(),
    };
    Append::of(tenant, decision)
}
