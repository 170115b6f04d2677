//! Scheduled runs: one for each instant, whoever asks, and nobody waits for another's far system.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use draxis_domain::source::{RunTrigger, Schedule, Source, SourceCommand};
use draxis_domain::{RunId, TenantId};
use draxis_runner::timer::{LaneLimits, TimerSettings};
use futures_util::future::join_all;

use crate::house::{TestDatabase, new_tenant};

use super::far::Far;
use super::program::{Program, context, source_body};

async fn due_instants(program: &Program, tenant: TenantId) -> BTreeSet<String> {
    let started = program.events(tenant, "source.run_started").await;
    let due = started.iter().map(|event| {
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
        payload["trigger"]["dueAt"].as_str().unwrap().to_owned()
    });
    due.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_begin_one_run_for_each_instant() {
    let database = TestDatabase::with_connections(20).await;
    let far = Far::start().await;
    let (one, other) = (Program::start(&database).await, Program::start(&database).await);
    let tenant = new_tenant();
    one.connect(tenant, &far.answering(), Schedule::Hourly).await;
    for hour in 1..=10 {
        let due = one.due(tenant, "source_run").await.unwrap();
        for program in [&one, &other] {
            program.advance_to(due);
        }
        tokio::join!(one.settle(), other.settle());
        assert_eq!(one.events(tenant, "source.run_completed").await.len(), hour);
    }
    assert_eq!(due_instants(&one, tenant).await.len(), 10, "each instant has its own");
    assert_eq!(one.events(tenant, "source.run_started").await.len(), 10);
    assert_eq!(far.asked(), 10, "and what was begun by one was not carried out by the other");
}

#[tokio::test]
async fn an_instant_told_again_after_later_ones_begins_nothing() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    let source = program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    let first = program.due(tenant, "source_run").await.unwrap();
    for hours in 0..2 {
        program.advance_to(first + Duration::hours(hours));
        assert_eq!(program.settle().await, 1);
    }
    // A worker that claimed the first instant, was stopped, and goes on now (hazards H14).
    program.source_runs.run_scheduled(tenant, source, first).await.unwrap();
    assert_eq!(program.events(tenant, "source.run_started").await.len(), 2);
    assert_eq!(far.asked(), 2);
}

#[tokio::test]
async fn what_was_missed_is_run_once_on_return_and_then_on_the_grid_again() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    let first = program.due(tenant, "source_run").await.unwrap();
    program.advance_to(first + Duration::hours(7) + Duration::minutes(20));
    assert_eq!(program.settle().await, 1);
    assert_eq!(program.due(tenant, "source_run").await, Some(first + Duration::hours(8)));
}

#[tokio::test]
async fn a_source_whose_run_is_under_way_is_skipped() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    let source = program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    let due = program.due(tenant, "source_run").await.unwrap();
    program.advance_to(due - Duration::minutes(1));
    let run_id = RunId::new(program.process.commands.ids().next());
    program.change(tenant, source, SourceCommand::StartRun { run_id, trigger: RunTrigger::Manual }).await;
    program.advance_to(due);
    assert_eq!(program.settle().await, 1, "it is looked at once and left");
    assert_eq!(program.events(tenant, "source.run_started").await.len(), 1);
    let summary = draxis_domain::source::RunSummary::default();
    program.change(tenant, source, SourceCommand::CompleteRun { run_id, summary }).await;
    assert_eq!(program.settle().await, 0);
    assert_eq!(program.due(tenant, "source_run").await, Some(due + Duration::hours(1)));
}

#[tokio::test]
async fn a_run_whose_process_died_is_given_up_as_lost_and_the_next_one_comes() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    let source = program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    let due = program.due(tenant, "source_run").await.unwrap();
    program.advance_to(due);
    // What a process writes before it is killed.
    let start = SourceCommand::StartRun {
        run_id: RunId::scheduled(source, due),
        trigger: RunTrigger::Scheduled { due_at: due },
    };
    program.change(tenant, source, start).await;
    program.advance_to(due + Source::RUN_LIMIT - Duration::microseconds(1));
    assert_eq!(program.settle().await, 0);
    program.process.clock.advance(Duration::microseconds(1));
    assert_eq!(program.settle().await, 1);
    let failed = program.events(tenant, "source.run_failed").await;
    assert!(failed[0].payload.contains(r#""class":"lost""#), "{}", failed[0].payload);
    program.advance_to(due + Duration::hours(1));
    program.settle().await;
    assert_eq!(program.events(tenant, "source.run_completed").await.len(), 1);
}

#[tokio::test]
async fn a_source_that_cannot_be_run_as_it_is_fails_in_its_history_at_every_slot() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    let body = source_body("a-vendor-that-was", "http://127.0.0.1:9", Schedule::Hourly);
    program.process.commands.connect_source(&context(tenant), body, None).await.unwrap();
    for slot in 1..=2 {
        let due = program.due(tenant, "source_run").await.unwrap();
        program.advance_to(due);
        program.settle().await;
        let failed = program.events(tenant, "source.run_failed").await;
        assert_eq!(failed.len(), slot);
        assert!(failed[0].payload.contains(r#""class":"settings""#), "{}", failed[0].payload);
    }
}

#[tokio::test]
async fn what_is_paused_or_archived_is_not_run() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    let paused = program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    let archived = program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    program.timers.catch_up(tenant).await.unwrap();
    program.change(tenant, paused, SourceCommand::Pause).await;
    program.change(tenant, archived, SourceCommand::Archive).await;
    program.process.clock.advance(Duration::days(2));
    // Even a claim made before the pause was folded begins nothing.
    assert_eq!(program.timers.do_due().await.unwrap(), 2);
    program.settle().await;
    assert!(program.events(tenant, "source.run_started").await.is_empty());
    assert_eq!(far.asked(), 0);
}

#[tokio::test]
async fn a_thousand_sources_are_not_due_in_the_same_second() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    join_all((0..1_000).map(|_| program.connect(tenant, "http://127.0.0.1:9", Schedule::Hourly))).await;
    program.timers.catch_up(tenant).await.unwrap();
    let mut seconds: BTreeMap<i64, u32> = BTreeMap::new();
    for (name, timer) in program.table(tenant).await {
        if name.kind == "source_run" {
            *seconds.entry(timer.due_at.unwrap().timestamp()).or_default() += 1;
        }
    }
    assert_eq!(seconds.values().sum::<u32>(), 1_000);
    assert!(*seconds.values().max().unwrap() <= 8, "{:?}", seconds.values().max());
}

/// One tenant fills all its places with far systems that hang; its own other sources wait, nobody else's do, and decisions
/// do not either.
#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_source_delays_nobody() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let quick = std::time::Duration::from_millis(5);
    let outside = LaneLimits { at_once: 8, of_tenant: 2, ..TimerSettings::default().outside };
    let settings = TimerSettings { look_every: quick, gather: quick, outside, ..TimerSettings::default() };
    let program = Program::with(&database, settings).await;
    let (stuck, well) = (new_tenant(), new_tenant());
    for _ in 0..4 {
        program.connect(stuck, &far.hanging(), Schedule::Hourly).await;
    }
    let measured = program.connect(stuck, &far.refusing(), Schedule::Daily).await;
    program.change(stuck, measured, SourceCommand::Pause).await;
    let kri = program.measure(stuck, measured, "open_findings").await;
    program.read(stuck, kri, 3, 0).await;
    for _ in 0..20 {
        program.connect(well, &far.answering(), Schedule::Hourly).await;
    }
    program.process.clock.advance(Duration::hours(36));
    program.timers.catch_up_all().await;
    program.go();
    program.events_come(well, "source.run_completed", 20).await;
    program.events_come(stuck, "kri.went_stale", 1).await;
    assert!(program.events(stuck, "source.run_started").await.len() <= 2, "no more than its places");
    assert!(program.events(stuck, "source.run_completed").await.is_empty());
}

#[tokio::test]
async fn a_refusal_of_the_far_system_ends_the_run_and_not_the_schedule() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    program.connect(tenant, &far.refusing(), Schedule::Daily).await;
    let due = program.due(tenant, "source_run").await.unwrap();
    program.advance_to(due);
    program.settle().await;
    assert_eq!(program.events(tenant, "source.run_failed").await.len(), 1);
    assert_eq!(program.due(tenant, "source_run").await, Some(due + Duration::days(1)));
}
