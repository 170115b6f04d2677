//! The generic connectors read what they are told to, and say where a configuration is wrong.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::*;
use crate::connector::credentials::Credentials;
use crate::connector::replay::{Replay, Vendor};
use crate::connector::report::{RunReport, Why};
use crate::connector::run::{Reach, run};
use crate::connector::settings::{Budget, SourceSettings};
use draxis_commands::secret::Secret;

async fn ran(manifest: &Manifest, exchanges: &serde_json::Value) -> RunReport {
    let now: DateTime<Utc> = "2026-03-31T12:00:00Z".parse().unwrap();
    let replay = Replay::new(Vendor::parse("inline", &exchanges.to_string()).unwrap(), now);
    let credentials = ["token", "value", "password"]
        .iter()
        .fold(Credentials::none(), |all, key| all.with(key, Secret::new("made-up".to_owned())));
    let reach = Reach { credentials: &credentials, fetch: &replay, budget: Budget::default() };
    run(manifest, &SourceSettings::default(), reach, now).await
}

fn values(report: &RunReport) -> Vec<String> {
    report.values.iter().map(|m| format!("{}={}", m.slug, m.value)).collect()
}

#[tokio::test]
async fn any_json_is_read_by_expressions() {
    let config = json!({"url": "https://stats.example.com/v2/metrics.json?team=sec%20ops", "auth": {"kind": "header", "name": "X-Token", "prefix": "Key "},
        "values": [{"slug": "open_risks", "value": ".risks | length"}, {"slug": "uptime_pct", "value": ".uptime"}, {"slug": "missing_one", "value": ".nope"}]});
    let exchange = json!([{"request": {"path": "/v2/metrics.json", "query": {"team": "sec ops"}, "headers": {"x-token": "Key made-up"}},
        "replies": [{"body": {"risks": [1, 2], "uptime": 99.95}}]}]);
    let report = ran(&http_json::read(&config).unwrap(), &exchange).await;
    assert_eq!(values(&report), ["open_risks=2", "uptime_pct=99.95"]);
    assert_eq!(report.unmeasured[0].why, Why::NothingToMeasure);
}

#[tokio::test]
async fn pages_of_json_are_read_as_one_list() {
    let config = json!({"url": "https://a.example.com/list", "items": ".data", "pages": {"kind": "offset", "param": "skip", "size": 2},
        "values": [{"slug": "old_items", "value": "count(.[] | select(.at | older_than(30)))"}, {"slug": "all_items", "value": "length"}]});
    let old = json!({"at": "2026-01-01"});
    let exchanges = json!([
        {"request": {"path": "/list", "without": ["skip"]}, "replies": [{"body": {"data": [old, {"at": "2026-03-30"}]}}]},
        {"request": {"path": "/list", "query": {"skip": "2"}}, "replies": [{"body": {"data": [old]}}]}]);
    assert_eq!(
        values(&ran(&http_json::read(&config).unwrap(), &exchanges).await),
        ["old_items=2", "all_items=3"]
    );
}

#[test]
fn every_mistake_in_a_configuration_is_pointed_at() {
    let config = json!({"url": "ftp://x", "pages": {"kind": "link"}, "values": [{"slug": "Bad", "value": ".a"}, {"slug": "ok_slug", "value": ".a | env"}, {"slug": "ok_too", "value": ".a) | (env"}]});
    let found: Vec<_> = http_json::read(&config).unwrap_err().into_iter().map(|m| m.pointer).collect();
    assert_eq!(found, ["/values/0/slug", "/values/1/value", "/values/2/value", "/url", "/items"]);
    assert!(http_json::read(&json!({"url": "https://x.example", "values": []})).is_err());
    assert!(
        http_json::read(&json!({"url": "https://u:p@x.example", "values": [{"slug": "a_b", "value": "."}]}))
            .is_err()
    );
    assert!(http_json::read(&json!({"url": "https://x.example", "values": [{"slug": "a_b", "value": "."}], "method": "DELETE"})).is_err());
    assert!(
        prometheus::read(&json!({"url": "x", "queries": [{"slug": "a_b", "query": ""}]})).unwrap_err().len()
            == 2
    );
}

#[test]
fn a_mistake_is_pointed_at_and_what_stands_there_is_not_repeated() {
    let values = json!([{"slug": "a_b", "value": "."}]);
    let url = "https://x.example/canary";
    for (config, pointer) in [
        (json!({"values": values}), "/url"),
        (json!({"url": url, "values": values, "canary": 1}), "/canary"),
        (json!({"url": url, "values": [{"slug": "a_b", "value": 12_321}]}), "/values/0/value"),
        (json!({"url": url, "values": "canary"}), "/values"),
        (json!({"url": url, "values": values, "auth": {"kind": "canary"}}), "/auth/kind"),
        (json!({"url": url, "values": values, "auth": {"kind": "header", "name": "X Y"}}), "/auth/name"),
        (
            json!({"url": url, "values": values, "auth": {"kind": "basic", "username": "a:b"}}),
            "/auth/username",
        ),
        (
            json!({"url": url, "values": [{"slug": "a_b", "value": "."}, {"slug": "a_b", "value": ".c"}]}),
            "/values/1/slug",
        ),
    ] {
        let mistakes = http_json::read(&config).unwrap_err();
        assert_eq!(mistakes[0].pointer, pointer, "{mistakes:?}");
        let reason = &mistakes[0].reason;
        assert!(!reason.contains("canary") && !reason.contains("12321"), "{reason}");
    }
}

#[tokio::test]
async fn prometheus_gives_one_number_a_query_or_none() {
    let answer = |kind: &str, result: serde_json::Value| json!({"status": "success", "data": {"resultType": kind, "result": result}});
    let series = |value: &str| json!({"metric": {"job": "a"}, "value": [1_774_958_400.781, value]});
    let cases = [
        (answer("vector", json!([series("12.5")])), Some("12.5")),
        (answer("scalar", json!([1_774_958_400.781, "3"])), Some("3")),
        (answer("vector", json!([series("1e-3")])), Some("0.001")),
        (answer("vector", json!([])), None),
        (answer("vector", json!([series("1"), series("2")])), None),
        (answer("vector", json!([series("NaN")])), None),
        (answer("vector", json!([series("+Inf")])), None),
        (answer("matrix", json!([])), None),
        (json!({"status": "error", "errorType": "bad_data"}), None),
        (
            json!({"status": "success", "warnings": ["partial"], "data": {"resultType": "scalar", "result": [1, "3"]}}),
            None,
        ),
    ];
    let config = json!({"url": "https://prom.example.com/prefix/", "auth": {"kind": "bearer"}, "queries": [{"slug": "burn_rate", "query": "sum(rate(x{a=\"${config.b}\"}[5m]))"}]});
    let manifest = prometheus::read(&config).unwrap();
    for (body, expected) in cases {
        let exchange = json!([{"request": {"path": "/prefix/api/v1/query", "query": {"query": "sum(rate(x{a=\"${config.b}\"}[5m]))", "time": "1774958400"}, "headers": {"authorization": "Bearer made-up"}}, "replies": [{"body": body}]}]);
        let report = ran(&manifest, &exchange).await;
        assert_eq!(report.values.first().map(|m| m.value.to_string()).as_deref(), expected, "{body}");
    }
}
