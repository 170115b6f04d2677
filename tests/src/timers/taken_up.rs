//! What an event makes due at once: whoever folds it takes it up in the same transaction, under a number of its own.

use std::time::Duration;

use draxis_domain::source::Schedule;
use draxis_domain::{EventId, SourceId, TenantId};
use draxis_event_store::{
    ClaimDurability, ClaimedTimer, Clock as _, PutTimer, StoredTimer, TenantTx, TimerProgress, find_claimed,
    finish_timer, head, put_timers,
};
use sqlx::{Executor as _, Row as _};

use draxis_runner::timer::TimerSettings;

use crate::house::{Cut, TestDatabase, new_tenant};

use super::program::Program;

const NOWHERE: &str = "http://127.0.0.1:9";
const KIND: &str = "kri_reschedule";

const NOTHING_IS_DUE: &str = "
    CREATE OR REPLACE FUNCTION claim_timers(
        kinds text[], due timestamptz, per_tenant integer, up_to integer, busy_tenants uuid[], busy_jobs integer[],
        lease_ms bigint)
        RETURNS TABLE (tenant_id uuid, kind text, subject text, due_at timestamptz, fence bigint)
        LANGUAGE plpgsql AS $$ BEGIN END $$";

/// A source with a KRI that is told how often it is read: each new schedule makes that due at once.
async fn wired(program: &Program) -> (TenantId, SourceId) {
    let tenant = new_tenant();
    let source = program.connect(tenant, NOWHERE, Schedule::Daily).await;
    program.measure(tenant, source, "open_findings").await;
    program.settle().await;
    (tenant, source)
}

async fn claim(program: &Program) -> Vec<ClaimedTimer> {
    program.claim((KIND, program.process.clock.now()), Duration::from_mins(5)).await
}

async fn fence(database: &TestDatabase, tenant: TenantId) -> i64 {
    let fence = sqlx::query_scalar!(
        "SELECT fence FROM timers WHERE tenant_id = $1 AND kind = $2",
        tenant.uuid(),
        KIND
    );
    fence.fetch_optional(&mut database.superuser().await).await.unwrap().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_makes_due_is_done_although_whoever_asks_is_told_of_nothing() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let (tenant, source) = wired(&program).await;
    let mut owner = database.owner().await;
    owner.execute(NOTHING_IS_DUE).await.unwrap();
    program.go();
    program.reschedule(tenant, source, NOWHERE, Schedule::Hourly).await;
    program.events_come(tenant, "kri.rescheduled", 1).await;
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_held_it_before_is_overtaken() {
    let database = TestDatabase::with_connections(20).await;
    let (stopped, program) = (Program::start(&database).await, Program::start(&database).await);
    let (tenant, source) = wired(&stopped).await;
    stopped.reschedule(tenant, source, NOWHERE, Schedule::Hourly).await;
    stopped.timers.catch_up(tenant).await.unwrap();
    let pool = &stopped.process.pools.app;
    let held = claim(&stopped).await.remove(0);
    let timer = find_claimed(pool, &held).await.unwrap().unwrap();
    program.go();
    program.reschedule(tenant, source, NOWHERE, Schedule::Weekly).await;
    program.events_come(tenant, "kri.rescheduled", 1).await;
    assert_eq!(find_claimed(pool, &held).await.unwrap(), None);
    assert!(!finish_timer(pool, &held, &timer).await.unwrap());
    program.stop().await;
    let fence = fence(&database, tenant).await;
    assert!(fence > held.fence, "{fence} after {}", held.fence);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_claims_it_while_the_fold_waits_has_the_lower_number() {
    let database = TestDatabase::with_connections(20).await;
    let program = Program::start(&database).await;
    let (tenant, _) = wired(&program).await;
    let (name, timer) = program.table(tenant).await.into_iter().find(|(name, _)| name.kind == KIND).unwrap();
    let (mut claiming, mut watching) = (database.superuser().await, database.superuser().await);
    claiming.execute("BEGIN; SELECT FROM timers WHERE kind = 'kri_reschedule' FOR UPDATE").await.unwrap();
    let (pool, due_at) = (&program.process.pools.app, Some(program.process.clock.now()));
    let fold = async {
        let timer = StoredTimer { cause: EventId::new(ulid::Ulid(7)), due_at, ..timer };
        let put = PutTimer { name, timer, lease: Some(Duration::from_mins(5)) };
        let mut transaction = TenantTx::begin(pool, tenant).await.unwrap();
        let folded = TimerProgress { position: head(pool, tenant).await.unwrap(), kinds: &[KIND.to_owned()] };
        let own = put_timers(&mut transaction, &[put], folded, ClaimDurability::Durable).await.unwrap();
        transaction.commit().await.unwrap();
        own
    };
    let claim = async {
        let waits =
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while watching.fetch_optional(waits).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        let draw =
            "UPDATE timers SET fence = nextval('timer_fences') WHERE kind = 'kri_reschedule' RETURNING fence";
        let claimed: i64 = claiming.fetch_one(draw).await.unwrap().get(0);
        claiming.execute("COMMIT").await.unwrap();
        claimed
    };
    let (own, claimed) = tokio::join!(fold, claim);
    assert!(own[0].fence > claimed, "{} after {claimed}", own[0].fence);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_has_been_told_to_stop_leaves_it_to_others() {
    let database = TestDatabase::with_connections(20).await;
    let (ended, heir) = (Program::start(&database).await, Program::start(&database).await);
    let (tenant, source) = wired(&ended).await;
    ended.go();
    ended.stop().await;
    ended.reschedule(tenant, source, NOWHERE, Schedule::Hourly).await;
    ended.timers.catch_up(tenant).await.unwrap();
    assert_eq!(claim(&heir).await.len(), 1, "nobody holds it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_up_in_a_commit_whose_answer_was_lost_is_left_to_others() {
    let database = TestDatabase::with_connections(24).await;
    let tap = database.tap();
    // It looks for nothing by itself, so that each message is the fold's.
    let (look_every, sweep_every) = (Duration::from_hours(1), Duration::from_hours(1));
    let settings = TimerSettings { look_every, sweep_every, ..TimerSettings::default() };
    let cut_off = Program::over(tap.options("draxis"), settings).await;
    let heir = Program::start(&database).await;
    cut_off.go();
    let mut taken_up = 0;
    for answer in 0.. {
        let (tenant, source) = wired(&heir).await;
        heir.reschedule(tenant, source, NOWHERE, Schedule::Hourly).await;
        let before = fence(&database, tenant).await;
        tap.arm(Cut::Answering(answer));
        let folded = cut_off.timers.catch_up(tenant).await;
        tap.disarm();
        if folded.is_ok() {
            // The first is cut nowhere, the last beyond the fold.
            cut_off.events_come(tenant, "kri.rescheduled", 1).await;
            if answer > 0 {
                break;
            }
            continue;
        }
        taken_up += u32::from(fence(&database, tenant).await > before);
        heir.timers.catch_up(tenant).await.unwrap();
        assert_eq!(claim(&heir).await.len(), 1, "nobody holds it, cut off before answer {answer}");
    }
    assert!(taken_up > 0, "no commit was lost, so this proves nothing");
    cut_off.stop().await;
}
