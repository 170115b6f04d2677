//! Refused: what cannot be a risk model, in words at its place, and nothing written.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::Scene;

/// Sends it, and makes sure that it is refused at that place and writes nothing.
async fn refused(scene: &Scene, (method, path, body): (Method, &str, Value), pointer: &str) {
    let before = scene.head().await;
    let told = scene.web.command(method, &scene.token, path, &body, &[]).await.expect(422);
    assert_eq!(told.header("content-type"), "application/problem+json");
    let problem = told.json();
    assert_eq!(problem["errors"][0]["pointer"], pointer, "{path} {body}: {problem}");
    assert!(problem["errors"][0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
    assert_eq!(scene.head().await, before, "{path} {body} wrote something");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_linked_to_what_is_out_of_use() {
    let scene = Scene::set().await;
    let outcome = scene.make("/api/outcomes", json!({"name": "O"})).await;
    let risk = scene.make("/api/risks", json!({"name": "R", "likelihood": 1, "impact": 1})).await;
    let control = scene.make("/api/controls", json!({"name": "C"})).await;
    let kri = scene.kri("a_kri", json!({})).await;
    let other = scene.make("/api/risks", json!({"name": "S", "likelihood": 1, "impact": 1})).await;
    for path in [format!("outcomes/{outcome}"), format!("risks/{risk}"), format!("controls/{control}")] {
        scene.post(&format!("/api/{path}/archive"), json!({})).await.expect(200);
    }
    let body = |field: &str, value: Value| {
        let mut body = json!({"slug": "another", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2});
        body[field] = value;
        body
    };
    let risk_body = |field: &str, id: &str| json!({"name": "T", "likelihood": 1, "impact": 1, field: [id]});
    for (asked, pointer) in [
        ((Method::POST, "/api/kris", body("riskIds", json!([risk]))), "/riskIds"),
        ((Method::POST, "/api/kris", body("outcomeId", json!(outcome))), "/outcomeId"),
        ((Method::POST, "/api/risks", risk_body("outcomeIds", &outcome)), "/outcomeIds"),
        ((Method::POST, "/api/risks", risk_body("controlIds", &control)), "/controlIds"),
        ((Method::PUT, &*format!("/api/risks/{other}"), risk_body("controlIds", &control)), "/controlIds"),
    ] {
        refused(&scene, asked, pointer).await;
    }
    let before = scene.head().await;
    for path in [
        format!("/api/kris/{kri}/risks/{risk}"),
        format!("/api/risks/{other}/controls/{control}"),
        format!("/api/risks/{other}/outcomes/{outcome}"),
    ] {
        let told = scene.put(&path, json!({})).await;
        assert!(told.status == 404 || told.status == 422, "{path}: {}", told.text);
    }
    assert_eq!(scene.head().await, before, "nothing was written");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_linked_to_what_is_another_tenants() {
    let scene = Scene::set().await;
    let (_, theirs) = scene.web.tenant(&scene.root, "their-corp").await;
    let make =
        async |path: &str, body: Value| scene.web.post(&theirs, path, &body).await.expect(201).field("id");
    let outcome = make("/api/outcomes", json!({"name": "O"})).await;
    let risk = make("/api/risks", json!({"name": "R", "likelihood": 1, "impact": 1})).await;
    let control = make("/api/controls", json!({"name": "C"})).await;
    let source =
        make("/api/kri-sources", json!({"name": "P", "sourceType": "generic", "vendor": "push"})).await;
    let (kri, own) = (scene.kri("own", json!({})).await, json!({"name": "S", "likelihood": 1, "impact": 1}));
    let own = scene.make("/api/risks", own).await;
    let kri_body = |field: &str, value: Value| json!({"slug": "own", "name": "own", "unit": "count", "direction": "higher_is_worse", "warn": 10, "critical": 20, field: value});
    let risk_body =
        |field: &str, value: &str| json!({"name": "S", "likelihood": 1, "impact": 1, field: [value]});
    for (path, body, pointer) in [
        (format!("/api/kris/{kri}"), kri_body("riskIds", json!([risk])), "/riskIds"),
        (format!("/api/kris/{kri}"), kri_body("outcomeId", json!(outcome)), "/outcomeId"),
        (format!("/api/kris/{kri}"), kri_body("sourceId", json!(source)), "/sourceId"),
        (format!("/api/kris/{kri}/risks/{risk}"), json!({}), "/riskIds"),
        (format!("/api/risks/{own}"), risk_body("outcomeIds", &outcome), "/outcomeIds"),
        (format!("/api/risks/{own}"), risk_body("controlIds", &control), "/controlIds"),
        (format!("/api/risks/{own}/outcomes/{outcome}"), json!({}), "/outcomeIds"),
        (format!("/api/risks/{own}/controls/{control}"), json!({}), "/controlIds"),
    ] {
        refused(&scene, (Method::PUT, &path, body), pointer).await;
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_held_to_the_same_rules_as_a_definition() {
    let scene = Scene::set().await;
    let kri = scene.kri("a_kri", json!({})).await;
    scene.enter(&kri, "5").await;
    let path = format!("/api/kris/{kri}");
    let with = |field: &str, value: Value| {
        let mut body = json!({"slug": "a_kri", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 10, "critical": 20});
        body[field] = value;
        (Method::PUT, path.as_str(), body)
    };
    for (asked, pointer) in [
        (with("warn", json!("30")), "/warn"),
        (with("warn", json!("20")), "/warn"),
        (with("direction", json!("lower_is_worse")), "/warn"),
        (with("critical", json!("NaN")), "/critical"),
        (with("warn", json!("1.23456789012345678901234567890")), "/warn"),
        (with("slug", json!("another")), "/slug"),
        (with("flapping", json!({"openAfter": 0})), "/flapping/openAfter"),
        (with("flapping", json!({"recovery": "11"})), "/flapping/recovery"),
        (with("riskIds", json!(["01ARZ3NDEKTSV4RRFFQ69G5FAV"])), "/riskIds"),
    ] {
        refused(&scene, asked, pointer).await;
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_cannot_be_kept_exactly_or_were_never_true_are_refused() {
    let scene = Scene::set().await;
    let kri = scene.kri("a_kri", json!({})).await;
    scene.enter(&kri, "5").await;
    let (values, correct) = (format!("/api/kris/{kri}/values"), format!("/api/kris/{kri}/values/2/correct"));
    let now = scene.now();
    let thirty = json!("123456789012345678901234567890");
    for (body, pointer) in [
        (json!({"value": thirty}), "/value"),
        (json!({"value": "NaN"}), "/value"),
        (json!({"value": "Infinity"}), "/value"),
        (json!({"value": 0.123_456_789_012_345_68}), "/value"),
        (json!({"value": "1", "observedAt": now + Duration::minutes(6)}), "/observedAt"),
        (json!({"value": "1", "observedAt": "1969-12-31T23:59:59Z"}), "/observedAt"),
        (json!({"value": "1", "expiresAt": now - Duration::minutes(1)}), "/expiresAt"),
        (json!({"value": "1", "expiresAt": now + Duration::days(4000)}), "/expiresAt"),
    ] {
        refused(&scene, (Method::POST, &values, body), pointer).await;
    }
    for (body, pointer) in [
        (json!({"value": thirty, "reason": "r"}), "/value"),
        (json!({"reason": "r"}), "/value"),
        (json!({"value": "1"}), "/reason"),
    ] {
        refused(&scene, (Method::POST, &correct, body), pointer).await;
    }
    let before = scene.head().await;
    let body = json!({"value": "6", "observedAt": now});
    let told = scene.post(&values, body).await.expect(409);
    assert_eq!(told.json()["type"], "urn:draxis:problem:kri.reading_exists");
    assert_eq!(scene.head().await, before, "nothing was written");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_noun_is_held_to_its_own_rules() {
    let scene = Scene::set().await;
    let risk = |field: &str, value: Value| {
        let mut body = json!({"name": "R", "likelihood": 1, "impact": 1});
        body[field] = value;
        body
    };
    for (path, body, pointer) in [
        ("/api/risks", risk("likelihood", json!(0)), "/likelihood"),
        ("/api/risks", risk("impact", json!(6)), "/impact"),
        ("/api/risks", risk("impact", json!("high")), "/impact"),
        ("/api/risks", risk("status", json!("gone")), "/status"),
        ("/api/risks", risk("owner", json!("ann")), "/owner"),
        ("/api/risks", risk("name", json!(" ")), "/name"),
        ("/api/controls", json!({"name": "C", "state": "great"}), "/state"),
        ("/api/vendors", json!({"name": "V", "criticality": "huge"}), "/criticality"),
        ("/api/outcomes", json!({"name": ""}), "/name"),
        ("/api/outcomes", json!({"name": "O", "surprise": 1}), "/surprise"),
    ] {
        refused(&scene, (Method::POST, path, body), pointer).await;
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slug_is_taken_until_its_kri_is_archived_and_an_archived_kri_takes_nothing() {
    let scene = Scene::set().await;
    let kri = scene.kri("a_kri", json!({})).await;
    scene.enter(&kri, "5").await;
    let body = json!({"slug": "a_kri", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2});
    let before = scene.head().await;
    let taken = scene.post("/api/kris", body.clone()).await.expect(409);
    assert_eq!(taken.json()["type"], "urn:draxis:problem:kri_slug.taken");
    assert_eq!(scene.head().await, before, "nothing was written");
    scene.post(&format!("/api/kris/{kri}/archive"), json!({})).await.expect(200);
    let before = scene.head().await;
    scene.post(&format!("/api/kris/{kri}/values"), json!({"value": "6"})).await.expect(409);
    scene.correct(&kri, 2, json!("6")).await.expect(409);
    assert_eq!(scene.head().await, before, "nothing was written");
    scene.post("/api/kris", body).await.expect(201);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_cannot_be_drawn_is_refused() {
    let scene = Scene::set().await;
    let kri = scene.kri("a_kri", json!({})).await;
    for (query, pointer) in [
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "/from"),
        ("points=0", "/points"),
        ("points=2001", "/points"),
        ("points=many", ""),
        ("surprise=1", ""),
    ] {
        let told = scene.ask(&format!("/api/kris/{kri}/history?{query}")).await.expect(422);
        assert_eq!(told.json()["errors"][0]["pointer"], pointer, "{query}");
    }
    let told = scene.ask(&format!("/api/kris/{kri}/values?cursor=first")).await.expect(422);
    assert_eq!(told.json()["errors"][0]["pointer"], "/cursor");
    scene.web.stop().await;
}
