//! In the house: documents that follow each other are told of together, and nothing that is seen outside the run is done before the
//! run has said that it is at it.

use draxis_domain::workflow_run::RunStanding;
use serde_json::{Value, json};

use super::scene::{Scene, emit, manual};

fn document(id: &str) -> Value {
    json!({"id": id, "type": "produce_document", "title": "Report", "body": "Written at {{ run.id }} by {{ run.workflowName }}"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kri_is_changed_after_the_run_has_said_that_it_is_at_that_step() {
    let scene = Scene::set().await;
    scene.measure(20).await;
    let steps = [document("first"), document("second"), emit("patched"), document("third")];
    let workflow = scene.workflow(&manual(), &steps).await;
    let run = scene.press(&workflow).await;
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    let started = scene.events("workflow_run.step_started").await;
    let steps: Vec<&str> = started.iter().filter_map(|event| event["payload"]["step"].as_str()).collect();
    assert_eq!(steps, ["first", "second", "patched", "third"], "each has its start");
    let at = |event: &Value| event["position"].as_u64().unwrap();
    let changed = scene.events("kri.value_adjusted").await;
    assert_eq!(changed.len(), 1);
    assert!(
        at(&started[2]) < at(&changed[0]) && at(&changed[0]) < at(&started[3]),
        "{started:?} {changed:?}"
    );
    assert_eq!(changed[0]["payload"]["adjustment"]["effectiveAt"], started[2]["payload"]["at"]);
    scene.web.stop().await;
}
