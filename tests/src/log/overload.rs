//! A database that is slow, held up or gone: commands are turned away in time, memory stays bounded, nothing is lost.

use std::time::Duration;

use draxis_domain::TenantId;
use draxis_event_store::{AppendError, Appended, WriterLimits};
use futures_util::FutureExt;
use futures_util::future::join_all;
use sqlx::Executor;

use super::appending::hold_head;
use crate::house::{Fitting, Process, Tap, TestDatabase, edits, new_tenant, sound_stream};

fn small(patience: Duration) -> Fitting {
    let limits = WriterLimits { waiting: 10, waiting_of_tenant: 8, patience, ..WriterLimits::default() };
    Fitting { limits, ..Fitting::default() }
}

fn overloaded(result: &Result<Appended, AppendError>) -> bool {
    matches!(result, Err(AppendError::Overloaded))
}

#[tokio::test]
async fn what_does_not_fit_the_queue_is_turned_away_at_once() {
    let database = TestDatabase::make().await;
    let process = Process::over(database.options("draxis"), small(Duration::from_mins(1))).await;
    let (busy, quiet) = (new_tenant(), new_tenant());
    process.writer.append(edits(busy, "first", 0, 1)).await.unwrap();
    let mut holder = hold_head(&database, busy).await;

    let append =
        |tenant: TenantId, n: u32| Box::pin(process.writer.append(edits(tenant, &format!("o{n}"), 0, 1)));
    let mut waiting: Vec<_> = (0..50).map(|n| append(busy, n)).collect();
    let told = waiting.iter_mut().map(|append| append.as_mut().now_or_never()).collect::<Vec<_>>();
    let kept = told.iter().filter(|told| told.is_none()).count();
    assert_eq!(kept, 8, "one tenant's share of the queue");
    assert!(told.iter().flatten().all(overloaded));
    let mut others = append(quiet, 0);
    assert_eq!(others.as_mut().now_or_never(), None, "another tenant still finds room");

    holder.execute("COMMIT").await.unwrap();
    let still = waiting.into_iter().zip(told).filter(|(_, told)| told.is_none()).map(|(append, _)| append);
    for result in join_all(still).await {
        result.unwrap();
    }
    others.await.unwrap();
    assert_eq!(sound_stream(&process.pools.app, busy).await.len(), 9);
    process.end().await;
}

#[tokio::test]
async fn bytes_are_bounded_too() {
    let database = TestDatabase::make().await;
    let limits = WriterLimits { waiting_bytes: 100_000, ..WriterLimits::default() };
    let process = Process::over(database.options("draxis"), Fitting { limits, ..Fitting::default() }).await;
    let tenant = new_tenant();
    let heavy = |n: u32| {
        let mut append = edits(tenant, &format!("o{n}"), 0, 1);
        append.decisions[0].events[0].payload = format!(r#"{{"name":"{}"}}"#, "x".repeat(30_000));
        Box::pin(process.writer.append(append))
    };
    let mut waiting: Vec<_> = (0..5).map(heavy).collect();
    let told: Vec<_> = waiting.iter_mut().map(|append| append.as_mut().now_or_never()).collect();
    assert_eq!(told.iter().filter(|told| told.is_none()).count(), 3);
    drop(waiting);
    process.end().await;
}

/// The clock of these two is tokio's, which jumps ahead whenever all of the test waits for it.
#[tokio::test]
async fn a_command_waits_no_longer_than_its_patience_while_another_holds_up_the_writer() {
    let database = TestDatabase::make().await;
    let process = Process::over(database.options("draxis"), small(Duration::from_millis(300))).await;
    let (held, tenant) = (new_tenant(), new_tenant());
    process.writer.append(edits(held, "first", 0, 1)).await.unwrap();
    let mut holder = hold_head(&database, held).await;
    let mut stuck = Box::pin(process.writer.append(edits(held, "first", 1, 1)));
    assert_eq!(stuck.as_mut().now_or_never(), None);
    // The writer's task has to have taken the first before the second comes.
    while tokio::time::timeout(Duration::from_millis(20), stuck.as_mut()).await.is_ok() {}
    let begun = std::time::Instant::now();
    let late = process.writer.append(edits(tenant, "late", 0, 1)).await;
    assert!(overloaded(&late), "{late:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "told after {:?}", begun.elapsed());

    holder.execute("COMMIT").await.unwrap();
    stuck.await.unwrap();
    assert_eq!(
        sound_stream(&process.pools.app, tenant).await.len(),
        0,
        "what was turned away is not written later"
    );
    process.writer.append(edits(tenant, "late", 0, 1)).await.unwrap();
    process.end().await;
}

#[tokio::test]
async fn a_wire_that_swallows_everything_is_given_up_and_made_anew() {
    let database = TestDatabase::make().await;
    let tap: Tap = database.tap();
    let limits = WriterLimits {
        patience: Duration::from_millis(200),
        batch_time: Duration::from_millis(400),
        ..WriterLimits::default()
    };
    let process = Process::over(tap.options("draxis"), Fitting { limits, ..Fitting::default() }).await;
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "o", 0, 1)).await.unwrap();
    tap.hold();
    let swallowed = process.writer.append(edits(tenant, "o", 1, 1)).await;
    assert_eq!(swallowed, Err(AppendError::Unknown), "it may have been committed");
    let anew = process.writer.append(edits(tenant, "o", 1, 1)).await;
    assert!(overloaded(&anew), "nor can a new connection be made: {anew:?}");
    tap.let_go();
    process.writer.append(edits(tenant, "o", 1, 1)).await.unwrap();
    assert_eq!(sound_stream(&process.pools.app, tenant).await.len(), 2);
    process.end().await;
}
