//! Every way to look at the audit trail records the look with its reader, before anything is shown; what shows nothing of it does not.

use reqwest::Method;
use serde_json::{Value, json};

use super::looking::Scene;

/// What each route records: the query that is asked with, and the event. None where no event, no state and no name is shown: keys,
/// sizes and hashes are for witnesses, who ask every minute and trust nobody's word on it.
fn recorded(scene: &Scene, event: &str) -> Vec<(&'static str, String, Option<&'static str>)> {
    let kri = &scene.kri;
    let bundle = "?format=bundle".to_owned();
    vec![
        ("/api/audit/events", format!("?aggregateId={kri}"), Some("audit.read")),
        ("/api/audit/export", bundle, Some("audit.exported")),
        ("/api/audit/export", "?format=ndjson".to_owned(), Some("audit.exported")),
        ("/api/audit/export", "?format=cloudevents".to_owned(), Some("audit.exported")),
        ("/api/audit/case-file", "?type=kri.defined".to_owned(), Some("audit.exported")),
        ("/api/audit/verify", String::new(), Some("audit.verified")),
        ("/api/audit/replay", "?position=3".to_owned(), Some("audit.replayed")),
        ("/api/audit/replay", "?position=3&model=breaches".to_owned(), Some("audit.replayed")),
        ("/api/audit/diff", "?from=1&to=2".to_owned(), Some("audit.replayed")),
        ("/api/audit/explain", format!("?event={event}"), Some("audit.replayed")),
        ("/api/audit/proof", "?position=4".to_owned(), Some("audit.read")),
        ("/api/audit/proof", "?from=1&to=2".to_owned(), None),
        ("/api/audit/checkpoint", String::new(), None),
        ("/api/audit/keys", String::new(), None),
    ]
}

/// The looks that are recorded, with who looked.
async fn looks(scene: &Scene) -> Vec<(String, Value)> {
    let events = scene.events().await;
    let looks = events.into_iter().filter(|event| event["aggregateType"] == "audit");
    looks
        .map(|event| (event["type"].as_str().unwrap().to_owned(), event["metadata"]["actor"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_to_the_audit_trail_records_who_looked() {
    let scene = Scene::set().await;
    let me = format!("account:{}", scene.get("/api/auth/me").await["id"].as_str().unwrap());
    let event = scene.events().await[0]["eventId"].as_str().unwrap().to_owned();
    let routes = recorded(&scene, &event);
    // A route that is not named here is one of which nobody has said what it records.
    for route in draxis_api::routes::routes().iter().filter(|route| route.path.starts_with("/api/audit/")) {
        assert!(routes.iter().any(|(path, ..)| *path == route.path), "what does {} record?", route.path);
    }
    let whole = scene.export("?format=bundle").await;
    for (path, query, expected) in routes {
        let before = looks(&scene).await;
        let url = scene.web.url(&format!("{path}{query}"));
        let method = if path == "/api/audit/verify" { Method::POST } else { Method::GET };
        let request = scene.web.client().request(method.clone(), url).bearer_auth(&scene.auditor);
        let request = if method == Method::POST { request.body(whole.clone()) } else { request };
        let told = request.send().await.unwrap();
        assert_eq!(told.status().as_u16(), 200, "{path}{query}");
        drop(told.bytes().await.unwrap());
        let after = looks(&scene).await;
        let new: Vec<_> = after.iter().skip(before.len()).collect();
        match expected {
            Some(kind) => assert_eq!(new, [&(kind.to_owned(), json!(me))], "{path}{query}"),
            None => assert!(new.is_empty(), "{path}{query}: {new:?}"),
        }
    }
    scene.web.stop().await;
}
