//! At once: the run that a breach sets off begins in the commit that starts it, where this process knows who asks for it; the long
//! way finds what the short one has left, and nothing else.

use draxis_commands::workflow::BegunRun;
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::Rejection;
use draxis_domain::workflow_run::{Progress, RunStanding, Scene as RunScene, SendOutcome};
use serde_json::{Value, json};

use super::scene::{Scene, breach, emit, jira};

/// Tells a workflow of a breach by the short way, and goes on with nothing that comes of it: as somebody who dies then.
async fn begin(scene: &Scene, workflow: &str) -> Result<Option<BegunRun>, CommandError> {
    let (context, told) = (Context::of(Caller::runner(scene.tenant)), scene.told_of_breach(7));
    let told = (workflow.parse().unwrap(), &told);
    scene.web.app.commands.begin_on_breach(&context, told, |run| format!("/{run}")).await
}

async fn all(scene: &Scene) -> Vec<Value> {
    scene.get("/api/audit/events?limit=200").await.expect(200).json()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_begins_its_run_in_the_commit_that_starts_it_and_is_told_of_once() {
    let scene = Scene::at_work().await;
    scene.workflow(&breach(), &[jira("ticket")]).await;
    let rounds = 4;
    for round in 1..=rounds {
        scene.measure(12).await;
        scene.until("workflow_run.completed", round).await;
        scene.measure(1).await;
    }
    let begun = scene.events("workflow_run.begun").await;
    let started = scene.events("workflow.run_started").await;
    assert_eq!((begun.len(), started.len()), (rounds, rounds), "each breach is one run");
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), rounds);
    let sending = scene.events("workflow_run.effect_sending").await;
    // Who asks is looked up for the first breach, and known at the next ones, where no claim is under way just then.
    let at_once = sending.iter().filter(|sending| sending["payload"]["fence"] == 0).count();
    assert!(at_once > 0, "{sending:?}");
    let by_round = started.iter().map(|started| &started["payload"]["trigger"]["previousValue"]);
    assert_eq!(by_round.collect::<Vec<_>>(), [&Value::Null, &json!("1"), &json!("1"), &json!("1")]);
    for (begun, started) in begun.iter().zip(&started) {
        assert_eq!(begun["metadata"]["causation"], started["eventId"]);
        assert_eq!(begun["metadata"]["correlation"], started["payload"]["runId"]);
        assert_eq!(begun["payload"]["trigger"], started["payload"]["trigger"]);
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_began_at_once_and_was_left_is_found_by_its_timer_and_sends_once() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&breach(), &[jira("ticket")]).await;
    let begun = begin(&scene, &workflow).await.unwrap().expect("it began");
    scene.settle().await;
    assert!(scene.jira.with(|jira| jira.issues().is_empty()), "whoever holds it may be at it");
    let before = scene.run(begun.id).await;
    scene.after(121).await;
    for _ in 0..5 {
        scene.after(61).await;
    }
    assert_eq!(scene.standing(begun.id).await, RunStanding::Completed);
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 1);
    assert_eq!(scene.events("workflow.run_started").await.len(), 1);

    let (effect, entry) = before.effects.iter().next().unwrap();
    let outcome = SendOutcome::Ambiguous { detail: "back again".to_owned() };
    let late = Progress::Sent { effect: *effect, attempt: entry.attempts, outcome };
    let commands = &scene.web.app.commands;
    let refused = commands.drive_run(&begun.holder, begun.id, (RunScene::default(), vec![late])).await;
    let code = match refused {
        Err(CommandError::Rejected(Rejection::Conflict { code, .. })) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code, "workflow_run.lease_lost", "it was silent for too long");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_program_has_paused_begins_nothing() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&breach(), &[jira("ticket")]).await;
    let other = scene.another().await;
    let pause = format!("/api/workflows/{workflow}/pause");
    other.post(&scene.admin, &pause, &json!({"reason": "not tonight"})).await.expect(200);
    let before = all(&scene).await;
    let refused = begin(&scene, &workflow).await;
    assert!(matches!(refused, Err(CommandError::Contended)), "active as far as is known here: {refused:?}");
    assert_eq!(all(&scene).await, before);
    scene.web.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_emits_is_pinned_where_it_begins_at_once() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&breach(), &[jira("ticket"), emit("patched")]).await;
    let begun = begin(&scene, &workflow).await.unwrap().expect("it began");
    let pinned = &scene.run(begun.id).await.begun.kri_events;
    assert_eq!(pinned.len(), 1);
    let again = begin(&scene, &workflow).await;
    assert!(matches!(again, Err(CommandError::Contended)), "and not a second time: {again:?}");
    scene.web.stop().await;
}
