//! Values that come by themselves: pushed with a token of the source's own, or in a file.

use chrono::{DateTime, Duration};
use draxis_event_store::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::given::{Tenant, okta, pointers};
use crate::house::TestDatabase;

const JSON: &str = "application/json";

/// A source that takes values, and where they go.
async fn receiving(tenant: &Tenant, vendor: &str) -> (String, String) {
    let source =
        tenant.connect(&json!({"name": "By itself", "sourceType": "generic", "vendor": vendor})).await;
    let path = format!("/api/kri-sources/{source}/{}", if vendor == "csv" { "upload" } else { "values" });
    (source, path)
}

async fn mint(tenant: &Tenant, source: &str, body: &Value) -> Value {
    tenant.post(&format!("/api/kri-sources/{source}/push-tokens"), body).await.expect(201).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_historical_times_is_written_where_it_is_wired() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (source, path) = receiving(&tenant, "push").await;
    let kri = tenant.wire("open-risks", &source).await;
    let minted = mint(&tenant, &source, &json!({"name": "Nightly job"})).await;
    let token = minted["token"].as_str().unwrap();
    assert!(token.starts_with("drx_"));
    let batch = r#"{"values": [{"slug": "open-risks", "value": "12.10", "observedAt": "2026-09-01T00:00:00Z"},
        {"slug": "open-risks", "value": 11, "observedAt": "2026-08-01T00:00:00Z"},
        {"slug": "nobody", "value": "1"}]}"#;
    let told = tenant.deliver(token, &path, (JSON, batch)).await.expect(200);
    assert_eq!((&told.json()["rowsWritten"], &told.json()["rowsSkipped"]), (&json!(2), &json!(1)));
    assert_eq!(told.json()["skipped"][0]["slug"], "nobody");
    let shown = tenant.get(&format!("/api/kris/{kri}")).await;
    assert_eq!((&shown["value"], &shown["observedAt"]), (&json!("12.10"), &json!("2026-09-01T00:00:00Z")));
    let last = tenant.written().await.pop().unwrap();
    assert_eq!(
        (&last["type"], &last["payload"]["rowsWritten"]),
        (&json!("source.values_received"), &json!(2))
    );
    assert_eq!(last["metadata"]["actor"], format!("token:{}", minted["id"].as_str().unwrap()));
    let source = tenant.get(&format!("/api/kri-sources/{source}")).await;
    assert_eq!(source["health"], "healthy");

    let again = tenant.deliver(token, &path, (JSON, batch)).await.expect(200).json();
    assert_eq!(again["rowsWritten"], 2, "a value that is there already is no error");
    let other =
        r#"{"values": [{"slug": "open-risks", "value": "99", "observedAt": "2026-09-01T00:00:00Z"}]}"#;
    let refused = tenant.deliver(token, &path, (JSON, other)).await.expect(200).json();
    assert_eq!((&refused["rowsWritten"], &refused["rowsSkipped"]), (&json!(0), &json!(1)), "{refused}");
    let written = tenant.written().await.iter().filter(|event| event["type"] == "kri.value_recorded").count();
    assert_eq!(written, 2);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_answer_and_writes_once() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (source, path) = receiving(&tenant, "push").await;
    tenant.wire("a_kri", &source).await;
    let token = mint(&tenant, &source, &json!({"name": "Job"})).await["token"].as_str().unwrap().to_owned();
    let push = async |value: u32| {
        let body = json!({"values": [{"slug": "a_kri", "value": value}]});
        tenant.web.command(Method::POST, &token, &path, &body, &[("idempotency-key", "once")]).await
    };
    let first = push(1).await.expect(200);
    let written = tenant.written().await.len();
    tenant.web.clock.advance(Duration::minutes(1));
    let again = push(1).await.expect(200);
    assert_eq!(first.text, again.text);
    assert_eq!(first.header("draxis-position"), again.header("draxis-position"));
    assert_eq!(tenant.written().await.len(), written);
    assert_eq!(push(2).await.expect(422).json()["type"], "urn:draxis:problem:idempotency_key_reused");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_token_opens_one_source_and_nothing_else_until_it_is_revoked() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (source, path) = receiving(&tenant, "push").await;
    let (_, other) = receiving(&tenant, "push").await;
    let expires = tenant.web.clock.now() + Duration::hours(1);
    let short = mint(&tenant, &source, &json!({"name": "Short", "expiresAt": expires})).await;
    let minted = mint(&tenant, &source, &json!({"name": "Job", "reason": "nightly figures"})).await;
    let (token, short) = (minted["token"].as_str().unwrap(), short["token"].as_str().unwrap());
    let batch = (JSON, r#"{"values": [{"slug": "a_kri", "value": 1}]}"#);

    tenant.deliver(token, &path, batch).await.expect(200);
    tenant.deliver(short, &path, batch).await.expect(200);
    let elsewhere = tenant.deliver(token, &other, batch).await.expect(404);
    let nowhere = tenant.deliver(token, "/api/kri-sources/01ARZ3NDEKTSV4RRFFQ69G5FAV/values", batch).await;
    assert_eq!(elsewhere.text, nowhere.expect(404).text, "another source is none that exists");
    for route in ["/api/dashboard", "/api/kri-sources", "/api/auth/me"] {
        assert_eq!(tenant.web.get(token, route).await.status, 401, "{route}");
    }
    let run = tenant.deliver(token, &format!("/api/kri-sources/{source}/run"), (JSON, "{}")).await;
    assert_eq!(run.status, 401);
    let mut forged = token.to_owned();
    forged.replace_range(60..61, if &token[60..61] == "A" { "B" } else { "A" });
    for wrong in [forged.as_str(), "drx_", "drx_nonsense", &token[..token.len() - 1]] {
        assert_eq!(tenant.deliver(wrong, &path, batch).await.status, 401, "{wrong}");
    }

    tenant.web.clock.advance(Duration::hours(1));
    assert_eq!(tenant.deliver(short, &path, batch).await.status, 401, "at its very second");
    // The access token has expired with the hour.
    let admin = tenant.fresh_token().await;
    let tokens = format!("/api/kri-sources/{source}/push-tokens");
    let listed = tenant.web.get(&admin, &tokens).await.expect(200);
    assert!(!listed.text.contains(&token[56..]), "a token is seen once");
    assert_eq!(listed.json()["items"][1]["name"], "Job");
    assert_eq!(listed.json()["items"][0]["works"], false);
    let revoke = format!("{tokens}/{}", minted["id"].as_str().unwrap());
    for _ in 0..2 {
        tenant.web.command(Method::DELETE, &admin, &revoke, &json!({}), &[]).await.expect(200);
    }
    assert_eq!(tenant.deliver(token, &path, batch).await.status, 401);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_shown_again_under_the_same_key() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (source, path) = receiving(&tenant, "push").await;
    let tokens = format!("/api/kri-sources/{source}/push-tokens");
    let ask = async || {
        let body = json!({"name": "Job"});
        tenant.web.command(Method::POST, &tenant.token, &tokens, &body, &[("idempotency-key", "once")]).await
    };
    let first = ask().await.expect(201).field("token");
    assert_eq!(ask().await.expect(409).json()["type"], "urn:draxis:problem:push_token.shown_once");
    assert_eq!(tenant.get(&tokens).await["items"].as_array().map(Vec::len), Some(1));
    tenant.deliver(&first, &path, (JSON, r#"{"values": [{"slug": "a", "value": 1}]}"#)).await.expect(200);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_whole_with_every_mistake_at_its_place() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (source, path) = receiving(&tenant, "push").await;
    tenant.wire("a_kri", &source).await;
    let batch = r#"{"values": [{"slug": "a_kri", "value": 1}, {"slug": "A", "value": 1}, {"slug": "a_kri", "value": "x"},
        {"slug": "a_kri", "value": 1, "observedAt": "2100-01-01T00:00:00Z"}]}"#;
    let told = tenant.deliver(&tenant.token, &path, (JSON, batch)).await.expect(422);
    assert_eq!(pointers(&told), ["/values/1/slug", "/values/2/value", "/values/3/observedAt"]);
    assert_eq!(tenant.deliver(&tenant.token, &path, ("text/csv", batch)).await.status, 415);
    assert_eq!(tenant.deliver(&tenant.token, &path, (JSON, r#"{"values": []}"#)).await.status, 422);
    let huge = format!(r#"{{"values": "{}"}}"#, "x".repeat(3 << 20));
    assert_eq!(tenant.deliver(&tenant.token, &path, (JSON, &huge)).await.status, 413);

    let (source, path) = receiving(&tenant, "csv").await;
    tenant.wire("b_kri", &source).await;
    let file = "slug,value,observed_at\nb_kri,1,2026-09-01T00:00:00Z\nB,1,\nb_kri,\"1,5\",\n";
    let told = tenant.deliver(&tenant.token, &path, ("text/csv", file)).await.expect(422);
    assert_eq!(pointers(&told), ["/lines/3", "/lines/4"], "{}", told.text);
    assert_eq!(tenant.deliver(&tenant.token, &path, (JSON, file)).await.status, 415);
    assert!(
        tenant.written().await.iter().all(|event| event["type"] != "kri.value_recorded"),
        "nothing in part"
    );
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_file_is_written_in_the_order_of_its_times() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (source, path) = receiving(&tenant, "csv").await;
    let kri = tenant.wire("b_kri", &source).await;
    let days: String =
        (1..=20).rev().map(|day| format!("b_kri;{day};2026-08-{day:02}T00:00:00Z\n")).collect();
    let file = format!("\u{feff}slug;value;observed_at\n{days}unknown;1;\n");
    let told =
        tenant.deliver(&tenant.token, &path, ("text/csv; charset=utf-8", &file)).await.expect(200).json();
    assert_eq!((&told["rowsWritten"], &told["rowsSkipped"]), (&json!(20), &json!(1)));
    assert_eq!(tenant.get(&format!("/api/kris/{kri}")).await["value"], "20");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_do_not_come_to_a_source_that_is_asked_and_one_they_come_to_is_not_run() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let asked = tenant.connect(&okta("http://127.0.0.1:1")).await;
    let (pushed, _) = receiving(&tenant, "push").await;
    let batch = (JSON, r#"{"values": [{"slug": "a", "value": 1}]}"#);
    for path in [format!("/api/kri-sources/{asked}/values"), format!("/api/kri-sources/{pushed}/upload")] {
        let told = tenant.deliver(&tenant.token, &path, batch).await.expect(409);
        assert_eq!(told.json()["type"], "urn:draxis:problem:source.takes_no_values");
    }
    assert_eq!(tenant.run(&pushed).await.expect(409).json()["type"], "urn:draxis:problem:source.not_asked");
    let tried = tenant.post(&format!("/api/kri-sources/{pushed}/test"), &json!({})).await.expect(200).json();
    assert_eq!(tried["ok"], true);
    let minted = tenant.post(&format!("/api/kri-sources/{asked}/push-tokens"), &json!({"name": "Job"})).await;
    assert_eq!(minted.expect(409).json()["type"], "urn:draxis:problem:source.not_pushed");
    let settings = json!({"name": "P", "sourceType": "generic", "vendor": "push", "config": {"url": "https://x.example"}});
    assert_eq!(pointers(&tenant.post("/api/kri-sources", &settings).await.expect(422)), ["/config"]);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_up_to_its_most_rows_and_repeated_under_its_key() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (source, path) = receiving(&tenant, "csv").await;
    tenant.wire("b_kri", &source).await;
    let rows = |count: u32| {
        let row = |n: u32| {
            format!(
                "b_kri,{n},{}\n",
                DateTime::from_timestamp(1_780_000_000 + i64::from(n), 0).unwrap().to_rfc3339()
            )
        };
        (0..count).map(row).fold(String::from("slug,value,observed_at\n"), |file, row| file + &row)
    };
    // The form of the times is as long as it gets, so that a file of the most rows is known to fit.
    let most = rows(50_001);
    assert!(most.len() < 8 << 20, "{}", most.len());
    let told = tenant.deliver(&tenant.token, &path, ("text/csv", &most)).await.expect(422);
    assert!(told.text.contains("50000"), "{}", told.text);
    let huge = format!("slug,value\n{}", "b_kri,1\n".repeat(1_200_000));
    assert_eq!(tenant.deliver(&tenant.token, &path, ("text/csv", &huge)).await.status, 413);
    let send = async |file: String| {
        let bearer = format!("Bearer {}", tenant.token);
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "text/csv"), ("idempotency-key", "once")];
        tenant.web.send(Method::POST, &path, &headers, Some(file)).await
    };
    let first = send(rows(300)).await.expect(200);
    assert_eq!(first.json()["rowsWritten"], 300);
    assert_eq!(send(rows(300)).await.expect(200).text, first.text);
    assert_eq!(send(rows(301)).await.expect(422).json()["type"], "urn:draxis:problem:idempotency_key_reused");
    let written = tenant.written().await.iter().filter(|event| event["type"] == "kri.value_recorded").count();
    assert!(written > 0);
    tenant.web.stop().await;
}
