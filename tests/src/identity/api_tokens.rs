//! API tokens: seen once, within their scopes, never beyond whoever made them, gone when revoked.

use chrono::Duration;
use draxis_event_store::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Stage, code};

fn scoped(scopes: &[&str]) -> Value {
    json!({"name": "Nightly job", "scopes": scopes})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_its_scopes_say_and_is_the_actor_of_what_it_does() {
    let stage = Stage::set().await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let (id, token) = stage.mint(&ada.token, &scoped(&["read", "risk:manage"])).await;
    assert!(token.starts_with("drx_"), "{token}");
    let web = &stage.web;

    web.get(&token, "/api/dashboard").await.expect(200);
    web.post(&token, "/api/outcomes", &json!({"name": "Customers can pay"})).await.expect(201);
    web.get(&token, "/api/outcomes").await.expect(200);
    let me = web.get(&token, "/api/auth/me").await.expect(200).json();
    assert_eq!((&me["id"], &me["scopes"]), (&json!(id), &json!(["read", "risk:manage"])));
    let written = stage.events(&ada.token, "outcome.defined").await;
    assert_eq!(written[0]["metadata"]["actor"], format!("token:{id}"));
    assert!(written[0]["metadata"].get("impersonator").is_none_or(Value::is_null), "{written:?}");
    for path in
        ["/api/audit/events", "/api/kri-sources/01ARZ3NDEKTSV4RRFFQ69G5FAV/push-tokens", "/api/api-tokens"]
    {
        assert_eq!(web.get(&token, path).await.status, 403, "{path}");
    }
    for (path, body) in [
        ("/api/api-tokens", scoped(&["read"])),
        ("/api/auth/tenant", json!({"tenantId": stage.tenant, "reason": "more"})),
        ("/api/auth/mfa/enroll", json!({})),
    ] {
        assert_eq!(web.post(&token, path, &body).await.status, 403, "{path}");
    }

    // A token whose maker is no member is an impersonation as they are.
    let (_, above) = stage.mint(&stage.above, &scoped(&["risk:manage"])).await;
    web.post(&above, "/api/outcomes", &json!({"name": "Another"})).await.expect(201);
    let written = stage.events(&ada.token, "outcome.defined").await;
    assert!(written.iter().any(|event| event["metadata"]["impersonator"].is_string()), "{written:?}");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_seen_once_and_known_to_nobody_afterwards() {
    let stage = Stage::set().await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let ask = async || {
        let key = [("idempotency-key", "once")];
        stage.web.command(Method::POST, &ada.token, "/api/api-tokens", &scoped(&["read"]), &key).await
    };
    let token = ask().await.expect(201).field("token");
    assert_eq!(code(&ask().await.expect(409)), "api_token.shown_once");
    let listed = stage.web.get(&ada.token, "/api/api-tokens").await.expect(200);
    assert_eq!(listed.json()["items"].as_array().map(Vec::len), Some(1), "{}", listed.text);
    assert_eq!(listed.json()["items"][0]["lastUsedAt"], Value::Null);
    let secret = &token[token.len() - 43..];
    let log = stage.web.get(&ada.token, "/api/audit/events?limit=200").await.expect(200);
    assert!(!listed.text.contains(secret) && !log.text.contains(secret), "it is nowhere to be read");

    stage.web.get(&token, "/api/dashboard").await.expect(200);
    let used = stage.web.get(&ada.token, "/api/api-tokens").await.expect(200).json();
    let at = used["items"][0]["lastUsedAt"].as_str().unwrap().to_owned();
    assert!(at.ends_with(":00:00Z"), "to the hour: {at}");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_expired_forged_or_unknown_gets_the_same_refusal() {
    let stage = Stage::set().await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let expires = stage.web.clock.now() + Duration::minutes(5);
    let mut short = scoped(&["read"]);
    short["expiresAt"] = json!(expires);
    let (_, expired) = stage.mint(&ada.token, &short).await;
    let (id, revoked) = stage.mint(&ada.token, &scoped(&["read"])).await;
    let (_, lasting) = stage.mint(&ada.token, &scoped(&["read"])).await;
    for token in [&expired, &revoked, &lasting] {
        stage.web.get(token, "/api/dashboard").await.expect(200);
    }
    let path = format!("/api/api-tokens/{id}");
    for _ in 0..2 {
        stage
            .web
            .command(Method::DELETE, &ada.token, &path, &json!({"reason": "leaked"}), &[])
            .await
            .expect(200);
    }
    stage.web.clock.advance(Duration::minutes(5));
    let mut forged = lasting.clone();
    let place = forged.len() - 1;
    forged.replace_range(place.., if forged.ends_with('A') { "B" } else { "A" });
    let as_push = lasting.replace("drx_api_", "drx_");
    let unknown = web_refusal(&stage, "no token at all").await;
    for token in [&expired, &revoked, &forged, &as_push, "drx_api_", "drx_", &lasting[..40]] {
        assert_eq!(web_refusal(&stage, token).await, unknown, "{token}");
    }
    let pushed = stage
        .web
        .post(&as_push, "/api/kri-sources/01ARZ3NDEKTSV4RRFFQ69G5FAV/values", &json!({"values": []}))
        .await;
    assert_eq!((pushed.status, pushed.text), unknown, "one kind of token is not taken for another");
    stage.web.get(&lasting, "/api/dashboard").await.expect(200);
    let listed = stage.web.get(&ada.token, "/api/api-tokens").await.expect(200).json();
    let works: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|item| item["works"].clone()).collect();
    assert_eq!(works, [json!(false), json!(false), json!(true)]);
    stage.web.stop().await;
}

async fn web_refusal(stage: &Stage, token: &str) -> (u16, String) {
    let told = stage.web.get(token, "/api/dashboard").await;
    (told.status, told.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_never_exceeds_its_maker_and_stops_with_their_role() {
    let stage = Stage::set().await;
    let (ada, eve) = (
        stage.come_in("ada", &stage.role("tenant_admin")).await,
        stage.come_in("eve", &stage.role("tenant_user")).await,
    );
    let refused = stage.web.post(&eve.token, "/api/api-tokens", &scoped(&["read"])).await;
    assert_eq!(refused.status, 403, "a user makes no tokens");
    let (_, token) = stage.mint(&ada.token, &scoped(&["read", "risk:manage"])).await;
    stage.web.get(&token, "/api/dashboard").await.expect(200);
    stage.come_in("bob", &stage.role("tenant_admin")).await;
    stage.revoke(&stage.root, &ada.id, &stage.role("tenant_admin")).await.expect(200);
    assert_eq!(stage.web.get(&token, "/api/dashboard").await.status, 401, "at once, in every process");
    // Back as less than they were, the token stays what it became: nothing.
    stage.come_in("ada", &stage.role("tenant_user")).await;
    assert_eq!(stage.web.get(&token, "/api/dashboard").await.status, 401);
    let listed = stage.web.get(&stage.above, "/api/api-tokens").await.expect(200).json();
    assert_eq!(listed["items"][0]["works"], false);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_no_other_tenant_and_one_without_use_is_not_made() {
    let stage = Stage::set().await;
    let (_, other) = stage.web.tenant(&stage.root, "other-corp").await;
    let outcome =
        stage.web.post(&other, "/api/outcomes", &json!({"name": "O"})).await.expect(201).field("id");
    let (id, token) = stage.mint(&stage.above, &scoped(&["read", "risk:manage"])).await;
    assert_eq!(stage.web.get(&token, &format!("/api/outcomes/{outcome}")).await.status, 404);
    let theirs = format!("/api/api-tokens/{id}");
    let gone = stage.web.command(Method::DELETE, &other, &theirs, &json!({}), &[]).await;
    assert_eq!(gone.status, 404, "another tenant's token is none that exists");
    stage.web.get(&token, "/api/dashboard").await.expect(200);
    for (body, pointer) in [
        (json!({"name": "N", "scopes": []}), "/scopes"),
        (json!({"name": "N", "scopes": ["everything"]}), "/scopes/0"),
        (json!({"name": "N", "scopes": ["read"], "expiresAt": "2020-01-01T00:00:00Z"}), "/expiresAt"),
    ] {
        let told = stage.web.post(&stage.above, "/api/api-tokens", &body).await.expect(422);
        assert_eq!(told.json()["errors"][0]["pointer"], pointer, "{}", told.text);
    }
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_tokens_goes_on_where_it_ended() {
    let stage = Stage::set().await;
    for _ in 0..5 {
        stage.mint(&stage.above, &scoped(&["read"])).await;
    }
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let path = format!("/api/api-tokens?limit=2{cursor}");
        let page = stage.web.get(&stage.above, &path).await.expect(200).json();
        seen += page["items"].as_array().map_or(0, Vec::len);
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, 5);
    assert_eq!(stage.web.get(&stage.above, "/api/api-tokens?cursor=1").await.status, 422);
    stage.web.stop().await;
}
