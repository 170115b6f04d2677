//! What a model writes is read while it writes it; no figure of it before it is checked.

use reqwest::Method;
use serde_json::{Value, json};

use super::modelled::patches_first;
use super::stage::Stage;
use crate::house::{FarModel, Listener};

#[tokio::test(flavor = "multi_thread")]
async fn words_are_read_while_the_model_writes_and_figures_once_they_are_checked() {
    let stage = Stage::set().await;
    let mut far = FarModel::holding("moderates the panel", patches_first);
    let choice = far.choice("canary-key-5150");
    stage.web.command(Method::PUT, &stage.token, "/api/model-config", &choice, &[]).await.expect(200);
    let request = stage.web.client().post(stage.web.url("/api/panel-sessions")).bearer_auth(&stage.token);
    let request = request.header("accept", "text/event-stream");
    let response =
        request.json(&json!({"question": "What should we patch first?"})).send().await.expect("it answers");
    assert_eq!(response.status(), 201);
    let mut listener = Listener::of(response);
    listener.heard("session").await;
    let mut steps = Vec::new();
    let first = loop {
        let event = listener.next().await.expect("the stream goes on");
        if event.name == "draft" {
            break event;
        }
        assert_eq!(event.name, "step");
        steps.push(event.data["what"].as_str().unwrap().to_owned());
    };
    assert_eq!(steps.last().map(String::as_str), Some("looks at list_kris"), "{steps:?}");
    assert_eq!((&first.data["nth"], &first.data["checked"]), (&json!(1), &json!(false)));
    // The model has not ended its answer; it goes on now.
    far.is_held().await;
    far.let_go();
    let mut drafts = vec![first.data["text"].as_str().unwrap().to_owned()];
    let (mut names, mut tokens, mut whole) = (Vec::new(), String::new(), Value::Null);
    while let Some(event) = listener.next().await {
        match event.name.as_str() {
            "draft" => {
                let nth = usize::try_from(event.data["nth"].as_u64().unwrap()).unwrap();
                drafts.resize(nth.max(drafts.len()), String::new());
                drafts[nth - 1].push_str(event.data["text"].as_str().unwrap());
            }
            "token" => tokens.push_str(event.data["text"].as_str().unwrap()),
            "answer" => {
                assert!(event.id > 0);
                whole = event.data;
            }
            _ => {}
        }
        if names.last() != Some(&event.name) {
            names.push(event.name);
        }
    }
    assert_eq!(names, ["draft", "experts", "token", "answer"].map(str::to_owned).to_vec(), "{drafts:?}");
    // The figure of its own was returned twice; each attempt is a draft.
    assert_eq!(drafts.len(), 3, "{drafts:?}");
    for draft in &drafts {
        assert!(draft.starts_with("Patch first, says the model: it stands at …"), "{draft}");
        assert!(!draft.chars().any(|c| c.is_ascii_digit()), "{draft}");
    }
    assert_eq!(tokens, whole["answer"].as_str().unwrap());
    assert!(tokens.contains("stands at 18") && tokens.contains("~~4711~~ [unverified]"), "{tokens}");
    let read = stage.get(&format!("/api/panel-sessions/{}", whole["id"].as_str().unwrap())).await;
    assert_eq!(read["transcript"][0]["answer"], whole["answer"]);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_model_thinks_nothing_else_waits() {
    let stage = Stage::set().await;
    let mut far = FarModel::holding("moderates the panel", patches_first);
    let choice = far.choice("canary-key-5150");
    stage.web.command(Method::PUT, &stage.token, "/api/model-config", &choice, &[]).await.expect(200);
    let asking = stage.post("/api/panel-sessions", json!({"question": "What should we patch first?"}));
    let meanwhile = async {
        far.is_held().await;
        // The tenant's stream is open to others: no transaction is held over the question.
        stage.make("/api/outcomes", json!({"name": "Made meanwhile"})).await;
        assert!(stage.database.holds_no_transaction().await, "not for reading either");
        far.let_go();
    };
    let (asked, ()) = tokio::join!(asking, meanwhile);
    asked.expect(201);
    stage.web.stop().await;
}
