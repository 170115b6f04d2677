//! Registration → organization → tenant → source → KRI → run now → dashboard → audit.

use draxis_commands::secret::EncryptionKeys;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Web, vendor};

struct Walked {
    web: Web,
    token: String,
    source: String,
    kri: String,
    manual: String,
    risk: String,
    outcome: String,
}

/// Okta's recorded replies need no polling, so the walk takes no real time.
async fn walk(database: &TestDatabase) -> Walked {
    let web = Web::start(database).await;
    let root = web.register().await;
    let (_, token) = web.tenant(&root, "acme-corp").await;
    let base = vendor(include_str!("../../../fixtures/vendors/okta/complete/replies.json"));
    let source = json!({
        "name": "Okta", "sourceType": "identity", "vendor": "okta", "baseUrl": base,
        "credentials": {"api_token": "made-up-api_token"}, "config": {"domain": "acme.okta.com"},
    });
    let source = web.post(&token, "/api/kri-sources", &source).await.expect(201).field("id");
    let outcome =
        web.post(&token, "/api/outcomes", &json!({"name": "People can work"})).await.expect(201).field("id");
    let risk = json!({"name": "Account takeover", "likelihood": 3, "impact": 4, "outcomeIds": [outcome]});
    let risk = web.post(&token, "/api/risks", &risk).await.expect(201).field("id");
    let kri = json!({
        "slug": "mfa_coverage_pct", "name": "MFA coverage", "unit": "%", "sourceId": source,
        "direction": "lower_is_worse", "warn": "95", "critical": "80", "riskIds": [risk], "outcomeId": outcome,
    });
    let kri = web.post(&token, "/api/kris", &kri).await.expect(201).field("id");
    let manual = json!({
        "slug": "open_audit_findings", "name": "Open audit findings", "unit": "count",
        "direction": "higher_is_worse", "warn": 5, "critical": 10,
    });
    let manual = web.post(&token, "/api/kris", &manual).await.expect(201).field("id");
    Walked { web, token, source, kri, manual, risk, outcome }
}

fn find<'a>(dashboard: &'a Value, list: &str, id: &str) -> &'a Value {
    let items = dashboard[list].as_array().expect("the dashboard has the list");
    items.iter().find(|item| item["id"] == id).expect("the thing is on the dashboard")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_writes_values_that_turn_the_dashboard_red_and_name_the_cause() {
    let database = TestDatabase::make().await;
    let Walked { web, token, source, kri, manual, risk, outcome } = walk(&database).await;

    let before = web.get(&token, "/api/dashboard").await.expect(200).json();
    assert_eq!(
        find(&before, "kris", &kri)["status"],
        "unknown",
        "what was never measured is unknown, not green"
    );
    assert_eq!(find(&before, "risks", &risk)["severity"], "unknown");

    let run = web.post(&token, &format!("/api/kri-sources/{source}/run"), &json!({})).await.expect(200);
    assert_eq!(run.json()["rowsWritten"], 1, "one slug is wired to the source");
    assert!(run.json()["rowsSkipped"].as_u64() > Some(0), "the others are skipped, which is no error");
    let runs = web.get(&token, &format!("/api/kri-sources/{source}/runs")).await.expect(200).json();
    assert_eq!(runs["items"][0]["id"], run.json()["runId"]);
    assert!(runs["items"][0]["summary"]["requestsMade"].as_u64() > Some(0));

    web.post(&token, &format!("/api/kris/{manual}/values"), &json!({"value": "0.10"})).await.expect(200);
    let after = web.get(&token, "/api/dashboard").await.expect(200).json();
    let seen = find(&after, "kris", &kri);
    assert_eq!(
        (&seen["value"], &seen["status"], &seen["stale"]),
        (&json!("33.33"), &json!("red"), &json!(false))
    );
    assert_eq!(find(&after, "kris", &manual)["value"], "0.10", "a decimal stays as it was sent");
    let outcome = find(&after, "outcomes", &outcome);
    assert_eq!(outcome["status"], "red");
    assert_eq!(outcome["because"][0]["id"], risk.as_str());
    assert_eq!(find(&after, "risks", &risk)["because"][0]["id"], kri.as_str());

    let position = after["position"].as_u64().expect("a position");
    let events = web.get(&token, "/api/audit/events?after=0&limit=200").await.expect(200).json();
    let positions: Vec<_> =
        events["items"].as_array().unwrap().iter().filter_map(|e| e["position"].as_u64()).collect();
    assert!(
        positions.starts_with(&(1..=position).collect::<Vec<_>>()),
        "the stream has no gaps: {positions:?}"
    );
    let types: Vec<_> = events["items"].as_array().unwrap().iter().map(|e| e["type"].clone()).collect();
    assert!(types.contains(&json!("breach.opened")), "{types:?}");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_never_comes_back() {
    let database = TestDatabase::make().await;
    let Walked { web, token, source, .. } = walk(&database).await;
    web.post(&token, &format!("/api/kri-sources/{source}/run"), &json!({})).await.expect(200);
    for path in [
        "/api/kri-sources".to_owned(),
        format!("/api/kri-sources/{source}"),
        format!("/api/kri-sources/{source}/runs"),
        "/api/audit/events?limit=200".to_owned(),
        "/api/dashboard".to_owned(),
    ] {
        let told = web.get(&token, &path).await.expect(200);
        assert!(!told.text.contains("made-up-api_token"), "{path}");
    }
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_body_give_the_same_answer_byte_for_byte_also_after_a_restart() {
    let database = TestDatabase::make().await;
    let keys = EncryptionKeys::generate().expect("randomness");
    let same_keys = EncryptionKeys::parse(&keys.to_text()).expect("the keys read back");
    let web = Web::with_keys(&database, keys).await;
    let root = web.register().await;
    let (_, token) = web.tenant(&root, "acme-corp").await;
    let body = json!({"name": "Customers can pay"});
    let key = [("idempotency-key", "once")];
    let ask =
        async |web: &Web, body: &Value| web.command(Method::POST, &token, "/api/outcomes", body, &key).await;
    let first = ask(&web, &body).await.expect(201);
    let again = ask(&web, &body).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(first.header("draxis-position"), again.header("draxis-position"));
    let reused = ask(&web, &json!({"name": "Another"})).await.expect(422);
    assert_eq!(reused.json()["type"], "urn:draxis:problem:idempotency_key_reused");
    web.stop().await;

    let web = Web::with_keys(&database, same_keys).await;
    let again = ask(&web, &body).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text), "also after a restart");
    let outcomes = web.get(&token, "/api/outcomes").await.expect(200).json();
    assert_eq!(outcomes["items"].as_array().map(Vec::len), Some(1));
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_stale_version_is_refused_with_the_current_one() {
    let database = TestDatabase::make().await;
    let Walked { web, token, outcome, .. } = walk(&database).await;
    let path = format!("/api/outcomes/{outcome}");
    let etag = web.get(&token, &path).await.expect(200).header("etag");
    assert_eq!(etag, "\"1\"");
    let edit = json!({"name": "Everybody can work", "reason": "clearer"});
    let told = web.command(Method::PUT, &token, &path, &edit, &[("if-match", &etag)]).await.expect(200);
    assert_eq!(told.header("etag"), "\"2\"");
    let late = json!({"name": "Nobody can work"});
    let refused = web.command(Method::PUT, &token, &path, &late, &[("if-match", &etag)]).await.expect(412);
    assert_eq!(refused.header("etag"), "\"2\"");
    assert_eq!(web.get(&token, &path).await.expect(200).field("name"), "Everybody can work");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_and_the_description_is_served() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let document = web.get("", "/api/openapi.json").await.expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    for route in draxis_api::routes::routes() {
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][route.path][&method];
        assert!(operation["summary"].is_string(), "{method} {}", route.path);
        assert!(operation["responses"].is_object(), "{method} {}", route.path);
        if route.body.is_some() {
            assert!(
                operation["requestBody"]["content"]["application/json"]["schema"].is_object(),
                "{}",
                route.path
            );
        }
    }
    assert_eq!(web.get("", "/api/docs/").await.status, 200);
    assert_eq!(web.get("", "/healthz").await.status, 200);
    assert_eq!(web.get("", "/readyz").await.status, 200);
    assert!(web.get("", "/metrics").await.text.contains("draxis_http_requests_total"));
    web.stop().await;
}
