//! Values: listed, drawn, corrected, and expiring.

use chrono::Duration;
use serde_json::{Value, json};

use super::scene::{Scene, find, text};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_and_corrected_is_listed_newest_first_with_who_and_why() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    for value in ["1.50", "2", "3"] {
        scene.minutes_pass(1);
        scene.enter(&kri, value).await;
    }
    scene.correct(&kri, 3, json!("7")).await.expect(200);
    let first = scene.get(&format!("/api/kris/{kri}/values?limit=3")).await;
    let kinds: Vec<_> = first["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, ["correction", "reading", "reading"]);
    let correction = &first["items"][0];
    assert_eq!(
        (&correction["reading"], &correction["was"], &correction["value"]),
        (&json!(3), &json!("2"), &json!("7"))
    );
    assert_eq!(correction["reason"], "the scope was wrong");
    assert!(correction["actor"].as_str().unwrap().starts_with("account:"), "{correction}");
    let cursor = first["nextCursor"].as_str().expect("there is more");
    scene.minutes_pass(1);
    scene.enter(&kri, "4").await;
    let rest = scene.get(&format!("/api/kris/{kri}/values?limit=3&cursor={cursor}")).await;
    assert_eq!(
        rest["items"].as_array().map(Vec::len),
        Some(1),
        "what came meanwhile does not shift the pages"
    );
    assert_eq!((&rest["items"][0]["value"], &rest["nextCursor"]), (&json!("1.50"), &Value::Null));
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_drawn_in_as_many_points_as_there_is_room_for() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    let begin = scene.now() - Duration::hours(10);
    for (hour, value) in [(0, "4"), (1, "9"), (2, "2"), (5, "7"), (6, "15")] {
        scene.enter_of(&kri, value, begin + Duration::hours(hour)).await;
    }
    let (from, to) = (text(begin), text(begin + Duration::hours(10)));
    let path = format!("/api/kris/{kri}/history?from={from}&to={to}");
    let whole = scene.get(&path).await;
    assert_eq!((whole["values"].clone(), whole["points"].as_array().map(Vec::len)), (json!(5), Some(5)));
    let drawn = scene.get(&format!("{path}&points=2")).await;
    let bucket = |n: usize| {
        let point = &drawn["points"][n];
        ["min", "max", "value"].map(|name| point[name].as_str().unwrap().to_owned())
    };
    assert_eq!(bucket(0), ["2", "9", "2"], "lowest, highest, last");
    assert_eq!(bucket(1), ["7", "15", "15"]);
    let usual = scene.get(&format!("/api/kris/{kri}/history")).await;
    assert_eq!(usual["values"], 5, "the last thirty days, up to now");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_history_is_still_known_as_it_was_known() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    scene.enter(&kri, "5").await;
    scene.minutes_pass(1);
    let before = text(scene.now());
    scene.minutes_pass(1);
    scene.correct(&kri, 2, json!("25")).await.expect(200);
    let values = async |path: String| {
        let history = scene.get(&path).await;
        history["points"].as_array().unwrap().iter().map(|point| point["value"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(values(format!("/api/kris/{kri}/history")).await, ["25"]);
    assert_eq!(values(format!("/api/kris/{kri}/history?knownAt={before}")).await, ["5"]);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_changes_the_value_at_once_and_a_withdrawal_brings_back_the_one_before() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    scene.enter(&kri, "5").await;
    scene.minutes_pass(1);
    scene.enter(&kri, "6").await;
    let shown = async || {
        let kri = scene.get(&format!("/api/kris/{kri}")).await;
        (kri["value"].clone(), kri["status"].clone(), kri["breach"]["level"].clone())
    };
    scene.correct(&kri, 3, json!("21")).await.expect(200);
    assert_eq!(shown().await, (json!("21"), json!("red"), json!("red")));
    let head = scene.head().await;
    scene.correct(&kri, 3, json!("21")).await.expect(200);
    assert_eq!(scene.head().await, head, "what already holds is nothing new");
    scene.correct(&kri, 3, Value::Null).await.expect(200);
    assert_eq!(shown().await, (json!("5"), json!("green"), Value::Null));
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_older_than_the_state_keeps_is_corrected_from_the_log() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    let begin = scene.now() - Duration::hours(1);
    for minute in 0..20 {
        scene.enter_of(&kri, "3", begin + Duration::minutes(minute)).await;
    }
    scene.correct(&kri, 2, json!("8")).await.expect(200);
    scene.correct(&kri, 2, json!("9")).await.expect(200);
    let head = scene.head().await;
    scene.correct(&kri, 2, json!("9")).await.expect(200);
    assert_eq!(scene.head().await, head, "what already holds is nothing new, however old");
    let values = scene.get(&format!("/api/kris/{kri}/values?limit=2")).await;
    let told = |n: usize| (values["items"][n]["was"].clone(), values["items"][n]["value"].clone());
    assert_eq!((told(0), told(1)), ((json!("8"), json!("9")), (json!("3"), json!("8"))));
    assert_eq!(
        scene.get(&format!("/api/kris/{kri}")).await["value"],
        "3",
        "the value is the latest reading's"
    );
    let history = scene.get(&format!("/api/kris/{kri}/history")).await;
    assert_eq!(history["points"][0]["value"], "9");
    scene.correct(&kri, 1, json!("9")).await.expect(404);
    scene.correct(&kri, 99, json!("9")).await.expect(404);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_entered_with_an_expiry_says_until_when_it_stands() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    let expiry = scene.now() + Duration::hours(1);
    let body = json!({"value": "5", "expiresAt": expiry, "note": "from the auditor"});
    scene.post(&format!("/api/kris/{kri}/values"), body).await.expect(200);
    let dashboard = scene.get("/api/dashboard").await;
    let shown = find(&dashboard, "kris", &kri);
    assert_eq!((&shown["staleAt"], &shown["stale"]), (&json!(expiry), &json!(false)));
    let values = scene.get(&format!("/api/kris/{kri}/values")).await;
    assert_eq!(values["items"][0]["expiresAt"], json!(expiry));
    assert_eq!(values["items"][0]["note"], "from the auditor");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_past_its_expiry_stands_but_is_never_healthy_above() {
    let scene = Scene::set().await;
    let outcome = scene.make("/api/outcomes", json!({"name": "O"})).await;
    let risk = json!({"name": "R", "likelihood": 1, "impact": 1, "outcomeIds": [outcome]});
    let risk = scene.make("/api/risks", risk).await;
    let kri = scene.kri("findings", json!({"riskIds": [risk]})).await;
    let expiry = scene.now() + Duration::minutes(10);
    let body = json!({"value": "5", "expiresAt": expiry});
    scene.post(&format!("/api/kris/{kri}/values"), body).await.expect(200);
    let shown = async || {
        let dashboard = scene.get("/api/dashboard").await;
        let (kri, risk) = (find(&dashboard, "kris", &kri), find(&dashboard, "risks", &risk));
        let outcome = find(&dashboard, "outcomes", &outcome);
        json!([
            kri["value"],
            kri["status"],
            kri["stale"],
            risk["severity"],
            risk["unknown"],
            risk["coverage"]["measured"],
            outcome["status"]
        ])
    };
    assert_eq!(shown().await, json!(["5", "green", false, "green", 0, 1, "green"]));
    let mut wakeups = scene.web.app.commands.log().writer().wakeups().subscribe();
    scene.minutes_pass(10);
    let told = async {
        while !scene.written().await.iter().any(|event| event["type"] == "kri.went_stale") {
            drop(wakeups.recv().await);
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), told)
        .await
        .expect("its timer tells so, not whoever looks");
    assert_eq!(shown().await, json!(["5", "green", true, "unknown", 1, 0, "unknown"]));
    scene.enter(&kri, "5").await;
    assert_eq!(
        shown().await,
        json!(["5", "green", false, "green", 0, 1, "green"]),
        "a fresh one is healthy again"
    );
    scene.web.stop().await;
}
