//! What is refused, and what is kept of nobody: stale digests, incomplete drafts, strangers' roles, secrets.

use serde_json::{Value, json};

use super::conversation::{ANSWERS, GOAL, complete, confirm, say, start};
use crate::workflow::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_of_another_draft_is_refused() {
    let stage = Stage::full().await;
    let (id, shown) = complete(&stage).await;
    let old = shown["digest"].as_str().unwrap().to_owned();
    let changed = say(&stage, &id, "no, make it amber").await.expect(200).json();
    assert_ne!(changed["digest"], json!(old));
    let refused = confirm(&stage, &id, &old, "Stale").await.expect(409);
    assert!(refused.text.contains("interview.digest_stale"), "{}", refused.text);
    let workflows = stage.get("/api/workflows").await.expect(200).json();
    assert_eq!(workflows["items"], json!([]));
    confirm(&stage, &id, changed["digest"].as_str().unwrap(), "Fresh").await.expect(201);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_draft_is_refused_with_what_is_missing() {
    let stage = Stage::full().await;
    let shown = start(&stage, GOAL).await;
    let pointers: Vec<_> =
        shown["missing"].as_array().unwrap().iter().map(|need| need["pointer"].clone()).collect();
    assert_eq!(pointers, ["/trigger/onActivate", "/steps/1/due", "/steps/1/onTimeout", "/owners"]);
    let id = shown["id"].as_str().unwrap();
    let refused = confirm(&stage, id, shown["digest"].as_str().unwrap(), "Early").await.expect(422).json();
    let told: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(
        told,
        ["/draft/trigger/onActivate", "/draft/steps/1/due", "/draft/steps/1/onTimeout", "/draft/owners"]
    );
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_nowhere_after_it_was_pasted() {
    let stage = Stage::full().await;
    let secrets =
        ["xoxb-EXAMPLE-2345678901234-AbCdEfGhIjKlMnOpQrStUvWx", "Tr0ub4dor&3x!", "AKIAIOSFODNN7EXAMPLE"];
    let goal = format!("When critical CVEs go red, post to #soc. The token is {}", secrets[0]);
    let shown = start(&stage, &goal).await;
    let id = shown["id"].as_str().unwrap().to_owned();
    assert!(shown["reply"].as_str().unwrap().contains("relay"), "{shown}");
    let text = format!("login admin, password: {} and {}", secrets[1], secrets[2]);
    let said = say(&stage, &id, &text).await.expect(200);
    let read = stage.get(&format!("/api/workflow-interviews/{id}")).await.expect(200);
    for secret in secrets {
        assert!(
            !shown.to_string().contains(secret) && !said.text.contains(secret) && !read.text.contains(secret)
        );
        assert!(!stage.is_kept(secret).await, "{secret} is kept");
    }
    assert!(read.text.contains("[Slack secret removed]"), "{}", read.text);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_interview_is_read_and_no_longer_spoken_in() {
    let stage = Stage::full().await;
    let shown = start(&stage, GOAL).await;
    let id = shown["id"].as_str().unwrap();
    let path = format!("/api/workflow-interviews/{id}/abandon");
    for _ in 0..2 {
        assert_eq!(stage.post(&path, &json!({})).await.expect(200).json()["state"], "abandoned");
    }
    say(&stage, id, ANSWERS[0]).await.expect(409);
    let read = stage.get(&format!("/api/workflow-interviews/{id}")).await.expect(200).json();
    assert_eq!((&read["state"], read["turns"].as_array().map(Vec::len)), (&json!("abandoned"), Some(2)));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_manage_workflows_may_not_interview() {
    let stage = Stage::full().await;
    let shown = start(&stage, GOAL).await;
    let id = shown["id"].as_str().unwrap();
    let reader = &stage.tokens[1];
    stage.web.post(reader, "/api/workflow-interviews", &json!({ "goal": GOAL })).await.expect(403);
    let path = format!("/api/workflow-interviews/{id}/messages");
    stage.web.post(reader, &path, &json!({ "text": "make it amber" })).await.expect(403);
    let read: Value =
        stage.web.get(reader, &format!("/api/workflow-interviews/{id}")).await.expect(200).json();
    assert_eq!(read["id"], json!(id));
    stage.web.stop().await;
}
