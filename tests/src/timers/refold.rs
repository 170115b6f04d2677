//! The table is the log's: deleted and folded again it is the same, and no event is passed by (hazards D6).

use chrono::Duration;
use draxis_domain::source::{Schedule, SourceCommand};
use draxis_domain::{Position, SourceId, TenantId};
use sqlx::Executor as _;

use crate::house::{TestDatabase, new_tenant};

use super::far::Far;
use super::program::Program;

/// Some hours of a tenant's life with sources of every standing, KRIs and runs.
async fn live(program: &Program, tenant: TenantId, far: &Far) {
    let hourly = program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    let daily = program.connect(tenant, &far.answering(), Schedule::Daily).await;
    let paused = program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    program.connect(tenant, &far.answering(), Schedule::Manual).await;
    let gone = program.connect(tenant, &far.refusing(), Schedule::Weekly).await;
    measured(program, tenant, (hourly, daily)).await;
    let [pause, archive] = [SourceCommand::Pause, SourceCommand::Archive];
    an_hour_passes(program, 2).await;
    program.change(tenant, paused, pause).await;
    an_hour_passes(program, 1).await;
    program.reschedule(tenant, daily, &far.answering(), Schedule::Hourly).await;
    an_hour_passes(program, 1).await;
    program.change(tenant, gone, archive).await;
    an_hour_passes(program, 1).await;
}

async fn measured(program: &Program, tenant: TenantId, (one, other): (SourceId, SourceId)) {
    program.measure(tenant, one, "open_findings").await;
    let kri = program.measure(tenant, other, "other_findings").await;
    program.read(tenant, kri, 12, 0).await;
}

async fn an_hour_passes(program: &Program, times: usize) {
    for _ in 0..times {
        program.process.clock.advance(Duration::hours(1));
        program.settle().await;
    }
}

#[tokio::test]
async fn deleted_and_folded_again_the_timers_are_the_same() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let program = Program::start(&database).await;
    let (tenant, bystander) = (new_tenant(), new_tenant());
    live(&program, tenant, &far).await;
    program.connect(bystander, &far.answering(), Schedule::Daily).await;
    program.settle().await;
    let (before, beside) = (program.table(tenant).await, program.table(bystander).await);
    assert!(before.len() >= 8, "{before:?}");
    let mut superuser = database.superuser().await;
    for loss in
        ["DELETE FROM timers; DELETE FROM timer_checkpoints", "UPDATE timer_checkpoints SET version = 0"]
    {
        superuser.execute(loss).await.unwrap();
        program.timers.catch_up_all().await;
        assert_eq!(program.table(tenant).await, before, "{loss}");
        assert_eq!(program.table(bystander).await, beside, "{loss}");
    }
    assert_eq!(
        program.events(tenant, "source.run_started").await.len(),
        far.asked(),
        "every run was asked once"
    );
    let runs = far.asked();
    program.settle().await;
    assert_eq!(far.asked(), runs, "folding again runs nothing again");
}

#[tokio::test]
async fn a_newer_programs_fold_is_left_alone() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    program.connect(tenant, "http://127.0.0.1:9", Schedule::Daily).await;
    program.settle().await;
    let before = program.table(tenant).await;
    database.superuser().await.execute("UPDATE timer_checkpoints SET version = 1000").await.unwrap();
    program.connect(tenant, "http://127.0.0.1:9", Schedule::Daily).await;
    assert_eq!(program.timers.catch_up(tenant).await.unwrap(), Position::START);
    assert_eq!(program.table(tenant).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_fold_one_tenant_at_once_miss_nothing() {
    let database = TestDatabase::with_connections(20).await;
    let (one, other) = (Program::start(&database).await, Program::start(&database).await);
    let tenant = new_tenant();
    let write = async {
        for _ in 0..100 {
            one.connect(tenant, "http://127.0.0.1:9", Schedule::Daily).await;
        }
    };
    let fold = async |program: &Program| {
        for _ in 0..60 {
            program.timers.catch_up(tenant).await.unwrap();
        }
    };
    tokio::join!(write, fold(&one), fold(&other));
    one.timers.catch_up(tenant).await.unwrap();
    let folded = one.table(tenant).await;
    assert_eq!(folded.keys().filter(|name| name.kind == "source_run").count(), 100);
}
