//! Bounds, skipped slugs, secrets, and what a run does when a vendor misbehaves.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;

use super::*;
use crate::connector::fetch::{FetchError, FetchedResponse, OutgoingRequest};
use crate::connector::replay::{Replay, Vendor};
use crate::connector::slug::Slug;
use draxis_commands::secret::Secret;

const PAGED: &str = r#"
vendor = "paged"
name = "Paged"
source_type = "generic"
base_url = "https://api.example.com/v1"
[auth]
kind = "query"
name = "key"
value = "${secret.key}"
[[fields]]
key = "key"
label = "Key"
secret = true
[[requests]]
id = "things"
reads = "things"
path = "/things"
items = ".things"
most_pages = 5
page = { kind = "cursor", next = ".next", param = "after" }
[[requests]]
id = "other"
reads = "the other"
path = "/other"
[[kris]]
slug = "things_open"
name = "Things"
unit = "count"
direction = "higher_is_worse"
warn = "1"
critical = "2"
needs = ["things"]
value = ".things | length"
[[kris]]
slug = "other_value"
name = "Other"
unit = "score"
direction = "lower_is_worse"
warn = "2"
critical = "1"
needs = ["other"]
value = ".other.value"
"#;

fn now() -> DateTime<Utc> {
    "2026-03-31T12:00:00Z".parse().unwrap()
}

fn vendor(exchanges: &serde_json::Value) -> Replay {
    Replay::new(Vendor::parse("inline", &exchanges.to_string()).unwrap(), now())
}

async fn ran(replay: &Replay, budget: Budget, wanted: Option<&[&str]>) -> RunReport {
    let manifest = Manifest::parse("paged.toml", PAGED).unwrap();
    let credentials = Credentials::none().with("key", Secret::new("s3cr3t-key".to_owned()));
    let wanted = wanted.map(|slugs| slugs.iter().map(|slug| Slug::parse(slug).unwrap()).collect());
    let settings = SourceSettings { wanted, ..SourceSettings::default() };
    run(&manifest, &settings, Reach { credentials: &credentials, fetch: replay, budget }, now()).await
}

fn page(after: Option<u32>, next: Option<u32>) -> serde_json::Value {
    let mut request = json!({"path": "/v1/things", "query": {"key": "s3cr3t-key"}});
    match after {
        Some(after) => request["query"]["after"] = after.to_string().into(),
        None => request["without"] = json!(["after"]),
    }
    json!({"request": request, "replies": [{"body": {"things": [1, 2], "next": next}}]})
}

fn other(replies: &serde_json::Value) -> serde_json::Value {
    json!({"request": {"path": "/v1/other"}, "replies": replies})
}

#[tokio::test]
async fn more_pages_than_allowed_are_a_partial_answer() {
    let endless: Vec<_> = (0..10).map(|n| page(if n == 0 { None } else { Some(n) }, Some(n + 1))).collect();
    let report = ran(&vendor(&json!(endless)), Budget::default(), Some(&["things_open"])).await;
    assert_eq!(report.unmeasured[0].why, Why::Partial);
    assert_eq!((report.requests_made, report.items_seen), (5, 10));
}

#[tokio::test]
async fn as_many_pages_as_allowed_are_whole() {
    let five: Vec<_> =
        (0..5).map(|n| page(if n == 0 { None } else { Some(n) }, (n < 4).then_some(n + 1))).collect();
    let report = ran(&vendor(&json!(five)), Budget::default(), Some(&["things_open"])).await;
    assert_eq!(report.values[0].value, Decimal::from(10));
}

#[tokio::test]
async fn a_cursor_that_comes_again_ends_the_pages() {
    let circle = json!([page(None, Some(1)), page(Some(1), Some(2)), page(Some(2), Some(1))]);
    let report = ran(&vendor(&circle), Budget::default(), Some(&["things_open"])).await;
    assert_eq!(report.unmeasured[0].why, Why::Shape);
    assert_eq!(report.requests_made, 3);
}

#[tokio::test]
async fn the_requests_the_bytes_and_the_time_of_a_run_are_bounded() {
    let pages = json!([
        page(None, Some(1)),
        page(Some(1), Some(2)),
        page(Some(2), None),
        other(&json!([{"body": {"value": 1}}]))
    ]);
    let few = Budget { requests: 2, ..Budget::default() };
    let report = ran(&vendor(&pages), few, None).await;
    assert_eq!(report.requests_made, 2);
    assert_eq!(report.error.unwrap().class, ErrorClass::Budget);
    let small = Budget { bytes: 25, ..Budget::default() };
    assert_eq!(ran(&vendor(&pages), small, None).await.error.unwrap().class, ErrorClass::Budget);
    let large = other(&json!([{"text": "[".repeat(100)}]));
    let little = Budget { bytes: 50, ..Budget::default() };
    let report = ran(&vendor(&json!([large])), little, Some(&["other_value"])).await;
    assert_eq!(report.error.unwrap().class, ErrorClass::TooLarge);
    let none = Budget { time: Duration::ZERO, ..Budget::default() };
    assert_eq!(ran(&vendor(&pages), none, None).await.error.unwrap().class, ErrorClass::Budget);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_within_the_runs_time_and_no_longer() {
    let limited = |seconds: &str| {
        json!([other(
            &json!([{"status": 429, "headers": {"Retry-After": seconds}}, {"body": {"value": 1.25}}])
        )])
    };
    let patient = vendor(&limited("30"));
    let report = ran(&patient, Budget::default(), Some(&["other_value"])).await;
    assert_eq!(report.values[0].value.to_string(), "1.25");
    assert_eq!(patient.waited(), [Duration::from_secs(30)]);
    let hurried = vendor(&limited("3600"));
    let report = ran(&hurried, Budget::default(), Some(&["other_value"])).await;
    assert_eq!(report.error.unwrap().class, ErrorClass::RateLimited);
    assert!(hurried.waited().is_empty(), "nobody waits for what will not come in time");
    let stubborn = vendor(&json!([other(&json!([{"status": 429}]))]));
    let report = ran(&stubborn, Budget::default(), Some(&["other_value"])).await;
    assert_eq!((report.error.unwrap().class, report.requests_made), (ErrorClass::RateLimited, 5));
}

#[tokio::test]
async fn what_the_tenant_has_not_wired_is_skipped_and_not_asked_for() {
    let report = ran(
        &vendor(&json!([other(&json!([{"body": {"value": 1}}]))])),
        Budget::default(),
        Some(&["other_value"]),
    )
    .await;
    assert_eq!(report.skipped, [Slug::parse("things_open").unwrap()]);
    assert_eq!((report.values.len(), report.requests_made), (1, 1));
    let nothing = ran(&vendor(&json!([])), Budget::default(), Some(&[])).await;
    assert_eq!((nothing.requests_made, nothing.error), (0, None));
}

#[tokio::test]
async fn zero_is_only_what_a_whole_answer_says() {
    for (body, measured) in [
        (json!({"things": [], "next": null}), true),
        (json!({"things": null}), false),
        (json!({}), false),
        (json!([]), false),
        (json!(null), false),
        (json!({"things": {}}), false),
        (json!({"error": "quota"}), false),
        (json!(0), false),
    ] {
        let exchange = json!([{"request": {"path": "/v1/things"}, "replies": [{"body": body}]}]);
        let report = ran(&vendor(&exchange), Budget::default(), Some(&["things_open"])).await;
        assert_eq!(report.values.len(), usize::from(measured), "{body}");
    }
    for body in [
        json!({"value": null}),
        json!({"value": "0"}),
        json!({"value": true}),
        json!({"value": [0]}),
        json!({}),
    ] {
        let report = ran(
            &vendor(&json!([other(&json!([{"body": body}]))])),
            Budget::default(),
            Some(&["other_value"]),
        )
        .await;
        assert!(report.values.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn decimals_stay_as_the_vendor_wrote_them() {
    for text in ["33.491554051195706", "0.1", "-12.50", "79228162514264337593543950335", "1e3"] {
        let reply = other(&json!([{"text": format!("{{\"value\": {text}}}")}]));
        let report = ran(&vendor(&json!([reply])), Budget::default(), Some(&["other_value"])).await;
        let expected = if text == "1e3" { "1000" } else { text };
        assert_eq!(report.values[0].value.to_string(), expected);
    }
    let huge = other(&json!([{"text": "{\"value\": 1e400}"}]));
    assert!(ran(&vendor(&json!([huge])), Budget::default(), Some(&["other_value"])).await.values.is_empty());
}

#[tokio::test]
async fn neither_a_secret_nor_the_vendors_words_are_in_a_report() {
    let shouting = "you sent s3cr3t-key, internal host db-7";
    for status in [200, 301, 400, 401, 403, 418, 500] {
        let replies = json!([{"status": status, "headers": {"Location": "http://db-7/"}, "body": {"things": shouting, "value": shouting}}]);
        let exchanges = json!([{"request": {"path": "/v1/things"}, "replies": replies}, other(&replies)]);
        let report = ran(&vendor(&exchanges), Budget::default(), None).await;
        let shown = format!("{report:?}{}", serde_json::to_string(&report).unwrap());
        assert!(report.values.is_empty() && !report.unmeasured.is_empty());
        assert!(!shown.contains("s3cr3t") && !shown.contains("db-7"), "{shown}");
    }
}

#[tokio::test]
async fn refused_credentials_end_a_run_at_once() {
    let exchanges = json!([{"request": {"path": "/v1/things"}, "replies": [{"status": 401}]}, other(&json!([{"body": {"value": 1}}]))]);
    let report = ran(&vendor(&exchanges), Budget::default(), None).await;
    assert_eq!(report.error.unwrap().class, ErrorClass::Authentication);
    assert_eq!((report.requests_made, report.unmeasured.len()), (1, 2));
}

/// A way out that never comes back.
struct Hanging;

impl Fetch for Hanging {
    fn send<'a>(&'a self, _: &'a OutgoingRequest) -> BoxFuture<'a, Result<FetchedResponse, FetchError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_run_ends_even_when_the_vendor_hangs() {
    let manifest = Manifest::parse("paged.toml", PAGED).unwrap();
    let credentials = Credentials::none().with("key", Secret::new("s3cr3t-key".to_owned()));
    let budget = Budget { time: Duration::from_millis(50), ..Budget::default() };
    let reach = Reach { credentials: &credentials, fetch: &Hanging, budget };
    let report = run(&manifest, &SourceSettings::default(), reach, now()).await;
    assert_eq!(report.error.unwrap().class, ErrorClass::Timeout);
    assert_eq!((report.requests_made, report.unmeasured.len()), (1, 2));
}
