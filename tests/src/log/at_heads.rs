//! The short way of a batch, in one exchange: it holds only where nobody else has moved the stream, and only once it is committed.

use draxis_domain::TenantId;
use draxis_event_store::{Append, AppendError};
use futures_util::FutureExt;
use futures_util::future::join_all;
use sqlx::{Executor, Row};

use super::appending::hold_head;

use crate::house::{Process, TestDatabase, edits, new_tenant, sound_stream};

#[tokio::test]
async fn what_is_refused_at_the_commit_itself_is_not_acknowledged() {
    let database = TestDatabase::make().await;
    let refuse = "CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN IF NEW.aggregate_id = 'doomed' THEN RAISE EXCEPTION 'too late'; END IF; RETURN NULL; END $$;
                  CREATE CONSTRAINT TRIGGER late AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
                      FOR EACH ROW EXECUTE FUNCTION refuse_late()";
    database.superuser().await.execute(refuse).await.unwrap();
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "first", 0, 1)).await.unwrap();
    process.writer.append(edits(tenant, "first", 1, 1)).await.unwrap();
    let doomed = process.writer.append(edits(tenant, "doomed", 0, 1)).await;
    assert!(doomed.is_err(), "{doomed:?}");
    process.writer.append(edits(tenant, "first", 2, 1)).await.unwrap();
    let stream = sound_stream(&process.pools.app, tenant).await;
    assert!(stream.iter().all(|event| event.aggregate_id == "first"), "{stream:?}");
    process.end().await;
}

#[tokio::test]
async fn a_head_that_another_process_moved_is_seen_and_numbered_on() {
    let database = TestDatabase::make().await;
    let processes = [Process::start(&database).await, Process::start(&database).await];
    let tenant = new_tenant();
    for round in 0..6_u64 {
        for (n, process) in processes.iter().enumerate() {
            // One aggregate of its own each, which the writer knows, and one that is new.
            process.writer.append(edits(tenant, &format!("of-{n}"), round, 1)).await.unwrap();
            process.writer.append(edits(tenant, &format!("new-{n}-{round}"), 0, 2)).await.unwrap();
        }
    }
    let taken = processes[1].writer.append(edits(tenant, "new-0-3", 0, 1)).await;
    assert_eq!(taken, Err(AppendError::Conflict), "another process has begun it");
    assert_eq!(sound_stream(&processes[0].pools.app, tenant).await.len(), 36);
    for process in processes {
        process.end().await;
    }
}

/// What one command decided for two aggregates.
fn both(tenant: TenantId, first: (&str, u64), second: (&str, u64)) -> Append {
    let mut append = edits(tenant, first.0, first.1, 1);
    append.decisions.extend(edits(tenant, second.0, second.1, 1).decisions);
    append
}

#[tokio::test]
async fn what_was_decided_for_two_aggregates_stands_for_both_or_for_neither() {
    let database = TestDatabase::make().await;
    let (before, process) = (Process::start(&database).await, Process::start(&database).await);
    let tenant = new_tenant();
    before.writer.append(edits(tenant, "old", 0, 1)).await.unwrap();
    process.writer.append(edits(tenant, "first", 0, 1)).await.unwrap();
    // This writer knows the stream's head and nothing of what the other one has begun: the database says so.
    let taken = process.writer.append(both(tenant, ("first", 1), ("old", 0))).await;
    assert_eq!(taken, Err(AppendError::Conflict));
    let moved_on = process.writer.append(both(tenant, ("first", 0), ("new", 0))).await;
    assert_eq!(moved_on, Err(AppendError::Conflict));
    assert_eq!(sound_stream(&process.pools.app, tenant).await.len(), 2, "nothing of either");
    process.writer.append(both(tenant, ("first", 1), ("old", 1))).await.unwrap();
    process.writer.append(both(tenant, ("first", 2), ("new", 0))).await.unwrap();
    let stream = sound_stream(&process.pools.app, tenant).await;
    let told: Vec<_> =
        stream.iter().map(|event| (event.aggregate_id.as_str(), event.sequence.get())).collect();
    assert_eq!(told, [("old", 1), ("first", 1), ("first", 2), ("old", 2), ("first", 3), ("new", 1)]);
    for process in [before, process] {
        process.end().await;
    }
}

/// What the connections to the database did last is what they sent last: a writer's one statement, and no COMMIT of its own.
async fn last_queries(database: &TestDatabase) -> Vec<String> {
    let last = "SELECT query FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE '%append_at_heads%' AND pid <> pg_backend_pid()";
    let queries = database.superuser().await.fetch_all(last).await.unwrap();
    queries.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_batch_that_nobody_disturbs_is_one_exchange() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "first", 0, 1)).await.unwrap();
    process.writer.append(edits(tenant, "first", 1, 1)).await.unwrap();
    let queries = last_queries(&database).await;
    assert!(queries.iter().any(|query| query.starts_with("SELECT append_at_heads")), "{queries:?}");
    process.end().await;
}

#[tokio::test]
async fn a_batch_in_which_one_has_lost_its_race_is_one_exchange_for_the_others() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "first", 0, 1)).await.unwrap();
    process.writer.append(edits(tenant, "first", 1, 1)).await.unwrap();
    let mut holder = hold_head(&database, tenant).await;
    let appends = [edits(tenant, "first", 2, 1), edits(tenant, "first", 2, 1), edits(tenant, "second", 0, 1)];
    let mut waiting: Vec<_> =
        appends.into_iter().map(|append| Box::pin(process.writer.append(append))).collect();
    for append in &mut waiting {
        assert_eq!(append.as_mut().now_or_never(), None, "it waits for the head");
    }
    holder.execute("COMMIT").await.unwrap();
    let told: Vec<bool> = join_all(waiting).await.iter().map(Result::is_ok).collect();
    assert_eq!(told, [true, false, true]);
    assert!(last_queries(&database).await.iter().any(|query| query.starts_with("SELECT append_at_heads")));
    assert_eq!(sound_stream(&process.pools.app, tenant).await.len(), 4);
    process.end().await;
}

#[tokio::test]
async fn what_is_refused_on_a_memory_that_is_not_true_any_more_is_judged_again() {
    let database = TestDatabase::make().await;
    let (process, other) = (Process::start(&database).await, Process::start(&database).await);
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "first", 0, 2)).await.unwrap();
    other.writer.append(edits(tenant, "first", 2, 1)).await.unwrap();
    // By what the first writer remembers, "first" has two events; both come in one batch.
    let appends = [edits(tenant, "first", 3, 1), edits(tenant, "second", 0, 1)];
    let told = join_all(appends.into_iter().map(|append| process.writer.append(append))).await;
    assert!(told.iter().all(Result::is_ok), "{told:?}");
    assert_eq!(sound_stream(&process.pools.app, tenant).await.len(), 5);
    process.end().await;
    other.end().await;
}
