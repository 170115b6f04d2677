//! Trying a source, before it is saved and after: the step that fails is named with what to do, and nothing is written.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::given::{Tenant, okta};
use crate::house::{TestDatabase, vendor};

const COMPLETE: &str = include_str!("../../../fixtures/vendors/okta/complete/replies.json");
const FORBIDDEN: &str = include_str!("../../../fixtures/vendors/okta/forbidden/replies.json");
const REFUSED: &str = include_str!("../../../fixtures/vendors/okta/refused/replies.json");

/// The steps from here to a value, in order.
const STEPS: [&str; 8] =
    ["settings", "name", "address", "connection", "tls", "authentication", "permission", "shape"];

/// A server that speaks no TLS to whoever begins with it: its port.
fn without_tls() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut hello = [0; 5];
            drop(stream.read_exact(&mut hello));
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
        }
    });
    port
}

/// Any JSON there.
fn generic(url: &str) -> Value {
    json!({"name": "G", "sourceType": "generic", "vendor": "http-json",
           "config": {"url": url, "values": [{"slug": "a_kri", "value": ".count"}]}})
}

/// Whatever is asked at the root is answered so.
fn answering(reply: &Value) -> String {
    vendor(&json!([{"request": {"path": "/"}, "replies": [reply]}]).to_string())
}

/// Tries it before it is saved and after, and makes sure that both say the same.
async fn tried(tenant: &Tenant, body: &Value) -> Value {
    let before = tenant.written().await.len();
    let told = tenant.post("/api/kri-sources/test", body).await.expect(200).json();
    assert_eq!(tenant.written().await.len(), before, "trying writes nothing");
    let source = tenant.connect(body).await;
    let saved = tenant.post(&format!("/api/kri-sources/{source}/test"), &json!({})).await.expect(200).json();
    assert_eq!(saved, told, "a saved source is tried like one that is not");
    assert_eq!(tenant.written().await.len(), before + 1, "nor does it afterwards");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_that_fails_is_named_before_saving_and_after() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let moved = json!({"status": 302, "headers": {"location": "http://127.0.0.1:1/"}});
    for (body, step, word) in [
        (okta("https://nowhere.invalid"), "name", "base URL"),
        (okta("https://10.0.0.1"), "address", "operator"),
        (okta("https://[::ffff:169.254.169.254]"), "address", "operator"),
        (okta("http://127.0.0.1:1"), "connection", "base URL"),
        (generic(&answering(&moved)), "connection", "redirects"),
        (okta(&format!("https://127.0.0.1:{}", without_tls())), "tls", "certificate"),
        (okta(&vendor(REFUSED)), "authentication", "credentials"),
        (okta(&vendor("[]")), "permission", "rights"),
        (generic(&answering(&json!({"text": "<html>canary</html>"}))), "shape", ""),
        (generic(&answering(&json!({"body": {"cuont": 3}}))), "shape", "expressions"),
    ] {
        let told = tried(&tenant, &body).await;
        assert_eq!((&told["ok"], &told["failed"]), (&json!(false), &json!(step)), "{body}: {told}");
        let text = told["text"].as_str().unwrap();
        assert!(!text.is_empty() && text.contains(word), "{step}: {text}");
        let passed: Vec<_> = STEPS.into_iter().take_while(|before| *before != step).collect();
        assert_eq!(told["passed"], json!(passed), "{step}");
        let shown = told.to_string();
        assert!(!shown.contains("made-up-api_token") && !shown.contains("canary"), "{shown}");
    }
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_cannot_be_is_told_before_anything_is_sent() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let mut body = okta("");
    body.as_object_mut().unwrap().remove("baseUrl");
    body["config"]["domain"] = json!("acme.okta.com/x?y=1");
    let told = tried(&tenant, &body).await;
    assert_eq!((&told["failed"], &told["passed"]), (&json!("settings"), &json!([])), "{told}");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_source_passes_and_one_that_may_not_read_all_says_what_and_which_kris() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let good = tried(&tenant, &okta(&vendor(COMPLETE))).await;
    assert_eq!((&good["ok"], &good["passed"]), (&json!(true), &json!(STEPS)), "{good}");
    let partly = tried(&tenant, &okta(&vendor(FORBIDDEN))).await;
    assert_eq!((&partly["ok"], &partly["failed"]), (&json!(true), &Value::Null), "{partly}");
    let missing =
        partly["readings"].as_array().unwrap().iter().find(|reading| reading["ok"] == false).unwrap();
    assert_eq!(missing["kris"], json!(["privileged_accounts"]));
    assert!(missing["text"].as_str().unwrap().contains("okta.roles.read"), "{missing}");
    let mut unticked = okta(&vendor(FORBIDDEN));
    unticked["unticked"] = json!(["privileged_accounts"]);
    let told = tried(&tenant, &unticked).await;
    assert!(!told["readings"].to_string().contains("privileged_accounts"), "it is not asked for: {told}");
    assert!(!told.to_string().contains("okta.roles.read"), "{told}");
    tenant.web.stop().await;
}
