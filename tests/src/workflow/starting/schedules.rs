//! By time: each due time is run, waits or is missed, once, by whichever process is there (hazards H1, H4, H13).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, DurationRound as _, Utc};
use draxis_domain::WorkflowId;
use draxis_domain::workflow::WorkflowCommand;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::stage::{Stage, on_breach};
use crate::timers::program::Program;

fn every(cron: &str, missed: &Value, overlap: &str) -> Value {
    json!({"type": "schedule", "cron": cron, "timeZone": "UTC", "missed": missed, "overlap": overlap})
}

/// The due times of what was started.
fn due(started: &[Value]) -> Vec<DateTime<Utc>> {
    started.iter().map(|run| run["trigger"]["dueAt"].as_str().unwrap().parse().unwrap()).collect()
}

/// Brings the clock to a whole hour, so that due times can be counted.
fn to_the_hour(stage: &Stage) {
    let now = stage.now();
    stage.pass(now.duration_trunc(Duration::hours(1)).unwrap() + Duration::hours(1) - now);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_due_times_under_four_processes_are_five_hundred_runs() {
    let stage = Stage::set().await;
    let others = join_all((0..3).map(|_| Program::start(&stage.database))).await;
    let processes: Vec<&Program> = std::iter::once(&stage.program).chain(&others).collect();
    let mut workflows = BTreeSet::new();
    for _ in 0..10 {
        workflows.insert(stage.active(every("* * * * *", &json!("latest"), "allow")).await);
    }
    for _ in 0..50 {
        for process in &processes {
            process.process.clock.advance(Duration::minutes(1));
        }
        join_all(processes.iter().map(|process| process.settle())).await;
    }
    let started = stage.program.events(stage.tenant, "workflow.run_started").await;
    let mut by_workflow: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut runs = BTreeSet::new();
    for event in &started {
        let run: Value = serde_json::from_str(&event.payload).unwrap();
        runs.insert(run["runId"].as_str().unwrap().to_owned());
        let due_at = run["trigger"]["dueAt"].as_str().unwrap().to_owned();
        by_workflow.entry(event.aggregate_id.clone()).or_default().insert(due_at);
    }
    assert_eq!((started.len(), runs.len()), (500, 500));
    assert_eq!(by_workflow.len(), workflows.len());
    assert!(by_workflow.values().all(|due| due.len() == 50), "each has its own fifty");
    assert_eq!(stage.missed().await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_edit_between_a_due_time_and_its_start_runs_the_new_version_once() {
    let stage = Stage::set().await;
    to_the_hour(&stage);
    let hourly = || every("0 * * * *", &json!("latest"), "allow");
    let id = stage.active(hourly()).await;
    stage.pass(Duration::hours(1));
    stage.edit(id, "Another name", hourly()).await;
    stage.settle().await;
    stage.edit(id, "Yet another name", hourly()).await;
    stage.settle().await;
    let started = stage.started().await;
    assert_eq!(started.len(), 1, "{started:?}");
    assert_eq!(
        (&started[0]["version"], &started[0]["definition"]["name"]),
        (&json!(2), &json!("Another name"))
    );
    stage.pass(Duration::hours(1));
    stage.edit(id, "On breaches", on_breach("red")).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 1, "another trigger lets the old one's time go");
    assert_eq!(stage.missed().await[0]["why"], "edited");
}

#[tokio::test]
async fn a_time_that_comes_while_paused_is_listed_and_never_run() {
    let stage = Stage::set().await;
    to_the_hour(&stage);
    let id = stage.active(every("0 * * * *", &json!("latest"), "allow")).await;
    stage.pass(Duration::hours(1));
    stage.give(id, WorkflowCommand::Pause).await;
    stage.settle().await;
    stage.pass(Duration::hours(2));
    stage.settle().await;
    assert_eq!(stage.started().await, Vec::<Value>::new());
    stage.activate(id).await;
    stage.settle().await;
    let missed = stage.missed().await;
    assert_eq!(
        (missed.len(), &missed[0]["why"], &missed[0]["what"]["count"]),
        (1, &json!("paused"), &json!(3))
    );
    stage.pass(Duration::hours(1));
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 1, "from then on it is as before");
}

#[tokio::test]
async fn times_that_passed_unserved_are_run_as_the_trigger_says_and_told_of_otherwise() {
    for (missed, runs, told) in
        [(json!("latest"), 1, 5), (json!("none"), 0, 6), (json!({"all": {"upTo": 4}}), 4, 2)]
    {
        let stage = Stage::set().await;
        to_the_hour(&stage);
        stage.active(every("*/10 * * * *", &missed, "allow")).await;
        stage.pass(Duration::minutes(66));
        stage.settle().await;
        stage.settle().await;
        let started = stage.started().await;
        assert_eq!(started.len(), runs, "{missed}");
        let listed = stage.missed().await;
        assert_eq!((listed.len(), &listed[0]["why"]), (1, &json!("late")), "{missed}");
        assert_eq!(listed[0]["what"]["count"], told, "{missed}");
        let latest = due(&started);
        assert!(latest.is_sorted() && latest.iter().all(|due| stage.now() - *due < Duration::hours(1)));
    }
}

#[tokio::test]
async fn a_time_that_comes_while_a_run_is_under_way_is_missed_waits_or_is_run_beside() {
    for (overlap, at_once, missed, after) in [("skip", 1, 2, 1), ("queue_one", 1, 1, 2), ("allow", 3, 0, 3)] {
        let stage = Stage::set().await;
        to_the_hour(&stage);
        let id: WorkflowId = stage.active(every("0 * * * *", &json!("latest"), overlap)).await;
        for _ in 0..3 {
            stage.pass(Duration::hours(1) - Duration::minutes(1));
            stage.settle().await;
        }
        let started = stage.started().await;
        assert_eq!(started.len(), at_once, "{overlap}");
        assert_eq!(stage.missed().await.len(), missed, "{overlap}");
        let run_id = started[0]["runId"].as_str().unwrap().parse().unwrap();
        let commands = &stage.program.process.commands;
        let context = crate::timers::program::context(stage.tenant);
        commands.end_workflow_run(&context, id, run_id).await.unwrap();
        commands.end_workflow_run(&context, id, run_id).await.unwrap();
        assert_eq!(stage.started().await.len(), after, "{overlap}: what waited has its turn, once");
    }
}
