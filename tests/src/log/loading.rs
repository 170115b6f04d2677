//! Loading: a history of any length comes to the state that its events leave, in bounded time, with a snapshot or without.

use draxis_commands::{Caller, Context};
use draxis_domain::kri::{Kri, KriCommand};
use draxis_domain::outcome::{Outcome, OutcomeCommand, OutcomeEvent};
use draxis_domain::{Actor, EventId, EventSet, KriId, Moment, OutcomeId, Root, Sequence, TenantId};
use draxis_event_store::{Append, Decision, Ids, NewEvent, UlidIds};
use sqlx::{Executor, Row};

use crate::house::{Process, TestDatabase, edits, kri_body, new_tenant, reading, start_of_time};

use super::caching::named;

/// A KRI with so many readings, appended as fast as the writer takes them; the state the events leave.
async fn long_history(process: &Process, tenant: TenantId, readings: i64) -> (KriId, Kri) {
    let id = KriId::new(UlidIds.next());
    let moment = Moment::new(start_of_time() + chrono::Duration::days(30), Actor::Runner);
    let mut kri = Kri::default();
    let define = KriCommand::Define { id, body: Box::new(kri_body("long")), schedule: None };
    let record = |n| KriCommand::RecordReading(reading(n % 7, n));
    let commands: Vec<KriCommand> = std::iter::once(define).chain((0..readings).map(record)).collect();
    let mut sequence = Sequence::START;
    for some in commands.chunks(500) {
        let expected = sequence;
        let mut events = Vec::new();
        for command in some {
            for event in Root::decide(&kri, command.clone(), &moment).unwrap() {
                events.push(NewEvent {
                    event_id: EventId::new(UlidIds.next()),
                    event_type: event.wire_type(),
                    version: event.wire_version(),
                    payload: event.payload().unwrap(),
                });
                cqrs_es::Aggregate::apply(&mut kri, event);
                sequence = sequence.next();
            }
        }
        let decision = Decision {
            aggregate_type: "kri",
            aggregate_id: id.to_string(),
            expected,
            events,
            claims: Vec::new(),
            metadata: r#"{"actor":"runner"}"#.to_owned(),
        };
        let append = Append::of(tenant, decision);
        process.writer.append(append).await.unwrap();
    }
    (id, kri)
}

#[tokio::test]
async fn an_aggregate_with_ten_thousand_events_loads_and_then_from_its_snapshot() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    let (id, state) = long_history(&process, tenant, 10_000).await;
    let text = id.to_string();
    assert_eq!(process.log.load::<Kri>(tenant, &text).await.unwrap(), state, "from its events");

    let mut superuser = database.superuser().await;
    let kept = superuser.fetch_one("SELECT sequence FROM snapshots").await.unwrap();
    assert!(kept.get::<i64, _>(0) >= 10_001, "the long tail left a snapshot at its end");
    let another = Process::start(&database).await;
    assert_eq!(another.log.load::<Kri>(tenant, &text).await.unwrap(), state, "from the snapshot");

    let context = Context::of(Caller::runner(tenant));
    another.clock.advance(chrono::Duration::days(30));
    another.commands.change_kri(&context, id, KriCommand::RecordReading(reading(3, 20_000))).await.unwrap();
    let with_snapshot: Kri = another.log.load(tenant, &text).await.unwrap();
    superuser.execute("DELETE FROM snapshots").await.unwrap();
    let third = Process::start(&database).await;
    let without: Kri = third.log.load(tenant, &text).await.unwrap();
    assert_eq!(with_snapshot, without, "deleting all snapshots changes nothing");
    third.end().await;
    process.end().await;
    another.end().await;
}

/// An outcome with so many events under an id of any characters, and the state they leave.
async fn edited_outcome(process: &Process, tenant: TenantId, (name, events): (&str, u64)) -> Outcome {
    let moment = Moment::new(start_of_time(), Actor::Runner);
    let define = OutcomeCommand::Define { id: OutcomeId::new(UlidIds.next()), body: named("made") };
    let defined = Root::decide(&Outcome::default(), define, &moment).unwrap().remove(0);
    let first = NewEvent {
        event_id: EventId::new(UlidIds.next()),
        event_type: defined.wire_type(),
        version: defined.wire_version(),
        payload: defined.payload().unwrap(),
    };
    let mut append = edits(tenant, name, 1, events - 1);
    append.decisions[0].events.insert(0, first);
    append.decisions[0].expected = Sequence::START;
    let mut state = Outcome::default();
    for event in &append.decisions[0].events {
        let event = OutcomeEvent::decode(event.event_type, event.version, &event.payload).unwrap();
        cqrs_es::Aggregate::apply(&mut state, event);
    }
    process.writer.append(append).await.unwrap();
    state
}

/// How many entries of the index over aggregates have been read by sessions that have ended.
async fn entries_read(database: &TestDatabase) -> i64 {
    let mut watching = database.superuser().await;
    let at_work =
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while watching.fetch_optional(at_work).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    let read = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'events_aggregate'";
    watching.fetch_one(read).await.unwrap().get(0)
}

#[tokio::test]
async fn what_is_known_of_an_aggregate_is_not_read_to_find_what_is_new() {
    const EVENTS: u32 = 3_000;
    let database = TestDatabase::make().await;
    let (writing, tenant) = (Process::start(&database).await, new_tenant());
    edited_outcome(&writing, tenant, ("one", EVENTS.into())).await;
    writing.end().await;
    let before = entries_read(&database).await;
    let reading = Process::start(&database).await;
    for _ in 0..20 {
        reading.log.load::<Outcome>(tenant, "one").await.unwrap();
    }
    reading.end().await;
    let read = entries_read(&database).await - before;
    assert!(read < i64::from(3 * EVENTS), "{read} of {EVENTS}, loaded 20 times");
}

#[tokio::test]
async fn what_is_known_of_long_ago_is_passed_over_for_a_snapshot_that_is_further_on() {
    let database = TestDatabase::make().await;
    let (knowing, writing) = (Process::start(&database).await, Process::start(&database).await);
    let tenant = new_tenant();
    let early = edited_outcome(&writing, tenant, ("one", 100)).await;
    assert_eq!(knowing.log.load::<Outcome>(tenant, "one").await.unwrap(), early);
    writing.writer.append(edits(tenant, "one", 100, 2_000)).await.unwrap();
    let late: Outcome = writing.log.load(tenant, "one").await.unwrap();
    // What the snapshot holds is not asked for: it could as well be away.
    let away = "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM events WHERE sequence > 100";
    database.superuser().await.execute(away).await.unwrap();
    assert_eq!(knowing.log.load::<Outcome>(tenant, "one").await.unwrap(), late);
    knowing.end().await;
    writing.end().await;
}

#[tokio::test]
async fn a_history_loads_whatever_its_length_its_id_and_the_order_its_rows_lie_in() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    let mut made = Vec::new();
    // Around what is asked for with the snapshot, and beyond; characters that mean something to SQL, to COPY, and to nobody.
    for (name, events) in [
        ("it's", 511),
        ("\\'; DROP TABLE events; --", 512),
        ("\u{e9}\u{1f980}%", 513),
        ("$1 \"%s\" \t", 2_000),
    ] {
        made.push((name, edited_outcome(&process, tenant, (name, events)).await));
    }
    let read_all = async |turn: &str| {
        for (name, state) in &made {
            let another = Process::start(&database).await;
            let loaded: Outcome = another.log.load(tenant, name).await.unwrap();
            assert_eq!(&loaded, state, "{name}, {turn}");
            another.end().await;
        }
    };
    read_all("as they were written").await;
    let shuffle = "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM snapshots;
                   CREATE TABLE shuffled AS SELECT * FROM events ORDER BY md5(event_id);
                   DELETE FROM events; INSERT INTO events SELECT * FROM shuffled;
                   DO $$ BEGIN
                       EXECUTE format('ALTER DATABASE %I SET enable_indexscan = off', current_database());
                       EXECUTE format('ALTER DATABASE %I SET enable_bitmapscan = off', current_database());
                   END $$";
    database.superuser().await.execute(shuffle).await.unwrap();
    read_all("shuffled").await;
    process.end().await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_any_more_is_passed_over() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    let (id, state) = long_history(&process, tenant, 300).await;
    process.log.load::<Kri>(tenant, &id.to_string()).await.unwrap();
    let mut superuser = database.superuser().await;
    for spoilt in [r#"{"Present":{"version":"of another time"}}"#, "[]"] {
        let spoil = format!("UPDATE snapshots SET state = '{spoilt}'");
        assert_eq!(superuser.execute(spoil.as_str()).await.unwrap().rows_affected(), 1);
        let another = Process::start(&database).await;
        assert_eq!(another.log.load::<Kri>(tenant, &id.to_string()).await.unwrap(), state);
        another.end().await;
    }
    process.end().await;
}
