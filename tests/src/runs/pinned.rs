//! Pinned: a run applies the KRI events that its steps emit as they stood when it started, and says which those are (hazards H15).

use draxis_domain::workflow_run::RunStanding;
use serde_json::{Value, json};

use super::scene::{KRI, Scene, emit, manual, pause};

const DECLARATION: &str = "01JE0000000000000000000001";

/// What a run says of the KRI events that it stays on.
async fn stays_on(scene: &Scene, run: &impl ToString) -> Value {
    let path = format!("/api/workflow-runs/{}", run.to_string());
    scene.get(&path).await.expect(200).json()["kriEvents"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_applies_a_kri_event_as_it_was_declared_when_the_run_started() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[pause("night", "PT1H"), emit("patched")]).await;
    scene.measure(20).await;
    // One is taken up before the edit, one is started before it and taken up after, one is started after.
    let taken_up = scene.press(&workflow).await;
    scene.settle().await;
    let started = scene.press(&workflow).await;
    let effect = json!({"kri": KRI, "operator": "decrement", "amount": 1});
    let edited = json!({"eventType": "patch_applied", "effects": [effect], "closeBreach": false});
    scene.put(&format!("/api/workflow-kri-definitions/{DECLARATION}"), &edited).await.expect(200);
    let later = scene.press(&workflow).await;
    scene.settle().await;
    let stays = |version| json!([{"id": DECLARATION, "eventType": "patch_applied", "version": version}]);
    for (run, version) in [(taken_up, 1), (started, 1), (later, 2)] {
        assert_eq!(stays_on(&scene, &run).await, stays(version));
    }
    scene.after(3600).await;
    let changed = scene.events("kri.value_adjusted").await;
    let amount = |run: draxis_domain::WorkflowRunId| {
        let by = format!("run:{run}");
        let mut of = changed.iter().filter(|event| event["metadata"]["actor"] == json!(by));
        let found =
            of.next().expect("the run has changed the KRI")["payload"]["adjustment"]["amount"].clone();
        assert!(of.next().is_none(), "once");
        found
    };
    for (run, by) in [(taken_up, "4"), (started, "4"), (later, "1")] {
        assert_eq!(scene.standing(run).await, RunStanding::Completed);
        assert_eq!(amount(run), json!(by));
    }
    assert_eq!(scene.kri_now().await["value"], "11");
    scene.web.stop().await;
}
