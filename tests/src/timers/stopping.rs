//! Stopping: what was begun ends, nothing new is taken, and what a killed program held is taken up by another.

use std::time::Duration;

use chrono::Duration as Span;
use draxis_domain::source::Schedule;
use draxis_event_store::hand_back_timer;
use draxis_runner::timer::{LaneLimits, TimerSettings};

use crate::house::{TestDatabase, new_tenant};

use super::far::Far;
use super::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_free_again_is_taken_by_what_waited_for_it() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    // Nothing but a free place makes it look again in time.
    let outside = LaneLimits { at_once: 2, of_tenant: 1, ..TimerSettings::default().outside };
    let look_every = Duration::from_hours(1);
    let settings = TimerSettings { look_every, outside, ..TimerSettings::default() };
    let program = Program::with(&database, settings).await;
    let tenant = new_tenant();
    for _ in 0..4 {
        program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    }
    program.process.clock.advance(Span::hours(1));
    program.timers.catch_up_all().await;
    program.go();
    program.events_come(tenant, "source.run_completed", 4).await;
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_told_to_stop_ends_the_runs_it_has_begun() {
    let database = TestDatabase::make().await;
    let far = Far::start().await;
    let quick = Duration::from_millis(5);
    let settings = TimerSettings { look_every: quick, gather: quick, ..TimerSettings::default() };
    let program = Program::with(&database, settings).await;
    let tenant = new_tenant();
    for _ in 0..30 {
        program.connect(tenant, &far.answering(), Schedule::Hourly).await;
    }
    program.process.clock.advance(Span::hours(1));
    program.timers.catch_up_all().await;
    program.go();
    program.events_come(tenant, "source.run_started", 1).await;
    program.stop().await;
    let (started, completed) = (
        program.events(tenant, "source.run_started").await.len(),
        program.events(tenant, "source.run_completed").await.len(),
    );
    assert!(started >= 1 && started == completed, "{started} begun, {completed} ended");
}

#[tokio::test]
async fn what_a_killed_program_held_is_done_by_another_when_its_lease_ends() {
    let database = TestDatabase::with_connections(20).await;
    let far = Far::start().await;
    let (doomed, heir) = (Program::start(&database).await, Program::start(&database).await);
    let tenant = new_tenant();
    doomed.connect(tenant, &far.answering(), Schedule::Hourly).await;
    let due = doomed.due(tenant, "source_run").await.unwrap();
    heir.advance_to(due);
    let runs = ("source_run", due);
    let held = doomed.claim(runs, Duration::from_mins(5)).await;
    assert_eq!(heir.settle().await, 0, "it is held");
    // The lease ends: no clock but the database's says when, so another claim without length stands in for the wait.
    hand_back_timer(&doomed.process.pools.app, &held[0]).await.unwrap();
    doomed.claim(runs, Duration::ZERO).await;
    doomed.process.kill().await;
    assert_eq!(heir.settle().await, 1);
    assert_eq!(heir.events(tenant, "source.run_completed").await.len(), 1);
}
