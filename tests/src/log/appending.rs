//! Appending together: in one batch, from two processes, under one aggregate's contention.

use draxis_commands::{Caller, CommandError, Commands, Context};
use draxis_domain::kri::KriCommand;
use draxis_domain::{KriId, TenantId};
use draxis_event_store::{AppendError, Appended};
use futures_util::FutureExt;
use futures_util::future::join_all;
use sqlx::{Executor, PgConnection, Row};
use tokio::task::JoinSet;

use crate::house::{Process, TestDatabase, define_kri, edits, new_tenant, reading, sound_stream};

/// Holds a stream's head, as another process in the middle of its append does.
pub(super) async fn hold_head(database: &TestDatabase, tenant: TenantId) -> PgConnection {
    let mut holder = database.superuser().await;
    holder.execute("BEGIN").await.unwrap();
    let lock = format!("SELECT FROM stream_heads WHERE tenant_id = '{}' FOR UPDATE", tenant.uuid());
    assert_eq!(holder.fetch_all(lock.as_str()).await.unwrap().len(), 1, "the stream has a head");
    holder
}

#[tokio::test]
async fn in_a_batch_a_conflict_and_a_refusal_by_the_database_fail_alone() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "first", 0, 1)).await.unwrap();

    let mut holder = hold_head(&database, tenant).await;
    let mut unreadable = edits(tenant, "unreadable", 0, 1);
    "no json".clone_into(&mut unreadable.decisions[0].events[0].payload);
    let appends = [
        edits(tenant, "a", 0, 2),
        edits(tenant, "first", 0, 1),
        edits(tenant, "b", 0, 1),
        unreadable,
        edits(tenant, "first", 1, 1),
    ];
    let mut waiting: Vec<_> =
        appends.into_iter().map(|append| Box::pin(process.writer.append(append))).collect();
    for append in &mut waiting {
        assert_eq!(append.as_mut().now_or_never(), None, "it waits for the head");
    }
    holder.execute("COMMIT").await.unwrap();
    let results = join_all(waiting).await;
    let told: Vec<Result<(), AppendError>> = results.into_iter().map(|result| result.map(drop)).collect();
    assert_eq!(told, [Ok(()), Err(AppendError::Conflict), Ok(()), Err(AppendError::Refused), Ok(())]);

    let stream = sound_stream(&process.pools.app, tenant).await;
    let places: Vec<_> =
        stream.iter().map(|event| (event.aggregate_id.as_str(), event.sequence.get())).collect();
    assert_eq!(places, [("first", 1), ("a", 1), ("a", 2), ("b", 1), ("first", 2)]);
    process.end().await;
}

#[tokio::test]
async fn what_queued_during_a_commit_is_one_transaction() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let (one, other) = (new_tenant(), new_tenant());
    process.writer.append(edits(one, "first", 0, 1)).await.unwrap();
    let mut holder = hold_head(&database, one).await;
    let appends = (0..40).map(|n| edits(if n % 2 == 0 { one } else { other }, &format!("outcome-{n}"), 0, 3));
    let mut waiting: Vec<_> = appends.map(|append| Box::pin(process.writer.append(append))).collect();
    for append in &mut waiting {
        assert_eq!(append.as_mut().now_or_never(), None);
    }
    holder.execute("COMMIT").await.unwrap();
    for result in join_all(waiting).await {
        assert!(matches!(result, Ok(Appended::Recorded { .. })), "{result:?}");
    }
    for tenant in [one, other] {
        sound_stream(&process.pools.app, tenant).await;
    }
    let count = "SELECT count(DISTINCT xmin::text) FROM events WHERE sequence = 3";
    let transactions: i64 = database.superuser().await.fetch_one(count).await.unwrap().get(0);
    // The writer may have taken the very first before the others came.
    assert!(transactions <= 2, "{transactions} transactions for 40 commands");
    process.end().await;
}

/// Records a reading, asking again for as long as others win the race.
async fn record_at_last(commands: &Commands, tenant: TenantId, kri: KriId, (value, at): (i64, i64)) {
    let context = Context::of(Caller::runner(tenant));
    let command = KriCommand::RecordReading(reading(value, at));
    while let Err(error) = commands.change_kri(&context, kri, command.clone()).await {
        assert!(matches!(error, CommandError::Contended), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_append_to_one_tenant_without_gap_loss_or_repetition() {
    const CALLERS: i64 = 8;
    const EACH: i64 = 25;
    let database = TestDatabase::make().await;
    let processes = [Process::start(&database).await, Process::start(&database).await];
    let tenant = new_tenant();
    // Few KRIs for many callers of both processes: most commands lose a race at least once.
    let mut kris = Vec::new();
    for slug in ["a", "b", "c"] {
        kris.push(define_kri(&processes[0], tenant, slug).await);
    }
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let commands = processes[usize::try_from(caller % 2).unwrap()].commands.clone();
        let kris = kris.clone();
        callers.spawn(async move {
            for n in 0..EACH {
                let kri = kris[usize::try_from((caller + n) % 3).unwrap()];
                record_at_last(&commands, tenant, kri, (n, -(caller * EACH + n))).await;
            }
        });
    }
    while let Some(done) = callers.join_next().await {
        done.unwrap();
    }
    let stream = sound_stream(&processes[0].pools.app, tenant).await;
    let readings: std::collections::BTreeSet<_> = stream
        .iter()
        .filter(|event| event.event_type == "kri.value_recorded")
        .map(|event| {
            serde_json::from_str::<serde_json::Value>(&event.payload).unwrap()["observedAt"].to_string()
        })
        .collect();
    let count = stream.iter().filter(|event| event.event_type == "kri.value_recorded").count();
    assert_eq!((readings.len(), count), (200, 200), "every reading was recorded once");
    for process in processes {
        process.end().await;
    }
}
