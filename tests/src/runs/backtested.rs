//! Backtests against runs as they really were: the version in force over its own time gives exactly those, whatever set them off.

use serde_json::{Value, json};

use super::scene::{Scene, approval, breach, jira, manual};

/// Holds that the active version over its own time gives the runs that happened, and answers with how many those are.
async fn holds(scene: &Scene, workflow: &str) -> usize {
    let path = format!("/api/audit/events?limit=200&type=workflow.run_started&aggregateId={workflow}");
    let events = scene.get(&path).await.expect(200).json();
    let mut happened: Vec<&Value> =
        events["items"].as_array().unwrap().iter().map(|event| &event["payload"]["runId"]).collect();
    let path = format!("/api/workflows/{workflow}/backtests");
    let tried = scene.post(&path, &json!({})).await.expect(200).json();
    let mut told: Vec<&Value> = tried["both"].as_array().unwrap().iter().map(|run| &run["runId"]).collect();
    let by_text = |id: &&Value| id.to_string();
    happened.sort_by_key(by_text);
    told.sort_by_key(by_text);
    assert_eq!(told, happened, "{tried:#}");
    assert_eq!((&tried["onlyTried"], &tried["onlyRecorded"]), (&json!([]), &json!([])), "{tried:#}");
    happened.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_in_force_gives_the_runs_that_breaches_have_started_and_carried_out() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&breach(), &[jira("ticket")]).await;
    for value in [12, 15, 1, 7, 20, 1] {
        scene.measure(value).await;
        scene.settle().await;
    }
    assert_eq!(scene.events("workflow_run.completed").await.len(), 2);
    assert_eq!(holds(&scene, &workflow).await, 2);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_in_force_gives_the_runs_that_people_have_started() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket")]).await;
    for _ in 0..3 {
        scene.press(&workflow).await;
        scene.settle().await;
    }
    assert_eq!(scene.events("workflow_run.completed").await.len(), 3);
    assert_eq!(holds(&scene, &workflow).await, 3);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_in_force_gives_the_runs_that_times_have_started_where_one_waits_for_the_other() {
    let mut scene = Scene::set().await;
    for overlap in ["skip", "queue_one", "allow"] {
        let trigger = json!({"type": "schedule", "cron": "*/10 * * * *", "timeZone": "Europe/Berlin", "overlap": overlap});
        // Nobody decides for 25 minutes: two times come while a run is under way.
        let mut waiting = approval("approve", &scene.user_account.clone());
        waiting["due"] = json!("PT25M");
        waiting.as_object_mut().unwrap().remove("reminders");
        let workflow = scene.workflow(&trigger, &[waiting, jira("ticket")]).await;
        for _ in 0..16 {
            scene.after(300).await;
        }
        let pausing = json!({"reason": "enough"});
        let happened = holds(&scene, &workflow).await;
        scene.post(&format!("/api/workflows/{workflow}/pause"), &pausing).await.expect(200);
        let (least, most) = if overlap == "allow" { (8, 8) } else { (2, 4) };
        assert!((least..=most).contains(&happened), "{overlap}: {happened}");
    }
    scene.web.stop().await;
}
