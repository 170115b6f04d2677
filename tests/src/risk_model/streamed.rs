//! The stream of changes: what changed and nothing else, resumed where it ended, across processes, for as long as the token holds.

use draxis_commands::secret::EncryptionKeys;
use serde_json::{Value, json};

use super::scene::Scene;
use crate::house::{Listener, TestDatabase, Web};

async fn listen(web: &Web, token: &str, last_event_id: Option<u64>) -> Listener {
    let mut request = web.client().get(web.url("/api/dashboard/stream")).bearer_auth(token);
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let response = request.send().await.expect("the program answers");
    assert_eq!(response.status(), 200);
    Listener::of(response)
}

fn ids(data: &Value, list: &str) -> Vec<String> {
    let items = data[list].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_tells_what_it_changes_and_nothing_else() {
    let scene = Scene::set().await;
    let outcome = scene.make("/api/outcomes", json!({"name": "People can work"})).await;
    let risk = json!({"name": "Takeover", "likelihood": 3, "impact": 4, "outcomeIds": [outcome]});
    let risk = scene.make("/api/risks", risk).await;
    let kri = scene.kri("findings", json!({"riskIds": [risk]})).await;
    scene.kri("another", json!({})).await;
    let mut listener = listen(&scene.web, &scene.token, None).await;
    let ready = listener.heard("ready").await;
    assert_eq!(ready.data["position"], scene.head().await);
    scene.enter(&kri, "25").await;
    let change = listener.heard("change").await;
    assert_eq!(change.id, scene.head().await);
    assert_eq!(
        (ids(&change.data, "kris"), ids(&change.data, "risks"), ids(&change.data, "outcomes")),
        (vec![kri.clone()], vec![risk], vec![outcome])
    );
    assert_eq!(change.data["kris"][0]["value"], "25");
    scene.post(&format!("/api/kris/{kri}/archive"), json!({})).await.expect(200);
    assert_eq!(listener.heard("change").await.data["gone"]["kris"], json!([kri]));
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_is_told_what_they_missed() {
    let scene = Scene::set().await;
    let (one, two) = (scene.kri("one", json!({})).await, scene.kri("two", json!({})).await);
    let mut listener = listen(&scene.web, &scene.token, None).await;
    let seen = listener.heard("ready").await.id;
    drop(listener);
    scene.enter(&two, "5").await;
    scene.minutes_pass(1);
    scene.enter(&two, "6").await;
    let mut listener = listen(&scene.web, &scene.token, Some(seen)).await;
    let change = listener.heard("change").await;
    assert_eq!((ids(&change.data, "kris"), &change.data["kris"][0]["value"]), (vec![two], &json!("6")));
    scene.enter(&one, "7").await;
    assert_eq!(ids(&listener.heard("change").await.data, "kris"), [one]);
    for (id, status) in [("99999", 422), ("first", 400)] {
        let headers =
            [("authorization", format!("Bearer {}", scene.token)), ("last-event-id", id.to_owned())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let told = scene.web.send(reqwest::Method::GET, "/api/dashboard/stream", &headers, None).await;
        assert_eq!(told.status, status, "{}", told.text);
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_writes_is_told_as_well() {
    let database = TestDatabase::make().await;
    let keys = EncryptionKeys::generate().expect("randomness");
    let same_keys = EncryptionKeys::parse(&keys.to_text()).expect("the keys read back");
    let web = Web::with_keys(&database, keys).await;
    let scene = Scene::of(database, web).await;
    let kri = scene.kri("findings", json!({})).await;
    let other = Web::with_keys(&scene.database, same_keys).await;
    let mut listener = listen(&other, &scene.token, None).await;
    listener.heard("ready").await;
    scene.enter(&kri, "5").await;
    assert_eq!(ids(&listener.heard("change").await.data, "kris"), [kri]);
    other.stop().await;
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token() {
    let scene = Scene::set().await;
    let mut listener = listen(&scene.web, &scene.token, None).await;
    listener.heard("ready").await;
    scene.minutes_pass(16);
    listener.heard("end").await;
    assert!(listener.next().await.is_none());
    let told = scene.ask("/api/dashboard/stream").await.expect(401);
    assert_eq!(told.header("content-type"), "application/problem+json");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_stops_ends_its_streams() {
    let scene = Scene::set().await;
    let mut listener = listen(&scene.web, &scene.token, None).await;
    listener.heard("ready").await;
    scene.web.app.streams.end();
    assert!(listener.next().await.is_none());
    scene.web.stop().await;
}
