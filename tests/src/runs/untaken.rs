//! Untaken: a run that its workflow has started and that nobody has taken up yet is there for people too.

use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::workflow_run::RunStanding;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{Scene, breach, jira, manual, pause};
use crate::house::Told;

async fn help(scene: &Scene, run: &impl ToString, verb: &str) -> Told {
    let path = format!("/api/workflow-runs/{}/{verb}", run.to_string());
    scene.post(&path, &json!({"reason": "as we said"})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lists_show_can_be_ended_before_it_does_anything() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket")]).await;
    let run = scene.press(&workflow).await;
    let listed = scene.get("/api/workflow-runs").await.expect(200).json();
    assert_eq!(listed["items"][0]["id"], json!(run), "{listed}");
    assert_eq!(
        help(&scene, &run, "retry").await.expect(200).field("state"),
        "under_way",
        "it goes on by itself"
    );
    let skipped = help(&scene, &run, "skip").await.expect(409);
    assert!(skipped.field("type").ends_with("workflow_run.between_steps"), "{}", skipped.text);
    let decide = json!({"digest": "00", "comment": "?"});
    let early =
        scene.web.post(&scene.user, &format!("/api/workflow-runs/{run}/approve"), &decide).await.expect(409);
    assert!(early.field("type").ends_with("workflow_run.asks_nothing"), "{}", early.text);
    assert!(scene.events("workflow_run.begun").await.is_empty(), "asking has begun nothing");

    assert_eq!(help(&scene, &run, "cancel").await.expect(200).field("state"), "cancelled");
    let before = scene.web.written(&scene.admin).await.len();
    assert_eq!(help(&scene, &run, "cancel").await.expect(200).field("state"), "cancelled");
    assert_eq!(scene.web.written(&scene.admin).await.len(), before, "ended twice is no news");
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Cancelled);
    assert!(scene.jira.with(|jira| jira.issues().is_empty()), "nothing was done");
    let cancelled = scene.events("workflow_run.cancelled").await;
    assert_eq!(cancelled[0]["metadata"]["reason"], "as we said");
    assert_eq!(cancelled[0]["metadata"]["actor"], format!("account:{}", scene.admin_account));
    let shown = scene.get(&format!("/api/workflow-runs/{run}")).await.expect(200).json();
    assert_eq!(shown["state"], "cancelled", "{shown}");
    let late = help(&scene, &run, "retry").await.expect(409);
    assert!(late.field("type").ends_with("workflow_run.over"), "{}", late.text);
    help(&scene, &"01ARZ3NDEKTSV4RRFFQ69G5FAV", "cancel").await.expect(404);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_ended_while_it_is_taken_up_ends_and_does_nothing_twice() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket"), pause("pause", "PT1H")]).await;
    for round in 1..=10_usize {
        let run = scene.press(&workflow).await;
        let (ended, ()) = tokio::join!(help(&scene, &run, "cancel"), scene.settle());
        ended.expect(200);
        scene.settle().await;
        assert_eq!(scene.standing(run).await, RunStanding::Cancelled);
        assert!(scene.jira.with(|jira| jira.issues().len()) <= round);
    }
    assert_eq!(scene.events("workflow_run.begun").await.len(), 10);
    scene.web.stop().await;
}

/// All runs in the list, page by page.
async fn listed(scene: &Scene) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = scene.get(&format!("/api/workflow-runs?limit=100{cursor}")).await.expect(200).json();
        items.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_told_again_after_more_runs_than_a_workflow_remembers_is_one_run() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&breach(), &[pause("pause", "P1D")]).await;
    let id = workflow.parse().unwrap();
    let context = Context::of(Caller::runner(scene.tenant));
    let told = scene.told_of_breach(7);
    let commands = &scene.web.app.commands;
    let tell = async || {
        let seen = commands.see_workflow(scene.tenant, id).await.unwrap();
        commands.tell_workflow(&context, seen, &told).await.unwrap();
    };
    tell().await;
    let run = scene.events("workflow.run_started").await[0]["payload"]["runId"].clone();
    for n in 0..257 {
        let headers = [("idempotency-key", format!("press {n}"))];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let path = format!("/api/workflows/{workflow}/run");
        scene
            .web
            .command(Method::POST, &scene.admin, &path, &json!({"inputs": {}}), &headers)
            .await
            .expect(201);
    }
    tell().await;
    let items = listed(&scene).await;
    assert_eq!(items.iter().filter(|item| item["id"] == run).count(), 1, "started twice, it is listed once");
    assert_eq!(items.len(), 258);
    assert_eq!(items.last().unwrap()["id"], run, "where it was started first");
    scene.settle().await;
    let started = async || {
        let path =
            format!("/api/audit/export?format=ndjson&type=workflow.run_started&aggregateId={workflow}");
        scene.get(&path).await.expect(200).text.lines().count()
    };
    let before = started().await;
    for n in 0..257 {
        let headers = [("idempotency-key", format!("again {n}"))];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let path = format!("/api/workflows/{workflow}/run");
        scene
            .web
            .command(Method::POST, &scene.admin, &path, &json!({"inputs": {}}), &headers)
            .await
            .expect(201);
    }
    tell().await;
    assert_eq!(started().await, before + 257, "a run that has begun is never started again");
    let at_once = commands.begin_on_breach(&context, (id, &told), |run| run.to_string()).await;
    assert!(matches!(at_once, Err(CommandError::Contended)), "nor by the short way: {at_once:?}");
    assert_eq!(started().await, before + 257);
    scene.web.stop().await;
}
