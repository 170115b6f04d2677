//! Left over: of a run that is over, nothing stays among what must be looked at, however long the tenant lives.

use draxis_domain::workflow_run::RunStanding;
use draxis_event_store::timers_of;
use draxis_runner::far_systems::Mishap;
use serde_json::json;
use sqlx::Executor as _;

use super::scene::{Scene, jira, manual, pause};

/// How many runs there is something to look at for, now or later.
async fn looked_at(scene: &Scene) -> usize {
    let timers = timers_of(&scene.web.app.commands.pools().app, scene.tenant).await.unwrap();
    timers.keys().filter(|name| name.kind == "run_due").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_over_is_looked_at_no_more_and_one_that_a_person_takes_up_again_is() {
    let mut scene = Scene::set().await;
    let done = scene.workflow(&manual(), &[jira("ticket")]).await;
    let waits = scene.workflow(&manual(), &[pause("pause", "P1D")]).await;
    for _ in 0..5 {
        scene.press(&done).await;
    }
    let waiting = scene.press(&waits).await;
    scene.jira.script([Mishap::RefuseLogin]);
    scene.settle().await;
    scene.after(10).await;
    assert_eq!(looked_at(&scene).await, 1, "the one that waits");
    let failed = scene.get("/api/workflow-runs?state=failed").await.expect(200).json();
    let failed = failed["items"][0]["id"].as_str().unwrap().parse().unwrap();
    let retry = format!("/api/workflow-runs/{failed}/retry");
    scene.post(&retry, &json!({"reason": "a new token"})).await.expect(200);
    scene.settle().await;
    assert_eq!(scene.standing(failed).await, RunStanding::Completed, "it was taken up again");
    scene.after(10).await;
    assert_eq!(looked_at(&scene).await, 1);

    let loss = "DELETE FROM timers; DELETE FROM timer_checkpoints";
    scene.database.superuser().await.execute(loss).await.unwrap();
    scene.settle().await;
    scene.after(10).await;
    assert_eq!(looked_at(&scene).await, 1, "folded again, it is the same");
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 5, "and nothing was done twice");
    scene.after(86_400).await;
    assert_eq!(scene.standing(waiting).await, RunStanding::Completed);
    scene.after(10).await;
    assert_eq!(looked_at(&scene).await, 0);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_finds_out_after_the_run_was_ended_is_still_taken_up() {
    let mut scene = Scene::set().await;
    let plain = json!({"id": "say", "type": "post_slack", "channel": "#sec", "text": "Hello"});
    let more = json!({"id": "more", "type": "post_slack", "channel": "#sec", "text": "And more"});
    let workflow = scene.workflow(&manual(), &[plain, more]).await;
    scene.slack.script([Mishap::DoneThenDrop]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    scene.after(30).await;
    let open = scene.get("/api/effects?state=ambiguous").await.expect(200).json();
    let effect = open["items"][0]["id"].as_str().unwrap().to_owned();
    scene
        .post(&format!("/api/workflow-runs/{run}/cancel"), &json!({"reason": "a mistake"}))
        .await
        .expect(200);
    scene.after(10).await;
    assert_eq!(looked_at(&scene).await, 0);
    let decide = json!({"verdict": "not_done", "reason": "it is not there"});
    scene.post(&format!("/api/effects/{effect}/decide"), &decide).await.expect(200);
    assert_eq!(scene.get(&format!("/api/effects/{effect}")).await.json()["state"], "planned");
    scene.after(10).await;
    assert_eq!(scene.slack.with(|slack| slack.messages().len()), 1, "it is not wanted any more");
    assert_eq!(looked_at(&scene).await, 0);
    scene.web.stop().await;
}
