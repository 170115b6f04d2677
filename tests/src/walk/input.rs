//! Bad input: a problem document, the right status, nothing written, never a 5xx.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Told, Web};

fn is_problem(told: &Told, status: u16) {
    assert_eq!(told.status, status, "{}", told.text);
    assert_eq!(told.header("content-type"), "application/problem+json", "{}", told.text);
    let problem = told.json();
    assert!(
        problem["type"].as_str().is_some_and(|kind| kind.starts_with("urn:draxis:problem:")),
        "{problem}"
    );
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_to_every_command_is_refused_in_words_and_writes_nothing() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let (_, token) = web.tenant(&root, "acme-corp").await;
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 21));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bodies: [(&str, &str); 9] = [
        ("{", "application/json"),
        ("nonsense", "application/json"),
        ("[]", "application/json"),
        ("null", "application/json"),
        (r#"{"unknown": 1}"#, "application/json"),
        (r#"{"name": {"a": 1}, "value": [], "email": 5, "slug": 7}"#, "application/json"),
        ("name=x", "application/x-www-form-urlencoded"),
        (&deep, "application/json"),
        (&huge, "application/json"),
    ];
    for route in draxis_api::routes::routes() {
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        if method == Method::GET || route.body.is_none() || route.path.starts_with("/api/auth") {
            continue;
        }
        let path = route.path.replace("{id}", "01ARZ3NDEKTSV4RRFFQ69G5FAV").replace("{token}", "x");
        let path = path.replace("{riskId}", "01ARZ3NDEKTSV4RRFFQ69G5FAV").replace("{outcomeId}", "x");
        for (body, media_type) in &bodies {
            let headers =
                [("authorization", format!("Bearer {token}")), ("content-type", (*media_type).to_owned())];
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let told = web.send(method.clone(), &path, &headers, Some((*body).to_owned())).await;
            assert!((400..500).contains(&told.status), "{method} {path} {}: {}", told.status, told.text);
            is_problem(&told, told.status);
        }
    }
    assert_eq!(web.written(&token).await, Vec::<Value>::new(), "nothing was written");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_rule_of_a_kri_is_named_at_its_place() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let (_, token) = web.tenant(&root, "acme-corp").await;
    let good = json!({"slug": "a_kri", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2});
    web.post(&token, "/api/kris", &good).await.expect(201);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, pointer) in [
        (with("warn", json!("3")), "/warn"),
        (with("warn", json!("123456789012345678901234567890")), "/warn"),
        (with("critical", json!("NaN")), "/critical"),
        (with("direction", json!("sideways")), "/direction"),
        (with("slug", json!("Not A Slug")), "/slug"),
        (with("name", json!("  ")), "/name"),
        (with("riskIds", json!(["01ARZ3NDEKTSV4RRFFQ69G5FAV"])), "/riskIds"),
        (with("outcomeId", json!("01ARZ3NDEKTSV4RRFFQ69G5FAV")), "/outcomeId"),
        (with("sourceId", json!("01ARZ3NDEKTSV4RRFFQ69G5FAV")), "/sourceId"),
        (with("surprise", json!(1)), "/surprise"),
    ] {
        let told = web.post(&token, "/api/kris", &body).await;
        is_problem(&told, 422);
        assert_eq!(told.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    let second = web.post(&token, "/api/kris", &good).await;
    is_problem(&second, 409);
    assert_eq!(second.json()["type"], "urn:draxis:problem:kri_slug.taken");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_from_the_future_or_without_exactness_is_refused() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let (_, token) = web.tenant(&root, "acme-corp").await;
    let kri = json!({"slug": "a_kri", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2});
    let id = web.post(&token, "/api/kris", &kri).await.expect(201).field("id");
    let path = format!("/api/kris/{id}/values");
    for (body, pointer) in [
        (json!({"value": "1", "observedAt": "2100-01-01T00:00:00Z"}), "/observedAt"),
        (json!({"value": "one"}), "/value"),
        (json!({"value": "123456789012345678901234567890"}), "/value"),
        (json!({}), "/value"),
    ] {
        let told = web.post(&token, &path, &body).await;
        is_problem(&told, 422);
        assert_eq!(told.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_and_what_takes_other_methods_say_so() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    is_problem(&web.get("", "/api/nothing").await, 404);
    let told = web.send(Method::PATCH, "/api/outcomes", &[], None).await;
    is_problem(&told, 405);
    assert_eq!(told.header("allow"), "GET, POST");
    is_problem(&web.get("", "/api/dashboard").await, 401);
    web.stop().await;
}
