//! A long stream of one tenant: values of 200 KRIs, every hour or so, one after the other as a nightly run records them.

use cqrs_es::Aggregate;
use draxis_domain::kri::{Kri, KriCommand};
use draxis_domain::{
    Actor, EventId, EventSet, KriId, Metadata, Moment, Position, Root, RunId, Sequence, SourceId, TenantId,
};
use draxis_event_store::{Append, Decision, Ids, NewEvent, UlidIds, Writer};
use draxis_tests::house::{reading, start_of_time};
use futures_util::future::join_all;

use crate::subject::definition;

/// How many KRIs share the stream.
pub(crate) const KRIS: u64 = 200;
/// How many values of a KRI are appended at once.
const TOGETHER: u64 = 5;

/// A KRI whose events are decided here, as the commands would, and appended as fast as the writer takes them.
struct Told {
    id: KriId,
    source: SourceId,
    state: Kri,
    sequence: Sequence,
    readings: i64,
    /// How many seconds lie between two of its values.
    every: i64,
}

impl Told {
    fn new(every: chrono::Duration) -> Self {
        let (id, source) = (KriId::new(UlidIds.next()), SourceId::new(UlidIds.next()));
        Self {
            id,
            source,
            state: Kri::default(),
            sequence: Sequence::START,
            readings: 0,
            every: every.num_seconds(),
        }
    }

    fn decide(&mut self, command: KriCommand) -> Vec<NewEvent> {
        // Long after all that is read, so that nothing lies in the future.
        let moment = Moment::new(start_of_time() + chrono::Duration::days(4_000), Actor::Runner);
        let events = Root::decide(&self.state, command, &moment).expect("the command holds");
        let mut new = Vec::new();
        for event in events {
            new.push(NewEvent {
                event_id: EventId::new(UlidIds.next()),
                event_type: event.wire_type(),
                version: event.wire_version(),
                payload: event.payload().expect("an event is JSON"),
            });
            self.state.apply(event);
            self.sequence = self.sequence.next();
        }
        new
    }

    /// Its next values: now and then one that opens a breach, and the next one closes it.
    fn read(&mut self, run: RunId) -> Vec<NewEvent> {
        let mut new = Vec::new();
        for _ in 0..TOGETHER {
            self.readings += 1;
            let value = if self.readings % 97 == 0 { 25 } else { self.readings % 7 };
            let read = draxis_domain::kri::NewReading {
                source_id: Some(self.source),
                run_id: Some(run),
                ..reading(value, self.readings * self.every)
            };
            new.extend(self.decide(KriCommand::RecordReading(read)));
        }
        new
    }

    fn append(&self, tenant: TenantId, expected: Sequence, events: Vec<NewEvent>) -> Append {
        let metadata = Metadata {
            correlation: Some(format!("source:{}", self.source.ulid())),
            ..Metadata::by(Actor::Runner)
        };
        let decision = Decision {
            aggregate_type: Kri::TYPE,
            aggregate_id: self.id.to_string(),
            expected,
            events,
            claims: Vec::new(),
            metadata: serde_json::to_string(&metadata).expect("metadata is JSON"),
        };
        Append::of(tenant, decision)
    }
}

/// Appends a stream of about so many events, of hourly values; answers with where it ends.
pub(crate) async fn append_long(writer: &Writer, tenant: TenantId, events: u64) -> Position {
    append_every(chrono::Duration::hours(1), writer, (tenant, events)).await
}

/// The same with so much time between two values of a KRI.
pub(crate) async fn append_every(
    every: chrono::Duration,
    writer: &Writer,
    (tenant, events): (TenantId, u64),
) -> Position {
    let mut kris: Vec<Told> = (0..KRIS).map(|_| Told::new(every)).collect();
    let mut head = append_each(writer, tenant, &mut kris, |kri| {
        let define = definition(kri.id, kri.source);
        kri.decide(define)
    })
    .await;
    while head.get() < events {
        let run = RunId::new(UlidIds.next());
        head = append_each(writer, tenant, &mut kris, |kri| kri.read(run)).await;
    }
    head
}

async fn append_each(
    writer: &Writer,
    tenant: TenantId,
    kris: &mut [Told],
    mut next: impl FnMut(&mut Told) -> Vec<NewEvent>,
) -> Position {
    let mut appends = Vec::new();
    for kri in kris {
        let expected = kri.sequence;
        let events = next(kri);
        appends.push(writer.append(kri.append(tenant, expected, events)));
    }
    let done = join_all(appends).await;
    let position = |done| match done {
        Ok(draxis_event_store::Appended::Recorded { position, .. }) => position,
        other => unreachable!("appended: {other:?}"),
    };
    done.into_iter().map(position).max().unwrap_or_default()
}
