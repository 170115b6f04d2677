//! Runs and effects as they are read, and what people do about them over HTTP (hazards H3).

use std::time::Duration;

use draxis_domain::TenantId;
use draxis_runner::far_systems::{FarSlack, FarSystem, Mishap};
use serde_json::{Value, json};

use super::stage::{Stage, plain};

/// A workflow that posts once and then waits.
fn posting() -> Value {
    let mut definition = plain("Post", 1);
    definition["steps"] = json!([
        {"id": "post", "type": "post_slack", "channel": "#sec", "text": "Hello", "retry": {"attempts": 1}},
        {"id": "pause", "name": "Let it sink in", "type": "wait", "until": {"duration": "PT1H"}},
        {"id": "last", "type": "wait", "until": {"duration": "PT1H"}},
    ]);
    definition
}

/// A tenant whose Slack is a far system on this machine.
async fn with_slack() -> (Stage, FarSystem<FarSlack>) {
    let stage = Stage::small().await;
    let slack = FarSystem::start(FarSlack::new("canary-slack", &["sec"])).await.unwrap();
    stage.set_up("slack", &slack.url()).await;
    (stage, slack)
}

async fn active(stage: &Stage, definition: &Value) -> String {
    let id = stage.draft(definition).await;
    stage.turn(&id, "activate").await.expect(200);
    id
}

async fn press(stage: &Stage, workflow: &str) -> String {
    stage.post(&format!("/api/workflows/{workflow}/run"), &json!({})).await.expect(201).field("runId")
}

/// Does what is due until what is asked for shows so.
async fn until(stage: &Stage, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let come = async {
        loop {
            stage.web.app.timers.catch_up_all().await;
            stage.web.app.timers.do_due().await.unwrap();
            let shown = stage.get(path).await.expect(200).json();
            if holds(&shown) {
                return shown;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), come).await.expect("it comes within a minute")
}

async fn standing(stage: &Stage, run: &str, state: &str) -> Value {
    until(stage, &format!("/api/workflow-runs/{run}"), |shown| shown["state"] == state).await
}

/// Every read model of the tenant is what folding its whole stream again gives.
async fn must_refold(stage: &Stage) {
    let events = stage.get("/api/audit/export?format=ndjson&until=1").await.text;
    let first: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    let tenant: TenantId = first["tenantId"].as_str().unwrap().parse().unwrap();
    let found = stage.web.app.read_models.verify(tenant).await.unwrap();
    let of = |name: &str| found.iter().filter(|it| it.projection == name).count();
    assert_eq!((of("workflow_runs"), of("effects")), (1, 1), "{found:?}");
    assert!(found.iter().all(|verified| verified.difference.is_none()), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_shows_its_steps_and_what_it_waits_for_and_what_then() {
    let (stage, slack) = with_slack().await;
    let workflow = active(&stage, &posting()).await;
    let run = press(&stage, &workflow).await;
    let shown = standing(&stage, &run, "waiting").await;
    assert_eq!(shown["workflowName"], "Post");
    assert_eq!(shown["starter"]["name"], "Person 0");
    assert_eq!(shown["trigger"]["kind"], "manual");
    let states: Vec<&Value> = shown["steps"].as_array().unwrap().iter().map(|step| &step["state"]).collect();
    assert_eq!(states, ["succeeded", "waiting", "pending"]);
    let channel = slack.with(|far| far.channel("sec").unwrap().to_owned());
    assert_eq!(shown["steps"][0]["result"]["channel"], json!(channel), "where it stands, as Slack calls it");
    assert_eq!(slack.with(|far| far.messages().len()), 1);
    assert_eq!(shown["steps"][1]["definition"]["until"]["duration"], "PT1H", "what the version says of it");
    let waiting = &shown["waiting"];
    assert_eq!((&waiting["step"], &waiting["for"]["kind"]), (&json!("pause"), &json!("time")));
    assert_eq!(waiting["then"], "then the run goes on with last");
    assert!(waiting["since"].is_string() && waiting["until"].is_string());
    let effect = &shown["effects"][0];
    assert_eq!((&effect["state"], &effect["step"]), (&json!("confirmed"), &json!("post")));
    let effect =
        stage.get(&format!("/api/effects/{}", effect["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&effect["content"]["text"], &effect["confirmedBy"]), (&json!("Hello"), &json!("answer")));
    assert_eq!(effect["attempts"].as_array().unwrap().len(), 1);
    let relay = stage.get("/api/relay-config").await.expect(200).json();
    let slack_relay =
        relay["items"].as_array().unwrap().iter().find(|item| item["channel"] == "slack").unwrap();
    assert!(slack_relay["lastUsedAt"].is_string(), "{slack_relay}");
    must_refold(&stage).await;
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_is_an_incident_until_a_person_has_it_tried_again() {
    let (stage, slack) = with_slack().await;
    let workflow = active(&stage, &posting()).await;
    slack.with(|far| far.say("channel_not_found"));
    let run = press(&stage, &workflow).await;
    let shown = standing(&stage, &run, "failed").await;
    let incident = &shown["incident"];
    assert_eq!(incident["step"], "post");
    assert!(!incident["advice"].as_str().unwrap().is_empty(), "{incident}");
    assert_eq!(shown["steps"][0]["attempts"][0]["code"], incident["code"]);
    let failed = stage.get("/api/workflow-runs?state=failed").await.expect(200).json();
    assert_eq!((&failed["items"][0]["id"], &failed["items"][0]["incident"]), (&json!(run), incident));
    let rejected = stage.get("/api/effects?state=rejected").await.expect(200).json();
    assert_eq!(rejected["items"][0]["runId"], json!(run));
    let reason = json!({"reason": "the channel is there now"});
    stage.post(&format!("/api/workflow-runs/{run}/retry"), &reason).await.expect(200);
    let shown = standing(&stage, &run, "waiting").await;
    assert_eq!((&shown["incident"], &shown["endedAt"]), (&Value::Null, &Value::Null));
    assert_eq!(stage.get("/api/workflow-runs?state=failed").await.json()["items"], json!([]));
    stage.post(&format!("/api/workflow-runs/{run}/skip"), &reason).await.expect(200);
    let shown =
        until(&stage, &format!("/api/workflow-runs/{run}"), |shown| shown["waiting"]["step"] == "last").await;
    assert_eq!(
        (&shown["steps"][1]["skipped"], &shown["waiting"]["then"]),
        (&json!("person"), &json!("then the run is complete"))
    );
    stage.post(&format!("/api/workflow-runs/{run}/cancel"), &reason).await.expect(200);
    let shown = standing(&stage, &run, "cancelled").await;
    assert!(shown["endedAt"].is_string() && shown["waiting"].is_null(), "{shown}");
    let late = stage.post(&format!("/api/workflow-runs/{run}/retry"), &reason).await.expect(409);
    assert!(late.field("type").ends_with("workflow_run.over"), "{}", late.text);
    must_refold(&stage).await;
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_nobody_can_know_of_is_listed_until_a_person_decides_it() {
    let (stage, slack) = with_slack().await;
    let workflow = active(&stage, &posting()).await;
    slack.script([Mishap::DoneThenDrop]);
    let run = press(&stage, &workflow).await;
    let open =
        until(&stage, "/api/effects?state=ambiguous", |shown| shown["items"][0]["runId"] == json!(run)).await;
    let effect = open["items"][0]["id"].as_str().unwrap().to_owned();
    let decide = format!("/api/effects/{effect}/decide");
    stage.post(&decide, &json!({"verdict": "done"})).await.expect(422);
    let said = json!({"verdict": "done", "name": "the post of nine", "reason": "I saw it"});
    stage.post(&decide, &said).await.expect(200);
    stage.post(&decide, &said).await.expect(200);
    standing(&stage, &run, "waiting").await;
    let shown = stage.get(&format!("/api/effects/{effect}")).await.expect(200).json();
    assert_eq!((&shown["state"], &shown["decidedBy"]["name"]), (&json!("decided"), &json!("Person 0")));
    assert_eq!(shown["decision"]["reason"], "I saw it");
    assert_eq!(slack.with(|far| far.messages().len()), 1, "nothing was posted again");
    let other = stage.post(&decide, &json!({"verdict": "not_done", "reason": "really?"})).await.expect(409);
    assert!(other.field("type").ends_with("effect.known"), "{}", other.text);
    stage.get(&format!("/api/effects/{}", "0".repeat(32))).await.expect(404);
    must_refold(&stage).await;
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_narrowed_paged_and_newest_first() {
    let stage = Stage::small().await;
    let one = active(&stage, &plain("One", 1)).await;
    let other = active(&stage, &plain("Other", 1)).await;
    let mut runs = Vec::new();
    for workflow in [&one, &other, &one, &one] {
        runs.push(press(&stage, workflow).await);
        stage.web.clock.advance(chrono::Duration::seconds(10));
    }
    for run in &runs {
        standing(&stage, run, "waiting").await;
    }
    let ids = async |path: &str| {
        let shown = stage.get(path).await.expect(200).json();
        let ids = shown["items"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), shown["nextCursor"].as_str().map(str::to_owned))
    };
    let newest: Vec<String> = runs.iter().rev().cloned().collect();
    assert_eq!(ids("/api/workflow-runs").await.0, newest);
    let (first, cursor) = ids("/api/workflow-runs?limit=3").await;
    assert_eq!(first, newest[..3]);
    assert_eq!(
        ids(&format!("/api/workflow-runs?limit=3&cursor={}", cursor.unwrap())).await,
        (newest[3..].to_vec(), None)
    );
    let of_one = [&runs[3], &runs[2], &runs[0]].map(String::clone);
    assert_eq!(ids(&format!("/api/workflows/{one}/runs")).await.0, of_one);
    assert_eq!(
        ids(&format!("/api/workflow-runs?workflow={one}&state=waiting&trigger=manual")).await.0,
        of_one
    );
    assert_eq!(ids("/api/workflow-runs?trigger=schedule").await.0, Vec::<String>::new());
    let shown = stage.get(&format!("/api/workflow-runs/{}", runs[1])).await.json();
    let started = shown["startedAt"].as_str().unwrap();
    assert_eq!(ids(&format!("/api/workflow-runs?from={started}")).await.0, newest[..3]);
    assert_eq!(ids(&format!("/api/workflow-runs?to={started}")).await.0, runs[..1]);
    stage.get("/api/workflow-runs?state=lost").await.expect(422);
    stage.get("/api/workflow-runs/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.expect(404);
    stage.get("/api/workflows/01ARZ3NDEKTSV4RRFFQ69G5FAV/runs").await.expect(404);
    let minted =
        stage.post(&format!("/api/workflows/{one}/previews"), &json!({})).await.expect(201).field("token");
    press(&stage, &one).await;
    let seen = stage.web.get("", &format!("/api/public/workflow/{minted}")).await.expect(200).json();
    let runs = seen["runs"]["items"].as_array().unwrap();
    assert_eq!(
        (runs.len(), &runs[0]["state"]),
        (3, &json!("waiting")),
        "those that there were when it was minted"
    );
    stage.web.stop().await;
}
