//! What people do to runs that have stopped: try again, pass over, end.

use draxis_domain::workflow_run::RunStanding;
use draxis_runner::far_systems::Mishap;
use serde_json::json;

use super::scene::{Scene, approval, jira, manual, post};

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_is_an_incident_that_says_what_to_do_and_is_tried_again() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket"), post("say")]).await;
    scene.jira.script([Mishap::RefuseLogin]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Failed);
    let told = scene.mail.letters();
    assert_eq!(told.len(), 1, "the owners are told");
    assert_eq!(told[0].header("subject"), Some("Run of \"Patch critical CVEs\" has stopped"));
    let listed = scene.get("/api/workflow-runs?state=failed").await.expect(200).json();
    let incident = &listed["items"][0]["incident"];
    assert_eq!(
        (&incident["step"], &incident["code"]),
        (&json!("ticket"), &json!("relay.credentials")),
        "{listed}"
    );
    assert!(incident["advice"].as_str().unwrap().contains("retry"), "{listed}");
    scene
        .post(&format!("/api/workflow-runs/{run}/retry"), &json!({"reason": "a new token"}))
        .await
        .expect(200);
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 1);
    let late =
        scene.post(&format!("/api/workflow-runs/{run}/retry"), &json!({"reason": "again"})).await.expect(409);
    assert_eq!(late.field("type"), "urn:draxis:problem:workflow_run.over");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_passed_over_with_a_reason_and_the_run_goes_on() {
    let scene = Scene::set().await;
    let plain = json!({"id": "say", "type": "post_slack", "channel": "#sec", "text": "Hello"});
    let workflow = scene.workflow(&manual(), &[jira("ticket"), plain]).await;
    scene.jira.script([Mishap::RefuseLogin]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    scene.post(&format!("/api/workflow-runs/{run}/skip"), &json!({"reason": "by hand"})).await.expect(200);
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    assert_eq!(scene.slack.with(|slack| slack.messages().len()), 1);
    let skipped = scene.events("workflow_run.step_skipped").await;
    assert_eq!(skipped[0]["metadata"]["reason"], "by hand");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_asks_nobody_any_more() {
    let scene = Scene::set().await;
    let workflow =
        scene.workflow(&manual(), &[approval("approve", &scene.user_account), jira("ticket")]).await;
    let run = scene.press(&workflow).await;
    scene.settle().await;
    assert!(scene.waiting_approval().await.is_some());
    scene
        .post(&format!("/api/workflow-runs/{run}/cancel"), &json!({"reason": "a mistake"}))
        .await
        .expect(200);
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Cancelled);
    assert!(scene.waiting_approval().await.is_none(), "what is not needed any more is not asked");
    assert!(scene.jira.with(|jira| jira.issues().is_empty()));
    scene.web.stop().await;
}
