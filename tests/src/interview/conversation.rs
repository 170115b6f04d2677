//! A whole conversation: from the first wish to the workflow, with the trace of who said what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::Told;
use crate::workflow::stage::Stage;

/// A goal that leaves four things open.
pub(super) const GOAL: &str = "When critical CVEs go red, open a Jira ticket in SEC and wait for Person 0's approval, remind after a day.";

/// The answers to what is asked then, in order.
pub(super) const ANSWERS: [&str; 4] = ["only new ones", "three days", "reject", "the tenant admins"];

pub(super) async fn start(stage: &Stage, goal: &str) -> Value {
    stage.post("/api/workflow-interviews", &json!({ "goal": goal })).await.expect(201).json()
}

pub(super) async fn say(stage: &Stage, id: &str, text: &str) -> Told {
    stage.post(&format!("/api/workflow-interviews/{id}/messages"), &json!({ "text": text })).await
}

pub(super) async fn confirm(stage: &Stage, id: &str, digest: &str, name: &str) -> Told {
    let body = json!({ "digest": digest, "name": name });
    stage.post(&format!("/api/workflow-interviews/{id}/confirm"), &body).await
}

/// Gives a command under a key.
async fn keyed(stage: &Stage, path: &str, body: &Value, key: &str) -> Told {
    stage.web.command(Method::POST, &stage.token, path, body, &[("idempotency-key", key)]).await
}

/// Talks a workflow through up to where it can be confirmed.
pub(super) async fn complete(stage: &Stage) -> (String, Value) {
    let mut shown = start(stage, GOAL).await;
    let id = shown["id"].as_str().expect("an id").to_owned();
    for answer in ANSWERS {
        assert_eq!(shown["canConfirm"], false, "{shown}");
        shown = say(stage, &id, answer).await.expect(200).json();
    }
    assert_eq!(
        (&shown["canConfirm"], &shown["missing"], &shown["invalid"]),
        (&json!(true), &json!([]), &json!([])),
        "{shown}"
    );
    (id, shown)
}

/// The pointers of everything in a value that has nothing below it.
fn leaves_of(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().flat_map(|(name, value)| leaves_of(value, &format!("{at}/{name}"))).collect()
        }
        Value::Array(items) if !items.is_empty() => (0..)
            .zip(items)
            .flat_map(|(n, value): (usize, _)| leaves_of(value, &format!("{at}/{n}")))
            .collect(),
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => vec![at.to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_talked_through_confirmed_and_traced_to_its_turns() {
    let stage = Stage::full().await;
    let (id, shown) = complete(&stage).await;
    let summary = shown["summary"].as_str().expect("a summary");
    for named in ["What leaves the company", "Jira, project SEC", "Person 0", "3 days"] {
        assert!(summary.contains(named), "{summary}");
    }
    let digest = shown["digest"].as_str().expect("a digest");
    let made = confirm(&stage, &id, digest, "Patch what is critical").await.expect(201).json();
    assert_eq!(made["version"], 1);
    let workflow = made["workflowId"].as_str().expect("a workflow");
    let read = stage.get(&format!("/api/workflows/{workflow}")).await.expect(200).json();
    assert_eq!(read["state"], "draft");
    assert_eq!(read["definition"]["name"], "Patch what is critical");
    assert_eq!(read["definition"]["trigger"]["level"], "red");
    assert_eq!(read["definition"]["steps"][1]["due"], "P3D");
    let version = stage.get(&format!("/api/workflows/{workflow}/versions/1")).await.expect(200).json();
    let provenance = &version["provenance"];
    assert_eq!(
        (&provenance["from"], &provenance["digest"]),
        (&json!("interview"), &json!(digest)),
        "{version}"
    );
    let leaves = provenance["leaves"].as_object().expect("leaves");
    for (leaf, origin) in [
        ("/trigger/kri", json!({"turn": 1})),
        ("/trigger/onActivate", json!({"turn": 3})),
        ("/steps/1/due", json!({"turn": 5})),
        ("/steps/1/onTimeout", json!({"turn": 7})),
        ("/owners/0/role", json!({"turn": 9})),
        ("/steps/0/summary", json!("default")),
        ("/name", json!({"turn": 11})),
    ] {
        assert_eq!(leaves.get(leaf), Some(&origin), "{leaf} in {leaves:#?}");
    }
    let definition = &version["definition"];
    for leaf in leaves.keys() {
        assert!(definition.pointer(leaf).is_some(), "{leaf} is no leaf of {definition}");
    }
    // Every leaf names the turn it came from, or that it is a default.
    for leaf in leaves_of(definition, "") {
        let origin = &leaves[&leaf];
        let turn = origin["turn"].as_u64().is_some_and(|turn| turn % 2 == 1);
        assert!(turn || *origin == json!("default"), "{leaf}: {origin}");
    }
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transcript_is_read_long_after() {
    let mut stage = Stage::full().await;
    let (id, shown) = complete(&stage).await;
    let made = confirm(&stage, &id, shown["digest"].as_str().unwrap(), "Kept").await.expect(201).json();
    stage.web.clock.advance(chrono::Duration::days(400));
    stage.sign_in().await;
    let read = stage.get(&format!("/api/workflow-interviews/{id}")).await.expect(200).json();
    assert_eq!(
        (&read["state"], &read["workflowId"], &read["version"]),
        (&json!("confirmed"), &made["workflowId"], &json!(1))
    );
    let turns = read["turns"].as_array().expect("turns");
    assert_eq!(turns.len(), 11, "{turns:#?}");
    assert_eq!(
        (&turns[0]["n"], &turns[0]["by"], &turns[0]["text"]),
        (&json!(1), &json!("person"), &json!(GOAL))
    );
    assert_eq!(turns[1]["by"], "interviewer");
    assert!(
        turns.iter().all(|turn| turn["at"].is_string() && !turn["text"].as_str().unwrap().contains("<@"))
    );
    let list = stage.get("/api/workflow-interviews?state=confirmed").await.expect(200).json();
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["goal"]), (&json!(id), &json!(GOAL)));
    assert_eq!(stage.get("/api/workflow-interviews?state=open").await.expect(200).json()["items"], json!([]));
    let spoken = say(&stage, &id, "no, make it amber").await.expect(409);
    assert!(spoken.text.contains("interview.confirmed"), "{}", spoken.text);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_changed_by_interview_and_keeps_what_nobody_spoke_of() {
    let stage = Stage::full().await;
    let (id, shown) = complete(&stage).await;
    let made = confirm(&stage, &id, shown["digest"].as_str().unwrap(), "First").await.expect(201).json();
    let workflow = made["workflowId"].as_str().unwrap().to_owned();
    let body = json!({ "goal": "make it amber", "workflowId": workflow });
    let shown = stage.post("/api/workflow-interviews", &body).await.expect(201).json();
    assert_eq!(shown["canConfirm"], true, "{shown}");
    let id = shown["id"].as_str().unwrap().to_owned();
    let made = confirm(&stage, &id, shown["digest"].as_str().unwrap(), "First").await.expect(201).json();
    assert_eq!((&made["workflowId"], &made["version"]), (&json!(workflow), &json!(2)));
    let again = confirm(&stage, &id, shown["digest"].as_str().unwrap(), "First").await.expect(201).json();
    assert_eq!(again, made);
    let version = stage.get(&format!("/api/workflows/{workflow}/versions/2")).await.expect(200).json();
    let leaves = &version["provenance"]["leaves"];
    assert_eq!(leaves["/trigger/level"], json!({"turn": 1}), "{version}");
    assert_eq!(leaves["/trigger/kri"], json!({"version": 1}));
    // The workflow has moved on since this one began.
    let stale = stage.post("/api/workflow-interviews", &body).await.expect(201).json();
    let edited = json!({ "definition": version["definition"], "reason": "by hand" });
    let mut edited_definition = edited;
    edited_definition["definition"]["name"] = json!("Renamed");
    stage.put(&format!("/api/workflows/{workflow}"), &edited_definition, &[]).await.expect(200);
    let id = stale["id"].as_str().unwrap();
    let shown = say(&stage, id, "make it red").await.expect(200).json();
    confirm(&stage, id, shown["digest"].as_str().unwrap(), "First").await.expect(412);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn confirming_again_makes_nothing_twice() {
    let stage = Stage::full().await;
    let (id, shown) = complete(&stage).await;
    let body = json!({ "digest": shown["digest"], "name": "Once" });
    let path = format!("/api/workflow-interviews/{id}/confirm");
    let first = keyed(&stage, &path, &body, "one").await.expect(201);
    let repeated = keyed(&stage, &path, &body, "one").await.expect(201);
    let other = keyed(&stage, &path, &body, "two").await.expect(201);
    assert_eq!((repeated.json(), other.json()), (first.json(), first.json()));
    let drafted = stage.get("/api/audit/events?type=workflow.drafted").await.expect(200).json();
    assert_eq!(drafted["items"].as_array().map(Vec::len), Some(1));
    stage.web.stop().await;
}
