//! By breach: an edge, told to whoever's trigger names the KRI, and answered once an episode (hazards H1, H5, H13).

use chrono::Duration;
use draxis_domain::kri::{Flapping, KriBody, KriCommand};
use draxis_domain::workflow::WorkflowCommand;
use serde_json::{Value, json};

use super::stage::{SLUG, Stage, on_breach};
use crate::house::kri_body;
use crate::timers::program::{Program, context};

fn at_activation(on_activate: &str) -> Value {
    json!({"type": "kri_breach", "kri": SLUG, "level": "amber", "onActivate": on_activate})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_starts_one_run_however_often_and_by_whomever_it_is_told() {
    let stage = Stage::set().await;
    let other = Program::start(&stage.database).await;
    let by_slug = stage.active(on_breach("amber")).await;
    let by_id = stage.active(json!({"type": "kri_breach", "kri": stage.kri, "level": "amber"})).await;
    stage.active(json!({"type": "manual"})).await;
    stage.settle().await;
    for value in [5, 15] {
        stage.reads(value).await;
    }
    other.process.clock.advance(Duration::minutes(10));
    tokio::join!(stage.program.settle(), other.settle());
    let before = stage.program.table(stage.tenant).await;
    for _ in 0..2 {
        stage.again().await;
        let again = stage.program.table(stage.tenant).await;
        assert_eq!(again, before, "folded again the timers are the same");
    }
    let events = stage.program.events(stage.tenant, "workflow.run_started").await;
    let mut of: Vec<&str> = events.iter().map(|event| event.aggregate_id.as_str()).collect();
    of.sort_unstable();
    let mut expected = [by_slug.to_string(), by_id.to_string()];
    expected.sort();
    assert_eq!(of, expected);
    let trigger = &stage.started().await[0]["trigger"];
    assert_eq!((&trigger["value"], &trigger["previousValue"]), (&json!("15"), &json!("5")), "{trigger}");
    assert_eq!((&trigger["slug"], &trigger["level"]), (&json!(SLUG), &json!("amber")));
}

#[tokio::test]
async fn a_run_knows_the_breach_that_caused_it_and_lies_one_reaction_deeper() {
    let stage = Stage::set().await;
    stage.active(on_breach("amber")).await;
    stage.reads(15).await;
    stage.settle().await;
    let (breach, run) = (stage.last("breach.opened").await, stage.last("workflow.run_started").await);
    let metadata: Value = serde_json::from_str(&run.metadata).unwrap();
    assert_eq!((&metadata["causation"], &metadata["depth"]), (&json!(breach.event_id), &json!("1")));
}

#[tokio::test]
async fn one_episode_that_gets_worse_is_one_run_for_each_level_asked_for() {
    let stage = Stage::set().await;
    let amber = stage.active(on_breach("amber")).await.to_string();
    let red = stage.active(on_breach("red")).await.to_string();
    let mut seen = Vec::new();
    for value in [15, 25, 15, 25] {
        stage.reads(value).await;
        stage.settle().await;
        seen.push(stage.started().await.len());
    }
    assert_eq!(seen, [1, 2, 2, 2], "raised again within the episode it is nothing new");
    let events = stage.program.events(stage.tenant, "workflow.run_started").await;
    let of: Vec<&str> = events.iter().map(|event| event.aggregate_id.as_str()).collect();
    assert_eq!(of, [&amber, &red]);
    let trigger = &stage.started().await[1]["trigger"];
    let opened = stage.last("breach.opened").await;
    let opened: Value = serde_json::from_str(&opened.payload).unwrap();
    assert_eq!((&trigger["openedAt"], &trigger["value"]), (&opened["openedAt"], &json!("25")));
    assert_ne!(trigger["reachedAt"], trigger["openedAt"]);
}

#[tokio::test]
async fn a_value_that_flaps_starts_a_run_for_each_episode_and_no_more() {
    let stage = Stage::set().await;
    stage.active(on_breach("amber")).await;
    for value in [15, 5, 15, 5, 15] {
        stage.reads(value).await;
    }
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 3, "also where nobody looked in between");
    let calm: Flapping = serde_json::from_value(json!({"closeAfter": 3})).unwrap();
    let body = Box::new(KriBody { flapping: calm, ..kri_body(SLUG) });
    let command = KriCommand::Edit { body, schedule: None };
    stage.program.process.commands.change_kri(&context(stage.tenant), stage.kri, command).await.unwrap();
    for value in [5, 15, 5, 15, 5, 15] {
        stage.reads(value).await;
        stage.settle().await;
    }
    assert_eq!(stage.started().await.len(), 3, "a KRI that closes after three readings stays in one episode");
}

#[tokio::test]
async fn a_breach_that_is_open_at_activation_counts_where_the_trigger_says_so() {
    let stage = Stage::set().await;
    stage.reads(15).await;
    stage.reads(5).await;
    stage.reads(16).await;
    stage.active(at_activation("next_breach")).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 0, "only the next one");
    let open = stage.active(at_activation("open_breach")).await;
    stage.settle().await;
    let events = stage.program.events(stage.tenant, "workflow.run_started").await;
    assert_eq!(events.iter().map(|event| event.aggregate_id.clone()).collect::<Vec<_>>(), [open.to_string()]);
    let last: Value = serde_json::from_str(&stage.last("breach.opened").await.payload).unwrap();
    let trigger = &stage.started().await[0]["trigger"];
    assert_eq!(
        (&trigger["breachId"], &trigger["value"]),
        (&last["breachId"], &json!("16")),
        "not the one before"
    );
    stage.edit(open, "Another name", at_activation("open_breach")).await;
    stage.again().await;
    assert_eq!(stage.started().await.len(), 1, "and once");
    stage.reads(5).await;
    stage.reads(15).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 3, "the next one counts for both");
}

#[tokio::test]
async fn an_edit_that_makes_an_open_breach_count_is_told_of_it() {
    let stage = Stage::set().await;
    let id = stage.active(at_activation("next_breach")).await;
    stage.give(id, WorkflowCommand::Pause).await;
    stage.reads(15).await;
    stage.activate(id).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 0);
    stage.edit(id, "Now", at_activation("open_breach")).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 1);
}

#[tokio::test]
async fn a_breach_while_paused_is_listed_and_never_fired() {
    let stage = Stage::set().await;
    let id = stage.active(at_activation("next_breach")).await;
    stage.give(id, WorkflowCommand::Pause).await;
    stage.reads(15).await;
    stage.settle().await;
    let missed = stage.missed().await;
    assert_eq!((missed.len(), &missed[0]["why"]), (1, &json!("paused")));
    stage.reads(25).await;
    stage.activate(id).await;
    stage.again().await;
    assert_eq!((stage.missed().await.len(), stage.started().await.len()), (1, 0));
}

#[tokio::test]
async fn a_breach_that_was_over_before_anybody_looked_is_answered_all_the_same() {
    let stage = Stage::set().await;
    let paused_since = stage.active(on_breach("amber")).await;
    stage.active(on_breach("amber")).await;
    stage.reads(15).await;
    stage.reads(5).await;
    stage.give(paused_since, WorkflowCommand::Pause).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 1);
    assert_eq!(stage.missed().await[0]["why"], "paused", "a pause is a promise, whenever the breach was");
}

#[tokio::test]
async fn a_workflow_that_was_archived_keeps_no_other_from_hearing() {
    let stage = Stage::set().await;
    let gone = stage.active(on_breach("amber")).await;
    stage.active(on_breach("amber")).await;
    stage.reads(15).await;
    stage.program.timers.catch_up_all().await;
    stage.give(gone, WorkflowCommand::Archive).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 1);
}
