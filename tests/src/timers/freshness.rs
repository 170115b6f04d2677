//! Freshness and silence end at their instant, whether anybody looks or not (hazards H6).

use chrono::Duration;
use draxis_domain::kri::{BreachCommand, Kri, KriCommand};
use draxis_domain::source::Schedule;
use draxis_domain::{KriId, TenantId};
use draxis_runner::timer::TimerSettings;

use crate::house::{TestDatabase, new_tenant, start_of_time};

use super::program::{Program, context};

/// A KRI read hourly, with one reading at the start of time.
async fn read_once(program: &Program) -> (TenantId, KriId) {
    let tenant = new_tenant();
    let source = program.connect(tenant, "http://127.0.0.1:9", Schedule::Hourly).await;
    program.change(tenant, source, draxis_domain::source::SourceCommand::Pause).await;
    let kri = program.measure(tenant, source, "open_findings").await;
    program.read(tenant, kri, 15, 0).await;
    // Workflows hear of its breach, which is no part of this.
    program.settle().await;
    (tenant, kri)
}

#[tokio::test]
async fn a_reading_turns_stale_at_its_instant_and_not_a_microsecond_before() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let (tenant, kri) = read_once(&program).await;
    let read = program.events(tenant, "kri.value_recorded").await.remove(0);
    program.advance_to(start_of_time() + Duration::hours(2) - Duration::microseconds(1));
    assert_eq!(program.settle().await, 0);
    assert!(program.events(tenant, "kri.went_stale").await.is_empty());
    program.process.clock.advance(Duration::microseconds(1));
    assert_eq!(program.settle().await, 1);
    let stale = program.events(tenant, "kri.went_stale").await;
    assert_eq!(stale.len(), 1);
    let payload: serde_json::Value = serde_json::from_str(&stale[0].payload).unwrap();
    assert_eq!(payload["since"], serde_json::to_value(start_of_time() + Duration::hours(2)).unwrap());
    assert_eq!(stale[0].recorded_at, start_of_time() + Duration::hours(2));
    assert!(stale[0].metadata.contains(&read.event_id), "the reading is named as the cause");
    assert_eq!(stale[0].aggregate_id, kri.to_string());
    program.process.clock.advance(Duration::days(1));
    assert_eq!(program.settle().await, 0, "once");
}

#[tokio::test]
async fn a_reading_turns_stale_although_nobody_asks_for_anything() {
    let database = TestDatabase::make().await;
    let quick = std::time::Duration::from_millis(5);
    let settings = TimerSettings { look_every: quick, gather: quick, ..TimerSettings::default() };
    let program = Program::with(&database, settings).await;
    program.go();
    let (tenant, _) = read_once(&program).await;
    program.process.clock.advance(Duration::hours(2));
    program.events_come(tenant, "kri.went_stale", 1).await;
    program.stop().await;
}

#[tokio::test]
async fn a_fresh_reading_puts_off_the_end_of_the_last_one() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let (tenant, kri) = read_once(&program).await;
    program.process.clock.advance(Duration::minutes(90));
    program.read(tenant, kri, 16, 90 * 60).await;
    program.process.clock.advance(Duration::minutes(31));
    assert_eq!(program.settle().await, 0);
    assert_eq!(program.due(tenant, "kri_stale").await, Some(start_of_time() + Duration::minutes(210)));
}

#[tokio::test]
async fn kris_learn_that_their_source_is_read_at_another_pace() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let tenant = new_tenant();
    let source = program.connect(tenant, "http://127.0.0.1:9", Schedule::Hourly).await;
    let wired = program.measure(tenant, source, "open_findings").await;
    let other = crate::house::define_kri(&program.process, tenant, "by_hand").await;
    program.read(tenant, wired, 5, 0).await;
    // Twice within one tick of the clock: the second edit must not pass for the first.
    for (schedule, hours) in [(Schedule::Daily, 36), (Schedule::Weekly, 8 * 24)] {
        program.reschedule(tenant, source, "http://127.0.0.1:9", schedule).await;
        assert_eq!(program.settle().await, 1);
        let kri = program.process.commands.load::<Kri>(tenant, &wired.to_string()).await.unwrap();
        assert_eq!(kri.in_use().unwrap().schedule, Some(schedule));
        assert_eq!(program.due(tenant, "kri_stale").await, Some(start_of_time() + Duration::hours(hours)));
    }
    assert_eq!(program.events(tenant, "kri.rescheduled").await.len(), 2);
    let other = program.process.commands.load::<Kri>(tenant, &other.to_string()).await.unwrap();
    assert_eq!(other.in_use().unwrap().schedule, None);
    assert_eq!(program.settle().await, 0, "each is told once");
}

#[tokio::test]
async fn a_silenced_breach_speaks_up_at_the_end_it_was_given_last() {
    let database = TestDatabase::make().await;
    let program = Program::start(&database).await;
    let (tenant, kri) = read_once(&program).await;
    let commands = &program.process.commands;
    let state = commands.load::<Kri>(tenant, &kri.to_string()).await.unwrap();
    let id = state.in_use().unwrap().episodes.open.as_ref().unwrap().id;
    for minutes in [30, 60] {
        let until = start_of_time() + Duration::minutes(minutes);
        let command = KriCommand::Breach { id, command: BreachCommand::Snooze { until } };
        commands.change_kri(&context(tenant), kri, command).await.unwrap();
        program.timers.catch_up(tenant).await.unwrap();
    }
    program.process.clock.advance(Duration::minutes(59));
    program.settle().await;
    assert!(program.events(tenant, "breach.woken").await.is_empty());
    program.process.clock.advance(Duration::minutes(1));
    program.settle().await;
    assert_eq!(program.events(tenant, "breach.woken").await.len(), 1);
}
