//! By hand: the button, and when the clock would press it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::Told;
use crate::workflow::stage::{Stage, plain};

fn asking() -> Value {
    let mut definition = plain("Ask", 1);
    definition["trigger"] = json!({"type": "manual", "inputs": [
        {"name": "who", "type": "text"}, {"name": "count", "type": "number", "default": 3}]});
    definition
}

async fn press(stage: &Stage, id: &str, body: Value, key: Option<&str>) -> Told {
    let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    let path = format!("/api/workflows/{id}/run");
    stage.web.command(Method::POST, &stage.token, &path, &body, &headers).await
}

async fn started(stage: &Stage) -> Vec<Value> {
    let events = stage.get("/api/audit/events?type=workflow.run_started&limit=200").await.expect(200).json();
    events["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_starts_a_run_once_a_press_and_is_named() {
    let stage = Stage::small().await;
    let id = stage.draft(&asking()).await;
    let body = || json!({"inputs": {"who": "Priya"}, "reason": "a drill"});
    let refused = press(&stage, &id, body(), None).await.expect(409);
    assert!(refused.field("type").ends_with("workflow.draft"), "{}", refused.text);
    stage.turn(&id, "activate").await.expect(200);
    let first = press(&stage, &id, body(), Some("k1")).await.expect(201);
    assert!(!first.header("draxis-position").is_empty());
    let run = first.field("runId");
    assert_eq!(press(&stage, &id, body(), Some("k1")).await.expect(201).field("runId"), run);
    assert_ne!(press(&stage, &id, body(), Some("k2")).await.expect(201).field("runId"), run);
    assert_ne!(press(&stage, &id, body(), None).await.expect(201).field("runId"), run);
    let above = stage.above.clone();
    let headers = [("idempotency-key", "k1")];
    let path = format!("/api/workflows/{id}/run");
    let other = stage.web.command(Method::POST, &above, &path, &body(), &headers).await.expect(201);
    assert_ne!(other.field("runId"), run, "another person's key is another press");
    let events = started(&stage).await;
    assert_eq!(events.len(), 4);
    let first = events.iter().find(|event| event["payload"]["runId"] == json!(run)).unwrap();
    assert_eq!(first["payload"]["trigger"]["inputs"], json!({"who": "Priya", "count": 3}));
    assert_eq!(first["metadata"]["actor"], format!("account:{}", stage.people[0]));
    assert_eq!(first["metadata"]["reason"], "a drill");
    stage.turn(&id, "pause").await.expect(200);
    press(&stage, &id, body(), None).await.expect(409);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_that_do_not_fit_are_told_one_by_one_and_start_nothing() {
    let stage = Stage::small().await;
    let id = stage.draft(&asking()).await;
    stage.turn(&id, "activate").await.expect(200);
    let refused = press(&stage, &id, json!({"inputs": {"count": "x", "more": 1}}), None).await.expect(422);
    let errors = refused.json()["errors"].as_array().unwrap().clone();
    let pointers: Vec<&str> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/inputs/who", "/inputs/count", "/inputs/more"]);
    assert_eq!(started(&stage).await.len(), 0);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_due_times_can_be_asked_for_also_while_the_trigger_is_off() {
    let stage = Stage::small().await;
    let mut definition = plain("Report", 1);
    // The clock stands at 2026-09-21 14:13:20 UTC; in Berlin the clocks go back on 25 October.
    definition["trigger"] = json!({"type": "schedule", "cron": "0 9 * * SUN", "timeZone": "Europe/Berlin"});
    let id = stage.draft(&definition).await;
    let path = format!("/api/workflows/{id}/next-runs");
    let shown = stage.get(&path).await.expect(200).json();
    assert_eq!((&shown["state"], &shown["timeZone"]), (&json!("draft"), &json!("Europe/Berlin")), "{shown}");
    let items = shown["items"].as_array().unwrap();
    assert_eq!(items.len(), 10);
    assert_eq!(items[0], json!({"dueAt": "2026-09-27T07:00:00Z", "local": "2026-09-27T09:00:00+02:00"}));
    assert_eq!(items[4], json!({"dueAt": "2026-10-25T08:00:00Z", "local": "2026-10-25T09:00:00+01:00"}));
    assert!(shown["note"].as_str().unwrap().contains("draft"));
    stage.turn(&id, "activate").await.expect(200);
    assert_eq!(stage.get(&path).await.expect(200).json()["note"], Value::Null);
    stage.turn(&id, "pause").await.expect(200);
    let paused = stage.get(&format!("{path}?limit=2")).await.expect(200).json();
    assert_eq!(paused["items"].as_array().unwrap().len(), 2);
    assert!(paused["note"].as_str().unwrap().contains("paused"));
    stage.get(&format!("{path}?limit=101")).await.expect(422);
    stage.turn(&id, "archive").await.expect(200);
    assert_eq!(stage.get(&path).await.expect(200).json()["items"], json!([]));
    let manual = stage.draft(&plain("By hand", 1)).await;
    let none = stage.get(&format!("/api/workflows/{manual}/next-runs")).await.expect(200).json();
    assert_eq!(none["items"], json!([]));
    assert!(none["note"].as_str().unwrap().contains("no schedule"));
    stage.web.stop().await;
}
