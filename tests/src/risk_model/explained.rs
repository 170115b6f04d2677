//! Why: each node of an explanation is an event of the stream.

use std::collections::BTreeSet;

use draxis_commands::{Caller, Context};
use draxis_domain::EventId;
use draxis_domain::kri::{Adjustment, Change, KriCommand};
use serde_json::{Value, json};
use sqlx::{Executor, Row};

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

/// A KRI whose colour hangs on a run, a correction, an adjustment, two edits of its thresholds and a breach that was lowered;
/// beside it, what it does not hang on.
async fn storied(scene: &Scene) -> String {
    let base = vendor(include_str!("../../../fixtures/vendors/okta/complete/replies.json"));
    let okta = json!({"name": "Okta", "sourceType": "identity", "vendor": "okta", "baseUrl": base,
        "credentials": {"api_token": "made-up-api_token"}, "config": {"domain": "acme.okta.com"}});
    let source = scene.make("/api/kri-sources", okta).await;
    let thresholds = |warn: u64, critical: u64| json!({"sourceId": source, "direction": "lower_is_worse", "warn": warn, "critical": critical});
    let kri = scene.kri("mfa_coverage_pct", thresholds(95, 90)).await;
    let (run, path) = (format!("/api/kri-sources/{source}/run"), format!("/api/kris/{kri}"));
    for _ in 0..2 {
        scene.post(&run, json!({})).await.expect(200);
        scene.minutes_pass(1);
    }
    let values = scene.get(&format!("{path}/values")).await;
    let latest = values["items"][0]["sequence"].as_u64().expect("a reading");
    scene.correct(&kri, latest, json!("70")).await.expect(200);
    for (version, critical) in [(1, 80), (2, 60)] {
        let mut body = json!({"slug": "mfa_coverage_pct", "name": "mfa_coverage_pct", "unit": "count"});
        for (field, value) in thresholds(95, critical).as_object().unwrap() {
            body[field] = value.clone();
        }
        scene.edit(&path, version, &body).await.expect(200);
    }
    let adjustment = Adjustment {
        id: EventId::new(scene.web.app.commands.ids().next()),
        change: serde_json::from_value::<Change>(json!({"operation": "increment", "amount": "2"})).unwrap(),
        effective_at: scene.now(),
    };
    let context = Context::of(Caller::runner(scene.tenant.parse().unwrap()));
    let adjust = KriCommand::Adjust(adjustment);
    scene.web.app.commands.change_kri(&context, kri.parse().unwrap(), adjust).await.unwrap();
    let breach = scene.get(&path).await["breach"]["id"].as_str().expect("a breach").to_owned();
    scene.post(&format!("/api/breaches/{breach}/comments"), json!({"comment": "seen"})).await.expect(200);
    scene.enter(&scene.kri("another", json!({})).await, "15").await;
    kri
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_another_without_an_event_it_names_and_the_same_without_any_other() {
    let scene = Scene::set().await;
    let kri = storied(&scene).await;
    let path = format!("/api/kris/{kri}/explain");
    let whole = scene.get(&path).await;
    assert_eq!((&whole["value"], &whole["status"]), (&json!("72"), &json!("amber")), "{whole}");
    assert_eq!(
        roles(&whole),
        [
            "definition",
            "breach_opened",
            "run",
            "reading",
            "correction",
            "thresholds",
            "breach_lowered",
            "adjustment"
        ]
    );
    let named = |list: &str, at: &str| {
        whole[list].as_array().unwrap().iter().map(|it| it[at].clone()).collect::<Vec<_>>()
    };
    let named: BTreeSet<String> =
        named("causes", "eventId").iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    let mut log = scene.database.superuser().await;
    log.execute("SET session_replication_role = replica").await.unwrap();
    let of_tenant = format!(
        "tenant_id::text = (SELECT tenant_id::text FROM events WHERE aggregate_id = '{kri}' LIMIT 1)"
    );
    let events =
        format!("SELECT position, event_id, event_type FROM events WHERE {of_tenant} ORDER BY position");
    let events = log.fetch_all(events.as_str()).await.unwrap();
    for event in &events {
        let (position, id): (i64, String) = (event.get(0), event.get(1));
        let taken = format!(
            "CREATE TEMP TABLE taken AS SELECT * FROM events WHERE position = {position} AND {of_tenant};
             DELETE FROM events WHERE position = {position} AND {of_tenant}"
        );
        log.execute(taken.as_str()).await.unwrap();
        let without = scene.ask(&path).await;
        log.execute("INSERT INTO events SELECT * FROM taken; DROP TABLE taken").await.unwrap();
        let changed = without.status != 200 || without.json() != whole;
        let what: String = event.get(2);
        assert_eq!(changed, named.contains(&id), "without {what} at {position}: {}", without.text);
    }
    assert_eq!(scene.get(&path).await, whole, "all stand again");
    assert!(events.len() > named.len() + 8, "{} events, {} of them named", events.len(), named.len());
    scene.web.stop().await;
}
