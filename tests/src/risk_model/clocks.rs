//! Two clocks: what was true then, and what was known then (product.md section 3).

use chrono::Duration;
use serde_json::json;

use super::scene::{Scene, find, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_late_correction_changes_only_what_is_known_after_it() {
    let scene = Scene::set().await;
    let outcome = scene.make("/api/outcomes", json!({"name": "People can work"})).await;
    let risk = json!({"name": "Takeover", "likelihood": 3, "impact": 4, "outcomeIds": [outcome]});
    let risk = scene.make("/api/risks", risk).await;
    let kri = scene.kri("findings", json!({"riskIds": [risk]})).await;
    scene.enter(&kri, "5").await;
    scene.minutes_pass(1);
    let then = scene.now();
    scene.minutes_pass(1);
    let between = scene.now();
    scene.minutes_pass(1);
    scene.correct(&kri, 2, json!("25")).await.expect(200);
    let after = scene.now();
    let seen = async |query: String| {
        let dashboard = scene.get(&format!("/api/dashboard{query}")).await;
        let kri = find(&dashboard, "kris", &kri);
        let severity = &find(&dashboard, "risks", &risk)["severity"];
        let outcome = &find(&dashboard, "outcomes", &outcome)["status"];
        [&kri["value"], &kri["status"], severity, outcome, &kri["trend"][0]["value"]].map(Clone::clone)
    };
    let (old, new) = (["5", "green", "green", "green", "5"], ["25", "red", "red", "red", "25"]);
    let then = text(then);
    assert_eq!(seen(format!("?asOf={then}")).await, old, "what was shown then");
    assert_eq!(seen(format!("?asOf={then}&knownAt={then}")).await, old);
    assert_eq!(seen(format!("?asOf={then}&knownAt={}", text(between))).await, old);
    assert_eq!(seen(format!("?asOf={then}&knownAt={}", text(after))).await, new);
    assert_eq!(seen(String::new()).await, new);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_came_late_was_true_before_it_was_known_and_a_later_one_was_not() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    let begin = scene.now();
    scene.enter(&kri, "5").await;
    scene.minutes_pass(3);
    let then = text(scene.now());
    scene.minutes_pass(1);
    scene.enter_of(&kri, "12", begin + Duration::minutes(2)).await;
    scene.enter(&kri, "30").await;
    let known_at = text(scene.now());
    let value = async |query: String| {
        let dashboard = scene.get(&format!("/api/dashboard?{query}")).await;
        find(&dashboard, "kris", &kri)["value"].clone()
    };
    assert_eq!(value(format!("asOf={then}")).await, "5");
    assert_eq!(value(format!("asOf={then}&knownAt={known_at}")).await, "12");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_do_not_fit_each_other_are_refused() {
    let scene = Scene::set().await;
    let (early, late) = (text(scene.now()), text(scene.now() + Duration::minutes(1)));
    let to_come = text(scene.now() + Duration::minutes(6));
    for (query, pointer) in [
        (format!("asOf={late}&knownAt={early}"), "/knownAt"),
        (format!("knownAt={early}"), "/knownAt"),
        (format!("position=0&knownAt={early}"), "/knownAt"),
        (format!("position=0&asOf={early}"), "/asOf"),
        ("position=77".to_owned(), "/position"),
        ("asOf=yesterday".to_owned(), ""),
        (format!("asOf={to_come}"), "/asOf"),
        (format!("asOf={early}&knownAt={to_come}"), "/knownAt"),
    ] {
        let told = scene.ask(&format!("/api/dashboard?{query}")).await.expect(422);
        assert_eq!(told.json()["errors"][0]["pointer"], pointer, "{query}: {}", told.text);
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deltas_hold_the_value_against_earlier_days_and_coverage_counts_what_is_unknown() {
    let scene = Scene::set().await;
    let risk = scene.make("/api/risks", json!({"name": "Takeover", "likelihood": 3, "impact": 4})).await;
    let kri = scene.kri("findings", json!({"riskIds": [risk]})).await;
    scene.kri("never_measured", json!({"riskIds": [risk]})).await;
    for (days, value) in [(100, "40"), (20, "9"), (8, "8.5"), (1, "6"), (0, "7.25")] {
        scene.enter_of(&kri, value, scene.now() - Duration::days(days)).await;
    }
    let dashboard = scene.get("/api/dashboard").await;
    let against = |from: &str, change: &str| json!({"from": from, "change": change});
    assert_eq!(
        find(&dashboard, "kris", &kri)["deltas"],
        json!({"1": against("6", "1.25"), "7": against("8.5", "-1.25"), "30": against("40", "-32.75"), "90": against("40", "-32.75")})
    );
    let risk = find(&dashboard, "risks", &risk);
    assert_eq!(
        (&risk["unknown"], &risk["severity"]),
        (&json!(1), &json!("unknown")),
        "unknown is worse than green"
    );
    assert_eq!(risk["coverage"], json!({"measured": 1, "total": 2}));
    scene.web.stop().await;
}
