//! Every vendor through the whole product: connected by what its catalog entry asks for, read over a socket, shown as KRIs.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use draxis_event_store::Clock as _;
use draxis_runner::connector::replay::Vendor;
use serde_json::{Value, json};
use url::Url;

use crate::house::{TestDatabase, Web, serve_vendor};

/// When the recorded replies speak of.
fn recorded_at() -> DateTime<Utc> {
    "2026-03-31T12:00:00Z".parse().unwrap()
}

fn fixtures(vendor: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vendors").join(vendor)
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The recorded replies but for those that keep whoever asks waiting, and how many those were: waiting takes real time here,
/// and that it is waited is seen where it takes none.
fn without_waiting(folder: &Path) -> (Vendor, u64) {
    let mut exchanges = read(&folder.join("replies.json"));
    // What is answered so and then otherwise is what the asker has to wait for.
    let waits = |reply: &Value| {
        reply["status"].as_u64() >= Some(400)
            || [json!("QUEUED"), json!("PROCESSING")].contains(&reply["body"]["status"])
    };
    let mut left_out = 0;
    for exchange in exchanges.as_array_mut().unwrap() {
        let replies = exchange["replies"].as_array_mut().unwrap();
        let last = replies.pop();
        let all = replies.len();
        replies.retain(|reply| !waits(reply));
        left_out += u64::try_from(all - replies.len()).unwrap();
        replies.extend(last);
    }
    (Vendor::parse("replies.json", &exchanges.to_string()).unwrap(), left_out)
}

/// An address of the vendor's, as it is on loopback.
fn moved(base: &str, address: &str) -> Option<String> {
    let address = Url::parse(address).ok().filter(|url| url.scheme() == "https")?;
    Some(format!("{base}{}", address.path().trim_end_matches('/')))
}

/// What somebody enters who has read the catalog: what is asked for, and where it is not the vendor itself.
fn settings(entry: &Value, base: &str) -> Value {
    let played = read(&fixtures(entry["vendor"].as_str().unwrap()).join("source.json"));
    let (mut credentials, mut config) = (json!({}), json!({}));
    for field in entry["fields"].as_array().unwrap() {
        let key = field["key"].as_str().unwrap();
        let default = field["default"].as_str().and_then(|default| moved(base, default));
        if field["secret"] == true {
            let made_up = || json!(format!("made-up-{key}"));
            credentials[key] = played["credentials"].get(key).cloned().unwrap_or_else(made_up);
        } else if let Some(given) = played["config"].get(key) {
            config[key] = given.clone();
        } else if let Some(default) = default {
            config[key] = json!(default);
        } else if field["required"] == true && field["default"].is_null() {
            config[key] = json!("vendor.example");
        }
    }
    let own = moved(base, entry["baseUrl"].as_str().unwrap()).unwrap_or_else(|| base.to_owned());
    json!({"name": entry["name"], "sourceType": entry["sourceType"], "vendor": entry["vendor"], "baseUrl": own,
           "credentials": credentials, "config": config})
}

/// Wires everything that the vendor measures, runs it, and answers with what the KRIs show.
async fn measured(web: &Web, token: &str, (entry, base): (&Value, &str)) -> (Value, Value) {
    let source = web.post(token, "/api/kri-sources", &settings(entry, base)).await.expect(201).field("id");
    for kri in entry["kris"].as_array().unwrap() {
        let body = json!({"slug": kri["slug"], "name": kri["name"], "unit": kri["unit"], "direction": kri["direction"],
                          "warn": kri["suggestedWarn"], "critical": kri["suggestedCritical"], "sourceId": source});
        web.post(token, "/api/kris", &body).await.expect(201);
    }
    web.post(token, &format!("/api/kri-sources/{source}/run"), &json!({})).await.expect(200);
    let kris = web.get(token, "/api/kris?limit=200").await.expect(200).json();
    let runs = web.get(token, &format!("/api/kri-sources/{source}/runs")).await.expect(200).json();
    (kris["items"].clone(), runs["items"][0].clone())
}

/// Every vendor, each as a tenant of its own, against what its case expects.
async fn every_vendor(case: &str) {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    web.clock.advance(recorded_at() - web.clock.now());
    let root = web.register().await;
    let catalog = web.get(&root, "/api/integrations/catalog").await.expect(200).json();
    let vendors = catalog["items"].as_array().unwrap().iter().filter(|entry| entry["kris"] != json!([]));
    let mut tried = 0;
    for entry in vendors {
        let vendor = entry["vendor"].as_str().unwrap();
        let folder = fixtures(vendor).join(case);
        let (recorded, left_out) = without_waiting(&folder);
        let base = serve_vendor(recorded, recorded_at());
        let (_, token) = web.tenant(&root, vendor).await;
        let (kris, run) = measured(&web, &token, (entry, &base)).await;
        let expected = read(&folder.join("expected.json"));
        let summary = &run["summary"];
        let requests = expected["requests"].as_u64().map(|requests| requests - left_out);
        assert_eq!(summary["requestsMade"].as_u64(), requests, "{vendor}: {run}");
        for kri in kris.as_array().unwrap() {
            let slug = kri["slug"].as_str().unwrap();
            let value = expected["values"].get(slug).cloned().unwrap_or_default();
            assert_eq!(kri["value"], value, "{vendor} {slug}: {run}");
            assert_eq!(kri["status"] == "unknown", value.is_null(), "{vendor} {slug}: {kri}");
        }
        let unmeasured = summary["unmeasured"].as_array().map(Vec::len);
        assert_eq!(
            unmeasured,
            expected["unmeasured"].as_object().map(serde_json::Map::len),
            "{vendor}: {run}"
        );
        assert_eq!(
            case == "forbidden",
            !summary["warnings"].as_array().unwrap().is_empty(),
            "{vendor}: {run}"
        );
        tried += 1;
    }
    assert_eq!(tried, 16);
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vendor_is_connected_run_and_shown() {
    every_vendor("complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vendor_is_read_to_its_last_page() {
    every_vendor("paginated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_any_vendor_forbids_is_unknown_with_a_warning() {
    every_vendor("forbidden").await;
}
