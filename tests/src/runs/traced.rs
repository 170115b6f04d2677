//! Where a run came from and what came of it: from a KRI's value through breach, run, step and approval to the adjustment, back up
//! from there to people; and what was known of it at each moment.

use draxis_runner::far_systems::Mishap;
use serde_json::{Value, json};

use super::scene::{Scene, approval, breach, emit, jira};

/// A breach that somebody entered, whose run opened a ticket, was approved by another person and lowered the KRI.
async fn lowered() -> Scene {
    let scene = Scene::set().await;
    let user = scene.user_account.clone();
    scene.workflow(&breach(), &[jira("ticket"), approval("approve", &user), emit("patched")]).await;
    scene.measure(12).await;
    scene.settle().await;
    scene.approve().await;
    scene.settle().await;
    scene
}

/// The one event of a type.
async fn only(scene: &Scene, event_type: &str) -> Value {
    let mut events = scene.events(event_type).await;
    assert_eq!(events.len(), 1, "{event_type}");
    events.remove(0)
}

async fn explained(scene: &Scene, event: &Value) -> Value {
    let id = event["eventId"].as_str().unwrap();
    scene.get(&format!("/api/audit/explain?event={id}")).await.expect(200).json()
}

fn types(events: &Value) -> Vec<&str> {
    events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_followed_through_breach_run_step_and_approval_to_the_adjustment() {
    let scene = lowered().await;
    let explained = explained(&scene, &only(&scene, "kri.value_recorded").await).await;
    assert!(types(&explained["together"]).contains(&"breach.opened"), "{explained}");
    assert_eq!((types(&explained["causes"]).len(), &explained["moreEffects"]), (0, &json!(false)));
    let words = explained["origin"]["words"].as_str().unwrap();
    assert!(words.contains(&scene.admin_account), "the person who entered it: {words}");
    // In the order in which they happened.
    let effects = types(&explained["effects"]);
    let mut at = 0;
    for expected in [
        "workflow.run_started",
        "workflow_run.begun",
        "workflow_run.step_started",
        "workflow_run.effect_confirmed",
        "workflow_run.step_completed",
        "approval.requested",
        "workflow_run.step_waiting",
        "workflow_run.step_completed",
        "kri.value_adjusted",
        "workflow_run.completed",
    ] {
        let found = effects[at..].iter().position(|effect| *effect == expected);
        at += found.unwrap_or_else(|| panic!("{expected} after {at} in {effects:#?}")) + 1;
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_is_traced_to_the_run_the_person_who_approved_and_the_one_who_entered_the_value() {
    let scene = lowered().await;
    let adjusted = only(&scene, "kri.value_adjusted").await;
    let told = explained(&scene, &adjusted).await;
    let causes = told["causes"].as_array().unwrap();
    let actor = |n: usize| causes[n]["metadata"]["actor"].as_str().unwrap();
    assert_eq!(
        types(&told["causes"]),
        ["approval.decided", "approval.requested", "workflow.run_started", "breach.opened"],
        "{told:#}"
    );
    assert_eq!(actor(0), format!("account:{}", scene.user_account), "the person who approved");
    assert!(actor(1).starts_with("run:"), "the run asked them: {}", actor(1));
    assert_eq!(actor(3), format!("account:{}", scene.admin_account), "the person who entered the value");
    let words = told["origin"]["words"].as_str().unwrap();
    assert!(words.contains(&scene.admin_account), "{words}");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_once_somebody_had_it_tried_again_follows_from_what_had_failed() {
    let scene = Scene::set().await;
    scene.workflow(&breach(), &[jira("ticket")]).await;
    scene.jira.script([Mishap::RefuseLogin]);
    scene.measure(12).await;
    scene.settle().await;
    let run = only(&scene, "workflow.run_started").await["payload"]["runId"].as_str().unwrap().to_owned();
    let retry = format!("/api/workflow-runs/{run}/retry");
    scene.post(&retry, &json!({"reason": "a new token"})).await.expect(200);
    scene.settle().await;
    // The letter that the run had stopped came first, then the ticket.
    let confirmed = scene.events("workflow_run.effect_confirmed").await.pop().unwrap();
    let told = explained(&scene, &confirmed).await;
    let causes = types(&told["causes"]);
    assert_eq!(causes.first(), Some(&"workflow_run.retried"), "{causes:?}");
    assert_eq!(&causes[causes.len() - 2..], ["workflow.run_started", "breach.opened"], "{causes:?}");
    let down = explained(&scene, &only(&scene, "breach.opened").await).await;
    assert!(types(&down["effects"]).contains(&"workflow_run.effect_confirmed"), "{down:#}");
    scene.web.stop().await;
}

/// The rows of a read model as they were at a position, by key.
async fn rows(scene: &Scene, model: &str, position: &Value) -> Vec<Value> {
    let path = format!("/api/audit/replay?model={model}&position={position}");
    let rows = scene.get(&path).await.expect(200).json();
    assert_eq!(&rows["position"], position);
    rows["items"].as_array().unwrap().iter().map(|row| row["row"].clone()).collect()
}

fn named<'a>(rows: &'a [Value], kind: &str) -> Vec<&'a Value> {
    rows.iter().filter_map(|row| row.get(kind)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_approvals_and_effects_are_replayed_as_they_were() {
    let scene = lowered().await;
    let asked = only(&scene, "approval.requested").await["position"].clone();
    let last = only(&scene, "workflow_run.completed").await["position"].clone();
    // The ticket leaves first; the letter to whoever is asked, later.
    let sending = scene.events("workflow_run.effect_sending").await[0]["position"].clone();
    let state = async |model: &str, kind: &str, position: &Value| {
        let rows = rows(&scene, model, position).await;
        let rows = named(&rows, kind);
        rows.iter().map(|row| row["state"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(state("effects", "effect", &sending).await, ["sending"]);
    assert_eq!(state("effects", "effect", &asked).await, ["confirmed"]);
    assert_eq!(state("workflow_runs", "run", &asked).await, ["running"]);
    assert_eq!(state("workflow_runs", "run", &last).await, ["completed"]);
    let end = async |position: &Value| {
        let rows = rows(&scene, "approvals", position).await;
        let ends = named(&rows, "approval").into_iter().map(|row| row["approval"]["Present"]["end"].clone());
        ends.collect::<Vec<_>>()
    };
    assert_eq!(end(&asked).await, [Value::Null], "it waits");
    assert_eq!(end(&last).await[0]["decided"]["decision"], "approved");
    scene.web.stop().await;
}
