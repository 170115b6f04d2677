//! What an auditor may ask of a stream, question by question: each filter, each proof, each past; and that each is recorded.

use draxis_proof::bundle::verify;
use serde_json::{Value, json};

use super::looking::Scene;
use crate::house::vendor;
use crate::workflow::stage::{Stage, plain};

const OKTA: &str = include_str!("../../../fixtures/vendors/okta/complete/replies.json");

/// The scene with a connector's run in it.
async fn with_a_run() -> Scene {
    let scene = Scene::set().await;
    let post = async |path: &str, body: Value| scene.web.post(&scene.admin, path, &body).await;
    let source = json!({"name": "Okta", "sourceType": "identity", "vendor": "okta", "baseUrl": vendor(OKTA),
                        "credentials": {"api_token": "made-up-api_token"}, "config": {"domain": "acme.okta.com"}});
    let source = post("/api/kri-sources", source).await.expect(201).field("id");
    let kri = json!({"slug": "locked_out_accounts", "name": "Locked out", "unit": "count", "warn": "50",
                     "critical": "90", "direction": "higher_is_worse", "sourceId": source});
    post("/api/kris", kri).await.expect(201);
    scene.web.clock.advance(chrono::Duration::seconds(30));
    post(&format!("/api/kri-sources/{source}/run"), json!({})).await.expect(200);
    scene
}

fn positions<'a, I: IntoIterator<Item = &'a Value>>(events: I) -> Vec<u64> {
    events.into_iter().map(|event| event["position"].as_u64().unwrap()).collect()
}

/// Every page of a reading, three events each.
async fn paged(scene: &Scene, query: &str) -> Vec<u64> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = scene.get(&format!("/api/audit/events?{query}&limit=3{cursor}")).await;
        found.extend(positions(page["items"].as_array().unwrap()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_admits_what_it_names_and_pages_and_exports_tell_the_same() {
    let scene = with_a_run().await;
    let all = scene.events().await;
    let end = all.len();
    let text =
        |event: &Value, pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let correlated = all.iter().find_map(|event| text(event, "/metadata/correlation")).unwrap();
    let by = all.iter().find_map(|event| text(event, "/metadata/actor").filter(|by| by != "runner")).unwrap();
    let time = text(&all[end / 2], "/recordedAt").unwrap();
    let is = |pointer: &'static str, value: &str| {
        let value = value.to_owned();
        let admits: Box<dyn Fn(&Value) -> bool> =
            Box::new(move |event| event.pointer(pointer).is_some_and(|it| it == value.as_str()));
        admits
    };
    let anything: Box<dyn Fn(&Value) -> bool> = Box::new(|_| true);
    let (since, before) = (time.clone(), time.clone());
    for (query, admits) in [
        (String::new(), anything),
        ("after=4".to_owned(), Box::new(|event: &Value| event["position"].as_u64() > Some(4))),
        (format!("from={time}"), Box::new(move |event| event["recordedAt"].as_str() >= Some(since.as_str()))),
        (format!("to={time}"), Box::new(move |event| event["recordedAt"].as_str() < Some(before.as_str()))),
        ("aggregateType=kri".to_owned(), is("/aggregateType", "kri")),
        (format!("aggregateId={}", scene.kri), is("/aggregateId", &scene.kri)),
        ("type=kri.value_recorded".to_owned(), is("/type", "kri.value_recorded")),
        (format!("actor={by}"), is("/metadata/actor", &by)),
        (format!("correlation={correlated}"), is("/metadata/correlation", &correlated)),
    ] {
        let expected = positions(all.iter().filter(|event| admits(event)));
        let query = format!("until={end}&{query}");
        assert!(!expected.is_empty() && paged(&scene, &query).await == expected, "{query}: {expected:?}");
        let lines = String::from_utf8(scene.export(&format!("?format=ndjson&{query}")).await).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(positions(&lines), expected, "{query}");
        let events: Vec<Value> =
            serde_json::from_slice(&scene.export(&format!("?format=cloudevents&{query}")).await).unwrap();
        assert_eq!(events.len(), expected.len(), "{query}");
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_a_connector_read_is_explained_by_its_run_and_whoever_started_it() {
    let scene = with_a_run().await;
    let events = scene.events().await;
    let read = events
        .iter()
        .find(|event| event["type"] == "kri.value_recorded" && event["metadata"]["correlation"].is_string());
    let read = read.expect("the run has read a value");
    let explained =
        scene.get(&format!("/api/audit/explain?event={}", read["eventId"].as_str().unwrap())).await;
    let causes = explained["causes"].as_array().unwrap();
    let first = causes.last().expect("it has a cause");
    assert_eq!(first["type"], "source.run_started", "{explained}");
    assert_eq!(first["metadata"]["correlation"], read["metadata"]["correlation"], "{explained}");
    let origin = explained["origin"]["words"].as_str().unwrap();
    assert!(origin.starts_with("the person with account"), "{origin}");
    let started = first["eventId"].as_str().unwrap();
    let forward = scene.get(&format!("/api/audit/explain?event={started}")).await;
    let effects = forward["effects"].as_array().unwrap();
    assert!(effects.iter().any(|effect| effect["eventId"] == read["eventId"]), "and down again: {forward}");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_may_ask_all_of_it_and_whatever_shows_the_stream_is_recorded_once_each() {
    let scene = Scene::set().await;
    let before = scene.web.written(&scene.admin).await;
    let event = before[0]["eventId"].as_str().unwrap().to_owned();
    for path in [
        "/api/audit/events",
        "/api/audit/export?format=ndjson",
        "/api/audit/proof?position=2",
        "/api/audit/replay?position=3",
        "/api/audit/replay?position=3&model=breaches",
        "/api/audit/diff?from=1&to=3",
        &format!("/api/audit/explain?event={event}"),
        "/api/audit/case-file?limit=2",
        // What shows nothing of the stream: a witness who asks every minute leaves no trail of its own.
        "/api/audit/keys",
        "/api/audit/checkpoint",
        "/api/audit/proof?from=1&to=2",
    ] {
        scene.web.get(&scene.auditor, path).await.expect(200);
    }
    let me = format!("account:{}", scene.get("/api/auth/me").await["id"].as_str().unwrap());
    let events = scene.events().await;
    let looks: Vec<(&str, &Value)> = events
        .iter()
        .filter(|event| event["aggregateType"] == "audit" && event["metadata"]["actor"] == me.as_str())
        .map(|event| (event["type"].as_str().unwrap(), &event["payload"]))
        .collect();
    let expected = [
        ("audit.read", &json!({"part": {}})),
        ("audit.exported", &json!({"format": "ndjson", "part": {}})),
        ("audit.read", &json!({"part": {"after": 1, "until": 2}})),
        ("audit.replayed", &json!({"view": "dashboard", "to": 3})),
        ("audit.replayed", &json!({"view": "read_model", "to": 3, "model": "breaches"})),
        ("audit.replayed", &json!({"view": "difference", "from": 1, "to": 3})),
        ("audit.replayed", &json!({"view": "explanation", "event": event})),
        ("audit.exported", &json!({"format": "case_file", "part": {}})),
    ];
    assert_eq!(looks, expected);
    assert_eq!(scene.web.written(&scene.admin).await, before, "and nothing else has happened");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_read_model_is_shown_as_it_was_in_pages_and_none_that_there_is_not() {
    let scene = Scene::set().await;
    let values: Vec<Value> =
        scene.events().await.into_iter().filter(|event| event["type"] == "kri.value_recorded").collect();
    let at = |n: usize| values[n]["position"].as_u64().unwrap();
    let history =
        async |query: &str| scene.get(&format!("/api/audit/replay?model=kri_history&{query}")).await;
    let (first, second) =
        (history(&format!("position={}", at(0))).await, history(&format!("position={}", at(1))).await);
    assert_eq!((first["position"].as_u64(), &first["nextCursor"]), (Some(at(0)), &Value::Null));
    assert_ne!(first["items"], second["items"]);
    let time = values[0]["recordedAt"].as_str().unwrap();
    assert_eq!(history(&format!("asOf={time}")).await["items"], first["items"]);
    let whole = scene.get(&format!("/api/audit/replay?model=risk_model&position={}", at(1))).await;
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/audit/replay?model=risk_model&position={}&limit=1{cursor}", at(1));
        let page = scene.get(&path).await;
        rows.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(rows.len() > 1 && json!(rows) == whole["items"], "{whole}");
    for query in [
        "model=directory&position=1",
        "model=breaches",
        "position=1&limit=5",
        "model=breaches&position=999999",
    ] {
        let refused = scene.web.get(&scene.auditor, &format!("/api/audit/replay?{query}")).await;
        assert_eq!(refused.status, 422, "{query}: {}", refused.text);
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_about_one_workflow_proves_itself_and_shows_nothing_of_the_rest() {
    let stage = Stage::full().await;
    let mine = stage.draft(&plain("Quarterly review of firewalls", 1)).await;
    stage.draft(&plain("Dismissal of somebody", 2)).await;
    stage.turn(&mine, "activate").await.expect(200);
    let auditor = &stage.tokens[2];
    let keys = stage.web.get(auditor, "/api/audit/keys").await.expect(200).json();
    let ring =
        draxis_proof::checkpoint::KeyRing::parse(keys["items"][0]["verifierKey"].as_str().unwrap()).unwrap();
    let path = format!("/api/audit/export?format=bundle&aggregateType=workflow&aggregateId={mine}");
    let response = stage.web.client().get(stage.web.url(&path)).bearer_auth(auditor).send().await.unwrap();
    let bundle = response.bytes().await.unwrap().to_vec();
    let report = verify(bundle.as_slice(), &ring, &[]).unwrap();
    assert!(report.holds(), "{report:?}");
    assert_eq!(report.subject.map(|subject| (subject.kind, subject.count)), Some(("part", 2)));
    let text = String::from_utf8_lossy(&bundle);
    assert!(text.contains("Quarterly review of firewalls"));
    for other in ["Dismissal of somebody", "critical_cves_unpatched", "patch_applied", "far.example"] {
        assert!(!text.contains(other), "{other}");
    }
    stage.web.stop().await;
}
