//! Relays: set up, tried against real loopback servers, shown without secrets, and kept while they are needed.

use draxis_runner::mail::loopback::{SmtpPlan, SmtpServer};
use serde_json::{Value, json};

use super::far_side::FarSide;
use super::stage::{Stage, posting, relay};
use crate::house::long;

const CHANNELS: [&str; 5] = ["slack", "jira", "servicenow", "email", "webhook"];

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_relay_ever_comes_back_or_is_kept_open() {
    let stage = Stage::small().await;
    for channel in CHANNELS {
        stage.set_up(channel, "https://far.example").await;
    }
    let listed = stage.get("/api/relay-config").await.expect(200);
    let shown: Vec<_> =
        listed.json()["items"].as_array().unwrap().iter().map(|one| one["channel"].clone()).collect();
    assert_eq!(shown, CHANNELS);
    assert!(
        listed.json()["items"].as_array().unwrap().iter().all(|one| one["hasCredentials"] == true
            && one["configured"] == true
            && one["health"] == "unknown")
    );
    let mut told = vec![listed.text, stage.get("/api/audit/events?limit=200").await.expect(200).text];
    for channel in CHANNELS {
        told.push(stage.get(&format!("/api/relay-config/{channel}")).await.expect(200).text);
    }
    for text in told {
        assert!(!text.contains("canary") && !text.contains("whsec_"), "{text}");
    }
    assert!(stage.is_kept("far.example").await, "the search finds what is there");
    assert!(!stage.is_kept("canary").await && !stage.is_kept("whsec_").await);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_a_channel_is_refused_at_its_place_without_being_repeated() {
    let stage = Stage::small().await;
    for (channel, change, pointer) in [
        ("slack", json!({"credentials": {"tokn": "canary"}}), "/credentials/tokn"),
        ("slack", json!({"credentials": {"token": 90210}}), "/credentials/token"),
        ("slack", json!({"settings": {"mode": "bot", "token": "canary"}}), "/settings/token"),
        ("jira", json!({"settings": {}}), "/settings/baseUrl"),
        ("jira", json!({"credentials": null}), "/credentials"),
        ("webhook", json!({"credentials": {"secret": "canary"}}), "/credentials/secret"),
    ] {
        let mut body = relay(channel, "https://far.example");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let told = stage.put(&format!("/api/relay-config/{channel}"), &body, &[]).await.expect(422);
        assert_eq!(told.json()["errors"][0]["pointer"], pointer, "{}", told.text);
        assert!(!told.text.contains("canary") && !told.text.contains("90210"), "{}", told.text);
    }
    stage.get("/api/relay-config/pigeon").await.expect(404);
    stage.get("/api/relay-config/slack").await.expect(404);
    stage.web.stop().await;
}

/// Sets a channel up at the far side, tries it, and answers with what was found.
async fn tried(stage: &Stage, channel: &str, base: &str) -> Value {
    stage.set_up(channel, base).await;
    stage.post(&format!("/api/relay-config/{channel}/test"), &json!({})).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_asks_the_far_side_and_its_outcome_is_the_relays_health() {
    let stage = Stage::small().await;
    let far = FarSide::start(&[
        ("POST /api/auth.test", 200, r#"{"ok":true,"team":"T"}"#),
        ("GET /rest/api/3/myself", 200, r#"{"accountId":"1"}"#),
        ("GET /api/now/table/incident?sysparm_limit=1&sysparm_fields=sys_id", 200, r#"{"result":[]}"#),
        ("POST /hook", 204, ""),
    ]);
    for channel in ["slack", "jira", "servicenow"] {
        assert_eq!(tried(&stage, channel, &far.base).await, json!({"result": "passed"}), "{channel}");
        let shown = stage.get(&format!("/api/relay-config/{channel}")).await.expect(200).json();
        assert_eq!(
            (&shown["health"], &shown["lastTest"]["outcome"]["result"]),
            (&json!("healthy"), &json!("passed"))
        );
    }
    assert_eq!(tried(&stage, "webhook", &format!("{}/hook", far.base)).await, json!({"result": "passed"}));
    let asked = far.asked();
    assert_eq!(asked[0].header("authorization"), "Bearer canary-slack");
    assert!(asked[1].header("authorization").starts_with("Basic "));
    let ping = asked.last().expect("a ping");
    assert!(ping.line.starts_with("POST /hook "), "{}", ping.line);
    assert!(ping.body.contains("draxis.ping") && ping.header("webhook-id").starts_with("msg_"));
    assert!(
        ping.header("webhook-signature").starts_with("v1,") && !ping.header("webhook-timestamp").is_empty()
    );
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_fails_names_the_step_and_never_repeats_the_far_side() {
    let stage = Stage::small().await;
    let far = FarSide::start(&[
        ("POST /api/auth.test", 200, r#"{"ok":false,"error":"invalid_auth"}"#),
        ("GET /rest/api/3/myself", 401, r#"{"message":"far words"}"#),
        ("GET /api/now/table/incident", 200, "<html>far words</html>"),
    ]);
    for (channel, step) in
        [("slack", "auth"), ("jira", "auth"), ("servicenow", "shape"), ("webhook", "shape")]
    {
        let told = tried(&stage, channel, &far.base).await;
        assert_eq!((&told["result"], &told["step"]), (&json!("failed"), &json!(step)), "{channel}: {told}");
        assert!(!told.to_string().contains("far words"), "{told}");
    }
    let shown = stage.get("/api/relay-config/jira").await.expect(200).json();
    assert_eq!(shown["health"], "failing");
    let told = tried(&stage, "jira", "https://10.0.0.1").await;
    assert_eq!(told["step"], "refused", "{told}");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_is_greeted_and_its_login_tried() {
    let stage = Stage::small().await;
    let plan = SmtpPlan { login: Some(("ann".to_owned(), "canary-email".to_owned())), ..SmtpPlan::default() };
    let server = SmtpServer::start(plan).await.expect("the server starts");
    let mut body = relay("email", "");
    body["settings"]["port"] = json!(server.port());
    stage.put("/api/relay-config/email", &body, &[]).await.expect(200);
    let test = async || stage.post("/api/relay-config/email/test", &json!({})).await.expect(200).json();
    assert_eq!(test().await, json!({"result": "passed"}));
    body["credentials"]["password"] = json!("canary-wrong");
    stage.put("/api/relay-config/email", &body, &[]).await.expect(200);
    assert_eq!(test().await["step"], "auth");
    assert!(server.letters().is_empty(), "a test sends no letter");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_an_active_workflow_needs_is_not_removed_and_the_workflow_is_named() {
    let stage = Stage::small().await;
    stage.set_up("slack", "https://far.example").await;
    let id = stage.draft(&posting("Tell security")).await;
    stage.turn(&id, "activate").await.expect(200);
    let shown = stage.get("/api/relay-config/slack").await.expect(200).json();
    assert_eq!(shown["usedBy"], json!([{"id": id, "name": "Tell security", "state": "active"}]));
    let told = stage.delete("/api/relay-config/slack").await.expect(409);
    assert_eq!(told.field("type"), "urn:draxis:problem:relay.needed");
    assert!(told.field("detail").contains("Tell security"), "{}", told.text);
    stage.turn(&id, "pause").await.expect(200);
    stage.delete("/api/relay-config/slack").await.expect(200);
    stage.delete("/api/relay-config/slack").await.expect(200);
    stage.get("/api/relay-config/slack").await.expect(404);
    let listed = stage.get("/api/relay-config").await.expect(200).json();
    assert_eq!(
        (&listed["items"][0]["configured"], &listed["items"][0]["usedBy"][0]["name"]),
        (&json!(false), &json!("Tell security"))
    );
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_stay_until_others_are_sent_and_go_to_no_other_address() {
    use sqlx::{Executor as _, Row as _};

    let stage = Stage::small().await;
    let kept = async || {
        let row = stage.database.superuser().await.fetch_one("SELECT count(*) FROM vault").await.unwrap();
        row.get::<i64, _>(0)
    };
    stage.set_up("slack", "https://far.example").await;
    let only = |settings: Value| json!({"settings": settings});
    let path = "/api/relay-config/slack";
    let renamed = only(json!({"mode": "bot", "baseUrl": "https://far.example", "defaultChannel": "#a"}));
    assert_eq!(stage.put(path, &renamed, &[]).await.expect(200).json()["version"], 2);
    let elsewhere = only(json!({"mode": "bot", "baseUrl": "https://elsewhere.example"}));
    let told = stage.put(path, &elsewhere, &[]).await.expect(422);
    assert_eq!(told.json()["errors"][0]["pointer"], "/credentials");
    stage.set_up("slack", "https://elsewhere.example").await;
    assert_eq!(kept().await, 1, "what was replaced is forgotten");
    let body = relay("slack", "https://far.example");
    assert_eq!(stage.put(path, &body, &[("if-match", "\"1\"")]).await.status, 412);
    assert_eq!(kept().await, 1, "what was refused is forgotten");
    stage.delete(path).await.expect(200);
    assert_eq!(kept().await, 0, "what was removed is forgotten");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_removal_and_an_activation_at_once_one_comes_too_late() {
    let stage = Stage::small().await;
    stage.set_up("slack", "https://far.example").await;
    let id = stage.draft(&posting("Tell security")).await;
    let (mut activated, mut removed) = (0, 0);
    for round in 0..if long() { 1_000 } else { 40 } {
        let path = "/api/relay-config/slack";
        let (turned, taken) = if round % 2 == 0 {
            tokio::join!(stage.turn(&id, "activate"), stage.delete(path))
        } else {
            let (taken, turned) = tokio::join!(stage.delete(path), stage.turn(&id, "activate"));
            (turned, taken)
        };
        match (turned.status, taken.status) {
            (200, 409) => {
                activated += 1;
                stage.turn(&id, "pause").await.expect(200);
            }
            (422, 200) => {
                removed += 1;
                stage.set_up("slack", "https://far.example").await;
            }
            _ => panic!("{} {} and {} {}", turned.status, turned.text, taken.status, taken.text),
        }
    }
    assert!(activated + removed > 0, "{activated} {removed}");
    stage.web.stop().await;
}
