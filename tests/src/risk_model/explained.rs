//! Why: each node of an explanation is an event of the stream.

use serde_json::{Value, json};

use super::scene::{Scene, text};
use crate::house::vendor;

fn roles(explanation: &Value) -> Vec<&str> {
    explanation["causes"].as_array().unwrap().iter().filter_map(|cause| cause["role"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colour_is_traced_to_events_that_stand_in_the_stream() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    scene.enter(&kri, "15").await;
    scene.minutes_pass(1);
    let then = text(scene.now());
    scene.minutes_pass(1);
    scene.correct(&kri, 2, json!("25")).await.expect(200);
    let path = format!("/api/kris/{kri}/explain");
    let now = scene.get(&path).await;
    assert_eq!((&now["value"], &now["status"]), (&json!("25"), &json!("red")));
    assert_eq!(
        roles(&now),
        ["definition", "thresholds", "reading", "breach_opened", "correction", "breach_raised"]
    );
    assert_eq!(now["whyNot"][0]["code"], "no_workflow");
    let events = scene.get("/api/audit/events?limit=200").await;
    for cause in now["causes"].as_array().unwrap() {
        let of = |event: &&Value| event["position"] == cause["position"];
        let event = events["items"].as_array().unwrap().iter().find(of).expect("it stands in the stream");
        assert_eq!(event["type"], cause["type"], "{event}");
        let id = event["id"].as_str().or(event["eventId"].as_str());
        assert_eq!(id, cause["eventId"].as_str(), "{event}");
    }
    let before = scene.get(&format!("{path}?asOf={then}")).await;
    assert_eq!((&before["value"], &before["status"]), (&json!("15"), &json!("amber")));
    assert_eq!(roles(&before), ["definition", "thresholds", "reading", "breach_opened"]);
    let defined = before["causes"][0]["position"].as_u64().unwrap();
    let first = scene.get(&format!("{path}?position={defined}")).await;
    assert_eq!(
        (&first["status"], &first["whyNot"][0]["code"]),
        (&json!("unknown"), &json!("never_measured"))
    );
    scene.ask(&format!("{path}?position={}", defined - 1)).await.expect(404);
    scene.ask(&format!("{path}?position=99")).await.expect(422);
    let to_come = text(scene.now() + chrono::Duration::days(1));
    let told = scene.ask(&format!("{path}?asOf={to_come}")).await.expect(422).json();
    assert_eq!(told["errors"][0]["pointer"], "/asOf", "nobody knows yet why it will be so: {told}");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_a_source_was_asked_for_is_traced_to_its_run() {
    let scene = Scene::set().await;
    let base = vendor(include_str!("../../../fixtures/vendors/okta/complete/replies.json"));
    let okta = json!({"name": "Okta", "sourceType": "identity", "vendor": "okta", "baseUrl": base,
        "credentials": {"api_token": "made-up-api_token"}, "config": {"domain": "acme.okta.com"}});
    let source = scene.make("/api/kri-sources", okta).await;
    let more = json!({"sourceId": source, "direction": "lower_is_worse", "warn": 95, "critical": 80});
    let kri = scene.kri("mfa_coverage_pct", more).await;
    let ran =
        scene.post(&format!("/api/kri-sources/{source}/run"), json!({})).await.expect(200).field("runId");
    let explained = scene.get(&format!("/api/kris/{kri}/explain")).await;
    assert_eq!(roles(&explained), ["definition", "thresholds", "run", "reading", "breach_opened"]);
    let run = &explained["causes"][2];
    assert_eq!((&run["runId"], &run["type"]), (&json!(ran), &json!("source.run_started")));
    assert_eq!(explained["causes"][3]["causedBy"], run["eventId"], "{explained}");
    scene.web.stop().await;
}
