//! The main path: a KRI breaches at night, the owner is told, the ticket is opened once, the right person approves, and the
//! confirmed patch lowers the KRI.

use draxis_domain::workflow_run::RunStanding;
use serde_json::json;

use super::scene::{Scene, approval, breach, closed, document, emit, jira, letter, panel, pause, post};

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_becomes_finished_work_and_the_confirmed_patch_lowers_the_kri() {
    let mut scene = Scene::set().await;
    let user = scene.user_account.clone();
    let steps = [
        letter("tell"),
        jira("ticket"),
        post("say"),
        panel("ask"),
        document("write"),
        approval("approve", &user),
        pause("night", "PT1H"),
        closed("fixed"),
        emit("patched"),
    ];
    scene.workflow(&breach(), &steps).await;
    scene.measure(12).await;
    scene.settle().await;

    let letters = scene.mail.letters();
    assert_eq!(letters.len(), 2, "the owner is told, and asked to decide");
    assert_eq!(letters[0].header("subject"), Some("Unpatched critical CVEs is red"));
    assert_eq!(letters[1].header("subject"), Some("Decision needed: Patch critical CVEs"));
    let ticket = scene.jira.with(|jira| jira.issues()[0].clone());
    assert_eq!(ticket.summary, "Patch now");
    assert!(scene.slack.with(|slack| slack.messages()[0].text.contains("SEC-1")));
    let started = scene.events("workflow.run_started").await;
    assert_eq!(started.len(), 1);
    let run = started[0]["payload"]["runId"].as_str().unwrap().parse().unwrap();
    let state = scene.run(run).await;
    let written = state.steps.values().find_map(|step| step.result.as_ref()?.get("files").cloned()).unwrap();
    for file in written.as_array().unwrap() {
        let fetched = scene.get(file["url"].as_str().unwrap()).await.expect(200);
        assert!(!fetched.text.is_empty() && fetched.header("etag").contains(file["hash"].as_str().unwrap()));
    }
    let other = "0".repeat(64);
    scene.get(&format!("/api/documents/{other}")).await.expect(404);
    assert_eq!(scene.kri_now().await["value"], "12");

    scene.approve().await;
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::UnderWay, "it waits for an hour");
    scene.after(3600).await;
    assert_eq!(scene.standing(run).await, RunStanding::UnderWay, "it waits for the ticket");
    scene.jira.with(|jira| jira.set_status("SEC-1", "Done"));
    while scene.standing(run).await == RunStanding::UnderWay {
        scene.settle().await;
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    let kri = scene.kri_now().await;
    assert_eq!((&kri["value"], &kri["status"]), (&json!("8"), &json!("amber")), "{kri}");
    assert_eq!(scene.events("breach.closed").await.len(), 1, "the confirmed patch closes the breach");
    assert_eq!(scene.events("kri.value_adjusted").await.len(), 1);
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 1);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_breach_is_a_second_run_and_the_same_one_is_not() {
    let scene = Scene::set().await;
    scene.workflow(&breach(), &[jira("ticket")]).await;
    for value in [12, 13, 14] {
        scene.measure(value).await;
        scene.settle().await;
    }
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 1, "one episode, one ticket");
    scene.measure(1).await;
    scene.measure(20).await;
    scene.settle().await;
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 2);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_who_does_not_answer_is_reminded_and_then_it_is_decided_without_them() {
    let mut scene = Scene::set().await;
    let workflow = scene
        .workflow(&super::scene::manual(), &[approval("approve", &scene.user_account), jira("ticket")])
        .await;
    let run = scene.press(&workflow).await;
    scene.settle().await;
    assert_eq!(scene.mail.letters().len(), 1);
    scene.after(86_400).await;
    let letters = scene.mail.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[1].header("subject"), Some("Decision still needed: Patch critical CVEs"));
    assert!(letters[1].text.contains("/approvals/"), "{}", letters[1].text);
    scene.after(86_400).await;
    assert_eq!(scene.standing(run).await, RunStanding::Rejected, "nobody in time is a no");
    assert!(scene.jira.with(|jira| jira.issues().is_empty()));
    scene.web.stop().await;
}
