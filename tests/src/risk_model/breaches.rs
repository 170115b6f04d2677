//! Breach episodes over HTTP: an edge and no level, damped where asked, with a timeline of what values and people did.

use chrono::Duration;
use serde_json::{Value, json};

use super::scene::{Scene, text};

/// What happened, in order, each by its name alone.
fn timeline(breach: &Value) -> Vec<String> {
    let name = |moment: &Value| match &moment["what"] {
        Value::String(what) => what.clone(),
        Value::Object(what) => what.keys().next().cloned().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    };
    // The timers go by the database's clock, by which a silence of the test's own time may be over at once.
    breach["timeline"].as_array().into_iter().flatten().map(name).filter(|name| name != "woken").collect()
}

async fn list(scene: &Scene, query: &str) -> Vec<Value> {
    let found = scene.get(&format!("/api/breaches{query}")).await;
    found["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_episode_tells_what_values_and_people_did_until_it_ended() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    for value in ["5", "12", "13", "25", "15"] {
        scene.minutes_pass(1);
        scene.enter(&kri, value).await;
    }
    let open = list(&scene, "?open=true").await;
    assert_eq!(open.len(), 1, "one episode, however often it is seen");
    let id = open[0]["id"].as_str().unwrap().to_owned();
    assert_eq!((&open[0]["level"], &open[0]["worst"]), (&json!("amber"), &json!("red")));
    let act = async |verb: &str, body: Value| {
        scene.minutes_pass(1);
        scene.post(&format!("/api/breaches/{id}/{verb}"), body).await
    };
    let ann = scene.member("ann@acme.example").await;
    act("acknowledge", json!({"reason": "on it"})).await.expect(200);
    act("acknowledge", json!({})).await.expect(200);
    act("assign", json!({"owner": ann})).await.expect(200);
    act("comments", json!({"comment": "The <scanner> was down"})).await.expect(200);
    let until = scene.now() + Duration::hours(1);
    act("snooze", json!({"until": until})).await.expect(200);
    let shown = scene.get(&format!("/api/breaches/{id}")).await;
    assert_eq!(
        timeline(&shown),
        ["opened", "raised", "lowered", "acknowledged", "assigned", "commented", "snoozed"],
        "twice acknowledged is once: {shown}"
    );
    assert_eq!((&shown["acknowledged"], &shown["owner"]), (&json!(true), &json!(ann)));
    scene.minutes_pass(1);
    scene.enter(&kri, "30").await;
    let shown = scene.get(&format!("/api/breaches/{id}")).await;
    assert!(shown["snoozedUntil"].is_null(), "one that is raised speaks up: {shown}");
    assert_eq!(timeline(&shown).last().map(String::as_str), Some("raised"));
    scene.minutes_pass(1);
    scene.enter(&kri, "1").await;
    let shown = scene.get(&format!("/api/breaches/{id}")).await;
    assert_eq!(timeline(&shown).last().map(String::as_str), Some("closed"));
    assert!(list(&scene, "?open=true").await.is_empty());
    assert_eq!(list(&scene, "").await.len(), 1);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_value_does_to_a_breach_stands_right_behind_it_in_the_same_commit() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    for value in ["12", "25", "13"] {
        scene.minutes_pass(1);
        scene.enter(&kri, value).await;
    }
    scene.minutes_pass(1);
    scene.correct(&kri, 6, json!("1")).await.expect(200);
    let written = scene.written().await;
    let changes: Vec<_> = written.windows(2).filter(|two| two[1]["aggregateType"] == "kri").collect();
    let told = |two: &&&[Value]| two[1]["type"].as_str().is_some_and(|kind| kind.starts_with("breach."));
    let pairs: Vec<_> =
        changes.iter().filter(told).map(|two| (two[0]["type"].clone(), two[1]["type"].clone())).collect();
    let pair = |cause: &str, effect: &str| (json!(cause), json!(effect));
    assert_eq!(
        pairs,
        [
            pair("kri.value_recorded", "breach.opened"),
            pair("kri.value_recorded", "breach.raised"),
            pair("kri.value_recorded", "breach.lowered"),
            pair("kri.value_corrected", "breach.closed"),
        ]
    );
    for two in changes.iter().filter(told) {
        let at = |event: &Value| (event["recordedAt"].clone(), event["metadata"]["request"].clone());
        assert_eq!(at(&two[0]), at(&two[1]), "one command, one commit: {two:?}");
        assert_eq!(two[0]["position"].as_u64().map(|before| before + 1), two[1]["position"].as_u64());
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sawtooth_is_one_episode_where_the_kri_is_damped_and_one_a_tooth_where_it_is_not() {
    let scene = Scene::set().await;
    let damped = json!({"flapping": {"openAfter": 2, "recovery": 6, "closeAfter": 2}});
    let (damped, plain) = (scene.kri("damped", damped).await, scene.kri("plain", json!({})).await);
    for value in ["5", "12", "13", "8", "12", "8", "13", "9", "11"] {
        scene.minutes_pass(1);
        scene.enter(&damped, value).await;
        scene.enter(&plain, value).await;
    }
    let of = async |kri: &str| list(&scene, &format!("?kriId={kri}")).await.len();
    assert_eq!((of(&damped).await, of(&plain).await), (1, 4));
    for value in ["5", "5"] {
        scene.minutes_pass(1);
        scene.enter(&damped, value).await;
    }
    assert!(
        list(&scene, &format!("?kriId={damped}&open=true")).await.is_empty(),
        "two readings beyond recovery"
    );
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_breach_cannot_be_told_is_refused_and_nothing_is_written() {
    let scene = Scene::set().await;
    let kri = scene.kri("findings", json!({})).await;
    scene.minutes_pass(1);
    scene.enter(&kri, "12").await;
    let id = list(&scene, "").await[0]["id"].as_str().unwrap().to_owned();
    let before = scene.head().await;
    let past = text(scene.now() - Duration::minutes(5));
    let far = text(scene.now() + Duration::days(400));
    for (verb, body) in [
        ("snooze", json!({"until": past})),
        ("snooze", json!({"until": far})),
        ("comments", json!({"comment": ""})),
        ("assign", json!({})),
    ] {
        let refused = scene.post(&format!("/api/breaches/{id}/{verb}"), body.clone()).await;
        assert!(
            [404, 409, 422].contains(&refused.status),
            "{verb} {body}: {} {}",
            refused.status,
            refused.text
        );
    }
    let unknown = scene.post("/api/breaches/01ARZ3NDEKTSV4RRFFQ69G5FAV/acknowledge", json!({})).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(scene.head().await, before);
    scene.web.stop().await;
}
