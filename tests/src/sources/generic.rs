//! Sources without a manifest of a vendor's: any JSON over HTTP and Prometheus, by a config of their own.

use serde_json::{Value, json};

use super::given::{Tenant, pointers};
use crate::house::{TestDatabase, vendor};

fn http_json(base: &str) -> Value {
    json!({
        "name": "Metrics", "sourceType": "generic", "vendor": "http-json", "credentials": {"value": "made-up-key"},
        "config": {
            "url": format!("{base}/metrics.json?team=secops"),
            "auth": {"kind": "header", "name": "X-Api-Key", "prefix": "Key "},
            "values": [{"slug": "open-risks", "value": ".risks | length"}, {"slug": "burn", "value": ".burn"},
                       {"slug": "not_wired", "value": ".burn"}, {"slug": "missing", "value": ".nothing"}],
        },
    })
}

fn metrics() -> String {
    let exchange = json!([{
        "request": {"path": "/metrics.json", "query": {"team": "secops"}, "headers": {"x-api-key": "Key made-up-key"}},
        "replies": [{"body": {"risks": [1, 2, 3], "burn": 12.5}}],
    }]);
    vendor(&exchange.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn any_json_is_connected_tried_and_run() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let body = http_json(&metrics());
    let tried = tenant.post("/api/kri-sources/test", &body).await.expect(200).json();
    assert_eq!(tried["ok"], true, "{tried}");
    let value = |at: usize| (&tried["values"][at]["slug"], &tried["values"][at]["value"]);
    assert_eq!(value(0), (&json!("open-risks"), &json!("3")), "{tried}");
    assert_eq!(value(3), (&json!("missing"), &Value::Null), "{tried}");
    let mut wrong = body.clone();
    wrong["config"]["values"] = json!([{"slug": "missing", "value": ".nothing"}]);
    let told = tenant.post("/api/kri-sources/test", &wrong).await.expect(200).json();
    assert_eq!((&told["ok"], &told["failed"]), (&json!(false), &json!("shape")), "{told}");
    let source = tenant.connect(&body).await;
    let (risks, burn) = (tenant.wire("open-risks", &source).await, tenant.wire("burn", &source).await);
    let ran = tenant.run(&source).await.expect(200).json();
    assert_eq!((&ran["rowsWritten"], &ran["rowsSkipped"]), (&json!(2), &json!(1)));
    assert_eq!(tenant.get(&format!("/api/kris/{risks}")).await["value"], "3");
    assert_eq!(tenant.get(&format!("/api/kris/{burn}")).await["value"], "12.5");
    let summary = tenant.last_run(&source).await["summary"].clone();
    assert_eq!(summary["unmeasured"][0]["slug"], "missing", "what is not there is not zero: {summary}");
    assert_eq!(summary["skipped"][0]["slug"], "not_wired", "{summary}");
    assert_eq!(summary["requestsMade"], 1);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_with_mistakes_is_refused_at_their_places_when_saved_edited_and_tried() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let good = http_json("https://stats.example.com");
    let source = tenant.connect(&good).await;
    let wrong = |change: fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    for (body, pointer) in [
        (wrong(|body| body["config"]["values"][1]["value"] = json!(".a | env")), "/config/values/1/value"),
        (wrong(|body| body["config"]["values"][0]["slug"] = json!("Not A Slug")), "/config/values/0/slug"),
        (wrong(|body| body["config"]["values"][1]["slug"] = json!("open-risks")), "/config/values/1/slug"),
        (wrong(|body| body["config"]["url"] = json!("ftp://x")), "/config/url"),
        (wrong(|body| body["config"]["method"] = json!("DELETE")), "/config/method"),
        (wrong(|body| body["config"]["auth"]["kind"] = json!("bearer")), "/config/auth"),
        (wrong(|body| body["credentials"] = json!({"token": "x", "value": "y"})), "/credentials/token"),
        (wrong(|body| body["credentials"] = json!({})), "/credentials/value"),
        (wrong(|body| body["baseUrl"] = json!("https://x.example")), "/baseUrl"),
    ] {
        for told in [tenant.post("/api/kri-sources", &body).await, tenant.edit(&source, &body).await] {
            assert_eq!(told.status, 422, "{}", told.text);
            assert!(pointers(&told).iter().any(|at| at.starts_with(pointer)), "{pointer}: {}", told.text);
        }
        if pointer.starts_with("/config/") {
            let told = tenant.post("/api/kri-sources/test", &body).await.expect(422);
            assert!(pointers(&told).iter().any(|at| at.starts_with(pointer)), "{pointer}: {}", told.text);
        }
    }
    let kept =
        tenant.edit(&source, &json!({"name": "Other", "sourceType": "generic", "vendor": "http-json"})).await;
    assert_eq!(kept.expect(200).json()["version"], 2, "what is not sent stays");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_is_asked_one_query_a_value() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let answer = |value: &str| json!({"status": "success", "data": {"resultType": "scalar", "result": [1_790_000_000, value]}});
    let query = |query: &str| {
        json!({"path": "/api/v1/query", "query": {"query": query, "time": "1790000000"},
                                     "headers": {"authorization": "Basic ZHJheGlzOm1hZGUtdXA="}})
    };
    let exchanges = json!([
        {"request": query("up"), "replies": [{"body": answer("3")}]},
        {"request": query("down"), "replies": [{"body": {"status": "success", "data": {"resultType": "vector", "result": []}}}]},
    ]);
    let source = tenant.connect(&json!({
        "name": "Prometheus", "sourceType": "generic", "vendor": "prometheus", "credentials": {"password": "made-up"},
        "config": {"url": vendor(&exchanges.to_string()), "auth": {"kind": "basic", "username": "draxis"},
                   "queries": [{"slug": "targets_up", "query": "up"}, {"slug": "targets_down", "query": "down"}]},
    })).await;
    let (up, down) = (tenant.wire("targets_up", &source).await, tenant.wire("targets_down", &source).await);
    assert_eq!(tenant.run(&source).await.expect(200).json()["rowsWritten"], 1);
    assert_eq!(tenant.get(&format!("/api/kris/{up}")).await["value"], "3");
    let down = tenant.get(&format!("/api/kris/{down}")).await;
    assert_eq!((&down["value"], &down["status"]), (&Value::Null, &json!("unknown")), "no series is no zero");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_lists_the_generic_connectors_beside_the_vendors() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let catalog = tenant.get("/api/integrations/catalog").await;
    let entries = catalog["items"].as_array().unwrap();
    let named = |vendor: &str| {
        entries.iter().find(|entry| entry["vendor"] == vendor).unwrap_or_else(|| panic!("{vendor}"))
    };
    for vendor in ["http-json", "prometheus", "csv", "push"] {
        assert_eq!(named(vendor)["sourceType"], "generic");
    }
    assert!(named("tenable-io")["kris"].as_array().unwrap().len() >= 4);
    assert_eq!(entries.len(), 20, "sixteen vendors and four generic ones");
    tenant.web.stop().await;
}
