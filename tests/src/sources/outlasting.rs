//! Our own database in trouble while a run is under way: the run tries again, and nobody is told that the source failed.

use std::time::Duration;

use serde_json::json;
use sqlx::{Executor, PgConnection, Row};

use super::far::Far;
use super::given::Tenant;
use crate::house::TestDatabase;

/// How many runs have begun, and how many are over.
async fn runs(superuser: &mut PgConnection) -> (i64, i64) {
    let count = "SELECT count(*) FILTER (WHERE event_type = 'source.run_started'),
                        count(*) FILTER (WHERE event_type IN ('source.run_completed', 'source.run_failed')) FROM events";
    let row = superuser.fetch_one(count).await.unwrap();
    (row.get(0), row.get(1))
}

/// Ends, so many times, whatever of the program waits for a lock: as a server does that goes down or has too much to do.
async fn cut_off_whoever_waits(superuser: &mut PgConnection, times: u32) {
    let cut = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND usename = 'draxis' AND wait_event_type = 'Lock') AS cut";
    for _ in 0..times {
        let looking = async {
            while superuser.fetch_one(cut).await.unwrap().get::<i64, _>(0) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), looking).await.expect("somebody waits for the lock");
    }
}

/// When the lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    BeforeTheRun,
    WhileItAsks,
}

/// An hourly source falls due; meanwhile that lock is held, and whoever waits for it is cut off twice.
async fn comes_through(when: When, lock: &str) {
    let database = TestDatabase::make().await;
    let (mut tenant, far) = (Tenant::start(&database).await, Far::start().await);
    let source = json!({"name": "Hourly", "sourceType": "generic", "vendor": "http-json", "schedule": "hourly",
                        "config": {"url": far.at("waits"), "values": [{"slug": "slow_count", "value": ".count"}]}});
    let source = tenant.connect(&source).await;
    let kri = tenant.wire("slow_count", &source).await;
    tenant.web.app.timers.catch_up_all().await;
    let mut wakeups = tenant.web.app.commands.log().writer().wakeups().subscribe();
    let (mut superuser, mut locking) = (database.superuser().await, database.superuser().await);
    let mut until = async |superuser: &mut PgConnection, wanted: (i64, i64)| {
        let coming = async {
            while runs(superuser).await != wanted {
                drop(wakeups.recv().await);
            }
        };
        tokio::time::timeout(Duration::from_mins(2), coming).await.expect("the run comes so far");
    };
    let lock = format!("BEGIN; {lock}");
    if when == When::BeforeTheRun {
        locking.execute(lock.as_str()).await.unwrap();
    }
    tenant.web.clock.advance(chrono::Duration::minutes(61));
    until(&mut superuser, (1, 0)).await;
    if when == When::WhileItAsks {
        locking.execute(lock.as_str()).await.unwrap();
    }
    far.let_go();
    cut_off_whoever_waits(&mut superuser, 2).await;
    locking.execute("ROLLBACK").await.unwrap();
    until(&mut superuser, (1, 1)).await;
    tenant.token = tenant.fresh_token().await;
    let run = tenant.last_run(&source).await;
    assert_eq!((&run["state"], &run["summary"]["rowsWritten"]), (&json!("completed"), &json!(1)), "{run}");
    assert_eq!(tenant.get(&format!("/api/kris/{kri}")).await["value"], "3");
    let written = tenant.written().await;
    assert_eq!(written.iter().filter(|it| it["type"] == "kri.value_recorded").count(), 1);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_comes_through_where_the_vault_cannot_be_read_for_a_while() {
    comes_through(When::BeforeTheRun, "LOCK TABLE vault IN ACCESS EXCLUSIVE MODE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_comes_through_where_it_cannot_be_looked_up_what_a_value_is_for() {
    comes_through(When::WhileItAsks, "LOCK TABLE claims IN ACCESS EXCLUSIVE MODE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_comes_through_where_nothing_can_be_written_for_a_while() {
    comes_through(When::WhileItAsks, "LOCK TABLE events IN SHARE MODE").await;
}
