//! Why: an explanation of a KRI names the run that a breach set off and the run that changed the value, or says why there is none.

use serde_json::{Value, json};

use super::scene::{KRI, Scene, breach, emit, pause};

fn causes<'a>(explained: &'a Value, role: &str) -> Vec<&'a Value> {
    explained["causes"].as_array().unwrap().iter().filter(|cause| cause["role"] == json!(role)).collect()
}

/// Why no run was started: code, sentence and workflow.
fn not_run(explained: &Value) -> Vec<(&str, &str, &Value)> {
    let why = explained["whyNot"].as_array().unwrap().iter().filter(|not| not["what"] == "workflow_run");
    why.map(|not| (not["code"].as_str().unwrap(), not["because"].as_str().unwrap(), &not["workflowId"]))
        .collect()
}

async fn explain(scene: &Scene) -> Value {
    scene.get(&format!("/api/kris/{}/explain", scene.kri)).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_a_run_lowered_names_the_run_and_so_does_the_breach_that_set_it_off() {
    let mut scene = Scene::set().await;
    let effect = json!({"kri": KRI, "operator": "decrement", "amount": 4});
    let patched = json!({"eventType": "patch_applied", "effects": [effect], "closeBreach": false});
    scene.put("/api/workflow-kri-definitions/01JE0000000000000000000001", &patched).await.expect(200);
    let workflow = scene.workflow(&breach(), &[pause("night", "PT1H"), emit("patched")]).await;
    scene.measure(12).await;
    scene.settle().await;
    let run = scene.events("workflow.run_started").await[0]["payload"]["runId"].clone();
    let explained = explain(&scene).await;
    let set_off = causes(&explained, "workflow_run");
    assert_eq!(set_off.len(), 1, "{explained}");
    assert_eq!((&set_off[0]["runId"], &set_off[0]["workflowId"]), (&run, &json!(workflow)), "{explained}");
    let opened = causes(&explained, "breach_opened");
    assert_eq!(set_off[0]["causedBy"], opened[0]["eventId"], "{explained}");
    assert!(causes(&explained, "adjustment").is_empty(), "not yet: {explained}");
    assert!(not_run(&explained).is_empty(), "one has run: {explained}");

    scene.after(3600).await;
    let explained = explain(&scene).await;
    let lowered = causes(&explained, "adjustment");
    assert_eq!(lowered.len(), 1, "{explained}");
    assert_eq!((&lowered[0]["runId"], &lowered[0]["value"]), (&run, &json!("8")), "{explained}");
    assert_eq!((&explained["value"], &explained["status"]), (&json!("8"), &json!("amber")));
    let event = scene.events("kri.value_adjusted").await[0].clone();
    assert_eq!(lowered[0]["position"], event["position"], "it stands in the stream");
    assert_eq!(lowered[0]["actor"], json!(format!("run:{}", run.as_str().unwrap())));
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_that_set_off_no_run_says_why_not() {
    let scene = Scene::set().await;
    scene.measure(1).await;
    assert_eq!(not_run(&explain(&scene).await)[0].0, "no_breach");
    scene.measure(12).await;
    scene.settle().await;
    let none = explain(&scene).await;
    let because = "no workflow run was started because no workflow's trigger names this KRI";
    assert_eq!(not_run(&none), [("no_workflow", because, &Value::Null)]);
    scene.web.clock.advance(chrono::Duration::seconds(1));
    let late = scene.workflow(&breach(), &[pause("night", "PT1H")]).await;
    scene.settle().await;
    let explained = explain(&scene).await;
    let late_id = json!(late);
    assert_eq!(
        not_run(&explained).iter().map(|not| (not.0, not.2)).collect::<Vec<_>>(),
        [("opened_before", &late_id)]
    );
    scene.measure(1).await;
    let reason = json!({"reason": "a change freeze"});
    scene.post(&format!("/api/workflows/{late}/pause"), &reason).await.expect(200);
    scene.measure(12).await;
    scene.settle().await;
    let explained = explain(&scene).await;
    let told = not_run(&explained);
    assert_eq!((told.len(), told[0].0, told[0].2), (1, "missed", &late_id), "{explained}");
    assert!(told[0].1.contains("paused"), "{explained}");
    assert!(causes(&explained, "workflow_run").is_empty());
    scene.web.stop().await;
}
