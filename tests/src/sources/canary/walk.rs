//! The walk: every way that a credential goes through the program.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{
    BASIC, BEARER, CONFIG, EMAIL, HEADER, JIRA, MODEL, PASSWORD, PATH, QUERY, REFUSED, SERVICENOW, SLACK,
    WEBHOOK,
};
use crate::house::{Program, vendor};

/// Somebody who asks and remembers what was answered.
pub(super) struct Asker<'a> {
    pub(super) program: &'a Program,
    pub(super) client: Client,
    pub(super) answers: Mutex<String>,
}

impl Asker<'_> {
    async fn ask(&self, token: &str, path: &str, body: &Value) -> (u16, Value) {
        let method = if body.is_null() { Method::GET } else { Method::POST };
        self.send(method, token, path, body).await
    }

    async fn send(&self, method: Method, token: &str, path: &str, body: &Value) -> (u16, Value) {
        let asked = self.client.request(method, format!("{}{path}", self.program.base)).bearer_auth(token);
        let asked = if body.is_null() { asked } else { asked.json(body) };
        let answer = asked.send().await.unwrap();
        let (status, bytes) = (answer.status().as_u16(), answer.bytes().await.unwrap());
        // A bundle is an archive of stored files: what stands in it can be seen in its bytes.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let handed_out =
            ["/api/auth", "/push-tokens", "/api/invitations", "/previews"].iter().any(|it| path.contains(it));
        if !handed_out {
            self.answers.lock().unwrap().push_str(&text);
        }
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn made(&self, token: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(token, path, &body).await;
        assert!(status == 200 || status == 201, "{path}: {status} {answer}");
        answer
    }

    async fn id(&self, token: &str, path: &str, body: Value) -> String {
        self.made(token, path, body).await["id"].as_str().unwrap().to_owned()
    }
}

fn exchange(header: &str, value: &str) -> String {
    let headers: Value = if header.is_empty() { json!({}) } else { json!({ header: value }) };
    let query: Value = if header.is_empty() { json!({ "key": value }) } else { json!({}) };
    let request = json!({"path": format!("/{PATH}"), "headers": headers, "query": query});
    json!([{"request": request, "replies": [{"body": {"count": 3}}]}]).to_string()
}

fn sources() -> Vec<Value> {
    let okta = include_str!("../../../../fixtures/vendors/okta/complete/replies.json");
    let okta = vendor(&okta.replace("made-up-api_token", HEADER));
    let generic = |base: &str, auth: Value, credentials: Value| {
        json!({"name": "Generic", "sourceType": "generic", "vendor": "http-json", "credentials": credentials,
               "config": {"url": format!("{base}/{PATH}"), "auth": auth,
                          "values": [{"slug": "a_kri", "value": ".count"}]}})
    };
    let basic = STANDARD.encode(format!("draxis:{BASIC}"));
    let refused = json!({"kind": "bearer"});
    vec![
        json!({"name": "Okta", "sourceType": "identity", "vendor": "okta", "baseUrl": okta,
               "credentials": {"api_token": HEADER}, "config": {"domain": CONFIG}}),
        generic(
            &vendor(&exchange("authorization", &format!("Basic {basic}"))),
            json!({"kind": "basic", "username": "draxis"}),
            json!({"password": BASIC}),
        ),
        generic(
            &vendor(&exchange("authorization", &format!("Bearer {BEARER}"))),
            json!({"kind": "bearer"}),
            json!({"token": BEARER}),
        ),
        generic(
            &vendor(&exchange("", QUERY)),
            json!({"kind": "query", "name": "key"}),
            json!({"value": QUERY}),
        ),
        // Nobody answers; a name that cannot be; an answer that does not fit; an address that is refused.
        generic("http://127.0.0.1:1", refused.clone(), json!({"token": REFUSED})),
        generic("https://nowhere.invalid", refused.clone(), json!({"token": REFUSED})),
        generic(&vendor("[]"), refused.clone(), json!({"token": REFUSED})),
        generic("https://10.0.0.1", refused, json!({"token": REFUSED})),
    ]
}

/// Every way out that a tenant can set up, none of which leads anywhere.
fn relays() -> Vec<(&'static str, Value)> {
    let far = "http://127.0.0.1:1";
    vec![
        ("slack", json!({"settings": {"mode": "bot", "baseUrl": far}, "credentials": {"token": SLACK}})),
        (
            "jira",
            json!({"settings": {"baseUrl": far, "user": "ann@acme.example"}, "credentials": {"token": JIRA}}),
        ),
        (
            "servicenow",
            json!({"settings": {"baseUrl": far, "user": "ann"}, "credentials": {"password": SERVICENOW}}),
        ),
        (
            "email",
            json!({"settings": {"host": "127.0.0.1", "port": 1, "encryption": "none", "user": "ann",
                                "from": "draxis@acme.example"}, "credentials": {"password": EMAIL}}),
        ),
        ("webhook", json!({"settings": {"url": far}, "credentials": {"secret": WEBHOOK}})),
    ]
}

/// Every way that a credential goes through the program, and the tokens that it handed out meanwhile.
pub(super) async fn walk(asker: &Asker<'_>, model: &str) -> Vec<String> {
    let admin = json!({"email": "root@acme.example", "password": PASSWORD, "name": "Root"});
    asker.made("", "/api/auth/register", admin).await;
    let login = json!({"email": "root@acme.example", "password": PASSWORD});
    let root = asker.made("", "/api/auth/login", login).await["accessToken"].as_str().unwrap().to_owned();
    let wrong = json!({"email": "root@acme.example", "password": format!("{PASSWORD}!")});
    assert_eq!(asker.ask("", "/api/auth/login", &wrong).await.0, 401);
    let organization = asker.id(&root, "/api/organizations", json!({"name": "Acme"})).await;
    let tenant = json!({"organizationId": organization, "slug": "acme-corp", "displayName": "Acme"});
    let tenant = asker.id(&root, "/api/tenants", tenant).await;
    let invite = json!({"email": "ada@acme.example", "role": "superadmin"});
    asker.made(&root, "/api/invitations", invite).await;
    let invite = json!({"email": "owner@acme.example", "role": "tenant_admin", "tenantId": tenant});
    let invited = asker.made(&root, "/api/invitations", invite).await["token"].as_str().unwrap().to_owned();
    let person = json!({"name": "Owner", "password": PASSWORD});
    asker.made("", &format!("/api/invitations/{invited}/accept"), person).await;
    let token = json!({"tenantId": tenant, "reason": "a test"});
    let token =
        asker.made(&root, "/api/auth/tenant", token).await["accessToken"].as_str().unwrap().to_owned();
    for source in sources() {
        asker.made(&token, "/api/kri-sources/test", source.clone()).await;
        let id = asker.id(&token, "/api/kri-sources", source).await;
        let (ran, _) = asker.ask(&token, &format!("/api/kri-sources/{id}/run"), &json!({})).await;
        assert!(ran == 200 || ran == 502, "{ran}");
        asker.made(&token, &format!("/api/kri-sources/{id}/test"), json!({})).await;
        for path in ["", "/runs"] {
            asker.ask(&token, &format!("/api/kri-sources/{id}{path}"), &Value::Null).await;
        }
    }
    let misfit = json!({"name": "O", "sourceType": "identity", "vendor": "okta", "credentials": {"nope": HEADER},
                        "config": {"domain": [CONFIG]}});
    assert_eq!(asker.ask(&token, "/api/kri-sources", &misfit).await.0, 422);
    for (channel, mut relay) in relays() {
        let path = format!("/api/relay-config/{channel}");
        assert_eq!(asker.send(Method::PUT, &token, &path, &relay).await.0, 200, "{channel}");
        asker.made(&token, &format!("{path}/test"), json!({})).await;
        asker.ask(&token, &path, &Value::Null).await;
        relay["settings"]["nope"] = relay["credentials"].clone();
        assert_eq!(asker.send(Method::PUT, &token, &path, &relay).await.0, 422, "{channel}");
    }
    let definition = json!({"schemaVersion": 1, "name": "W", "owners": [{"role": "tenant_admin"}],
        "trigger": {"type": "manual"}, "steps": [{"id": "w", "type": "wait", "until": {"duration": "PT1H"}}]});
    let workflow =
        asker.id(&token, "/api/workflows", json!({"definition": definition, "reason": "a test"})).await;
    let preview = asker.made(&token, &format!("/api/workflows/{workflow}/previews"), json!({})).await;
    let preview = preview["token"].as_str().unwrap().to_owned();
    asker.made("", &format!("/api/public/workflow/{preview}"), json!({})).await;
    assert_eq!(asker.ask("", &format!("/api/public/workflow/{preview}"), &json!({})).await.0, 410);
    let push = json!({"name": "Push", "sourceType": "generic", "vendor": "push"});
    let push = asker.id(&token, "/api/kri-sources", push).await;
    let minted =
        asker.made(&token, &format!("/api/kri-sources/{push}/push-tokens"), json!({"name": "Job"})).await;
    let minted = minted["token"].as_str().unwrap().to_owned();
    let batch = json!({"values": [{"slug": "a_kri", "value": 1}]});
    asker.made(&minted, &format!("/api/kri-sources/{push}/values"), batch).await;
    ask_a_model(asker, &token, model).await;
    for path in [
        "/api/kri-sources",
        "/api/dashboard",
        "/api/relay-config",
        "/api/audit/events?limit=200",
        "/api/integrations/catalog",
        "/api/audit/export?format=ndjson",
        "/api/audit/export?format=cloudevents",
        "/api/audit/export?format=bundle",
    ] {
        assert_eq!(asker.ask(&token, path, &Value::Null).await.0, 200, "{path}");
    }
    vec![root, token, minted, preview]
}

/// A question that a model is asked, with something to speak of.
async fn ask_a_model(asker: &Asker<'_>, token: &str, base: &str) {
    let kri = json!({"slug": "red_kri", "name": "Doors left open", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2});
    let kri = asker.id(token, "/api/kris", kri).await;
    asker.made(token, &format!("/api/kris/{kri}/values"), json!({"value": 9})).await;
    let model = json!({"provider": "openai", "model": "far", "baseUrl": base, "key": MODEL});
    assert_eq!(asker.send(Method::PUT, token, "/api/model-config", &model).await.0, 200);
    let told =
        asker.made(token, "/api/panel-sessions", json!({"question": "What should we patch first?"})).await;
    assert_eq!(told["by"]["kind"], "model", "{told}");
    asker.ask(token, "/api/model-config", &Value::Null).await;
}
