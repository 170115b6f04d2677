//! Leases: a timer is one worker's at a time, and nobody else's word counts (hazards H14).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Duration as Span, Utc};
use draxis_domain::source::{RunTrigger, Schedule, SourceCommand};
use draxis_domain::{EventId, RunId, SourceId, TenantId};
use draxis_event_store::{
    ClaimDurability, ClaimedTimer, Clock as _, PutTimer, StoredTimer, TenantTx, TimerClaim, TimerProgress,
    claim_timers, find_claimed, finish_timer, hand_back_timer, head, put_timers, retry_timer,
};

use crate::house::{TestDatabase, new_tenant};

use super::program::Program;

const LONG: Duration = Duration::from_mins(5);

async fn with_due(program: &Program, tenant: TenantId, sources: usize) -> Vec<SourceId> {
    let mut connected = Vec::new();
    for _ in 0..sources {
        connected.push(program.connect(tenant, "http://127.0.0.1:9", Schedule::Hourly).await);
    }
    program.timers.catch_up(tenant).await.unwrap();
    connected
}

/// What is due within the hour: every source's first run.
fn runs(program: &Program) -> (&'static str, DateTime<Utc>) {
    ("source_run", program.process.clock.now() + Span::hours(1))
}

async fn claim(program: &Program, up_to: u32, lease: Duration) -> Vec<ClaimedTimer> {
    claim_beside(program, (up_to, 100), lease, &BTreeMap::new()).await
}

async fn claim_beside(
    program: &Program,
    bounds: (u32, u32),
    lease: Duration,
    busy: &BTreeMap<TenantId, u32>,
) -> Vec<ClaimedTimer> {
    program.claim_beside(runs(program), bounds, lease, busy).await
}

#[tokio::test]
async fn a_claimed_timer_is_nobody_elses_while_the_lease_lasts() {
    let database = TestDatabase::make().await;
    let (one, other) = (Program::start(&database).await, Program::start(&database).await);
    with_due(&one, new_tenant(), 5).await;
    let (mine, theirs) = tokio::join!(claim(&one, 3, LONG), claim(&other, 3, LONG));
    let left = claim(&one, 100, LONG).await;
    let all: Vec<_> = mine.into_iter().chain(theirs).chain(left).collect();
    let names: BTreeSet<_> = all.iter().map(|claimed| &claimed.name).collect();
    assert_eq!((all.len(), names.len()), (5, 5), "each was handed out, and once");
    hand_back_timer(&one.process.pools.app, &all[0]).await.unwrap();
    let again = claim(&other, 100, LONG).await;
    assert_eq!(again.iter().map(|claimed| &claimed.name).collect::<Vec<_>>(), [&all[0].name]);
}

#[tokio::test]
async fn a_worker_stopped_past_its_lease_cannot_say_that_it_is_done() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    with_due(&program, new_tenant(), 1).await;
    let pool = &program.process.pools.app;
    let stopped = claim(&program, 1, Duration::ZERO).await.remove(0);
    let next = claim(&program, 1, LONG).await.remove(0);
    assert!(next.fence > stopped.fence, "the number rises");
    assert_eq!(find_claimed(pool, &stopped).await.unwrap(), None, "it does not even begin");
    let timer = find_claimed(pool, &next).await.unwrap().unwrap();
    assert!(!finish_timer(pool, &stopped, &timer).await.unwrap());
    assert_eq!(retry_timer(pool, &stopped, (LONG, LONG)).await.unwrap(), None);
    hand_back_timer(pool, &stopped).await.unwrap();
    assert!(claim(&program, 1, LONG).await.is_empty(), "it cannot give away what is not its own");
    assert!(finish_timer(pool, &next, &timer).await.unwrap());
    assert!(!finish_timer(pool, &next, &timer).await.unwrap(), "done is done");
    assert!(claim(&program, 1, LONG).await.is_empty());
}

#[tokio::test]
async fn a_timer_that_is_written_with_a_lease_is_its_writers_until_that_ends() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let (tenant, pool) = (new_tenant(), &program.process.pools.app);
    with_due(&program, tenant, 1).await;
    let mut last = claim(&program, 1, LONG).await.remove(0);
    let (name, timer) = program.table(tenant).await.into_iter().find(|(name, _)| *name == last.name).unwrap();
    for (lease, left) in [(Some(LONG), 0), (Some(Duration::ZERO), 1), (None, 1)] {
        let due_at = timer.due_at.map(|due| due - Span::minutes(left + 1));
        let timer = StoredTimer {
            cause: EventId::new(ulid::Ulid(u128::from(lease.is_some()) + 7)),
            due_at,
            ..timer.clone()
        };
        let put = [PutTimer { name: name.clone(), timer: timer.clone(), lease }];
        let mut transaction = TenantTx::begin(pool, tenant).await.unwrap();
        let (position, kinds) = (head(pool, tenant).await.unwrap(), [name.kind.clone()]);
        let folded = TimerProgress { position, kinds: &kinds };
        let mut own = put_timers(&mut transaction, &put, folded, ClaimDurability::Durable).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(own.len(), usize::from(lease.is_some()), "{lease:?}");
        if let Some(own) = own.pop() {
            assert!(own.fence > last.fence && own.due_at == due_at.unwrap());
            let found = find_claimed(pool, &own).await.unwrap();
            assert_eq!(found, (lease == Some(LONG)).then_some(timer));
            last = own;
        }
        assert_eq!(
            claim(&program, 9, Duration::ZERO).await.len(),
            usize::try_from(left).unwrap(),
            "{lease:?}"
        );
    }
}

#[tokio::test]
async fn a_timer_that_an_event_has_moved_is_not_finished_by_who_held_it_before() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    let source = with_due(&program, tenant, 1).await.remove(0);
    let pool = &program.process.pools.app;
    let held = claim(&program, 1, LONG).await.remove(0);
    let timer = find_claimed(pool, &held).await.unwrap().unwrap();
    program.change(tenant, source, SourceCommand::Pause).await;
    program.process.clock.advance(Span::hours(3));
    program.change(tenant, source, SourceCommand::Resume).await;
    program.timers.catch_up(tenant).await.unwrap();
    assert!(!finish_timer(pool, &held, &timer).await.unwrap());
    let again = claim(&program, 1, LONG).await.remove(0);
    assert!(again.due_at > held.due_at && again.fence > held.fence);
}

#[tokio::test]
async fn what_failed_is_held_back_longer_each_time() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    with_due(&program, new_tenant(), 1).await;
    let pool = &program.process.pools.app;
    for failures in 1..=3 {
        let claimed = claim(&program, 1, LONG).await.remove(0);
        let none = (Duration::ZERO, Duration::ZERO);
        assert_eq!(retry_timer(pool, &claimed, none).await.unwrap(), Some(failures));
    }
    let claimed = claim(&program, 1, LONG).await.remove(0);
    assert_eq!(retry_timer(pool, &claimed, (LONG, LONG)).await.unwrap(), Some(4));
    assert!(claim(&program, 1, LONG).await.is_empty());
}

#[tokio::test]
async fn whoever_has_much_due_makes_nobody_wait() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let (busy, quiet, full) = (new_tenant(), new_tenant(), new_tenant());
    with_due(&program, busy, 20).await;
    with_due(&program, quiet, 1).await;
    with_due(&program, full, 5).await;
    let share = |claimed: &[ClaimedTimer]| {
        [busy, quiet, full].map(|tenant| claimed.iter().filter(|claimed| claimed.tenant == tenant).count())
    };
    let first = claim_beside(&program, (3, 10), Duration::ZERO, &BTreeMap::new()).await;
    assert_eq!(share(&first), [1, 1, 1], "one each before a second of anybody");
    let under_way = BTreeMap::from([(full, 3), (busy, 1)]);
    let next = claim_beside(&program, (100, 4), LONG, &under_way).await;
    assert_eq!(share(&next), [3, 1, 1], "up to four each, less what is under way");
}

#[tokio::test]
async fn a_tenants_places_are_counted_over_all_kinds_of_a_lane() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    for source in with_due(&program, tenant, 3).await {
        let run_id = RunId::new(program.process.commands.ids().next());
        program.change(tenant, source, SourceCommand::StartRun { run_id, trigger: RunTrigger::Manual }).await;
    }
    program.timers.catch_up(tenant).await.unwrap();
    let kinds = ["source_run".to_owned(), "run_lost".to_owned()];
    let (busy, due) = (BTreeMap::new(), program.process.clock.now() + Span::hours(1));
    let claim = TimerClaim {
        kinds: &kinds,
        due,
        of_tenant: 2,
        up_to: 100,
        busy: &busy,
        lease: LONG,
        durability: ClaimDurability::Durable,
    };
    assert_eq!(claim_timers(&program.process.pools.app, &claim).await.unwrap().len(), 2);
}

#[tokio::test]
async fn nothing_is_handed_out_before_it_is_due() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    with_due(&program, tenant, 1).await;
    let due = program.due(tenant, "source_run").await.unwrap();
    let early = due - Span::microseconds(1);
    assert!(program.claim(("source_run", early), LONG).await.is_empty());
    assert_eq!(program.claim(("source_run", due), LONG).await.len(), 1);
}
