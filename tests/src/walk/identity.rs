//! Who people are: registration, sign-in, sessions, invitations, tokens for one tenant.

use chrono::Duration;
use reqwest::Method;
use serde_json::json;

use crate::house::{TestDatabase, Told, Web};

#[tokio::test(flavor = "multi_thread")]
async fn of_64_first_registrations_at_once_exactly_one_succeeds() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    assert_eq!(web.get("", "/api/auth/needs-setup").await.json(), json!({"needsSetup": true}));
    let attempts = (0..64).map(|n| {
        let body = json!({"email": format!("root{n}@acme.example"), "password": "correct horse battery", "name": "R"});
        let web = &web;
        async move { web.post("", "/api/auth/register", &body).await }
    });
    let told = futures_util::future::join_all(attempts).await;
    let won: Vec<&Told> = told.iter().filter(|told| told.status == 201).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(won[0].json()["account"]["role"], "superadmin");
    assert!(told.iter().all(|told| told.status == 201 || told.status == 409), "{told:?}");
    assert_eq!(web.get("", "/api/auth/needs-setup").await.json(), json!({"needsSetup": false}));
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_password_is_refused_at_its_place() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let body = json!({"email": "root@acme.example", "password": "elevenchars", "name": "Root"});
    let told = web.post("", "/api/auth/register", &body).await.expect(422);
    assert_eq!(told.json()["errors"][0]["pointer"], "/password");
    assert!(!told.text.contains("elevenchars"));
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    web.register().await;
    let login = async |email: &str, password: &str| {
        web.post("", "/api/auth/login", &json!({"email": email, "password": password})).await
    };
    let right = login("root@acme.example", "correct horse battery").await.expect(200);
    assert_eq!(right.json()["expiresIn"], 900);
    let wrong = login("root@acme.example", "wrong horse battery").await.expect(401);
    for unknown in ["nobody@acme.example", "not an address"] {
        let told = login(unknown, "wrong horse battery").await.expect(401);
        assert_eq!(told.text, wrong.text);
    }
    web.stop().await;
}

fn cookie(told: &Told) -> String {
    told.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reused_refresh_token_ends_its_whole_family() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    web.register().await;
    let login = json!({"email": "root@acme.example", "password": "correct horse battery"});
    let first = web.post("", "/api/auth/login", &login).await.expect(200);
    assert!(first.header("set-cookie").contains("HttpOnly"));
    let refresh =
        async |cookie: &str| web.send(Method::POST, "/api/auth/refresh", &[("cookie", cookie)], None).await;
    let second = refresh(&cookie(&first)).await.expect(200);
    assert_ne!(cookie(&first), cookie(&second), "a token is exchanged at each use");
    assert_eq!(refresh(&cookie(&first)).await.status, 401, "a used token is refused");
    assert_eq!(refresh(&cookie(&second)).await.status, 401, "and its family with it");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_at_its_sign_out_and_a_token_when_it_expires() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let token = web.register().await;
    let login = json!({"email": "root@acme.example", "password": "correct horse battery"});
    let session = cookie(&web.post("", "/api/auth/login", &login).await.expect(200));
    let ask = async |path: &str| web.send(Method::POST, path, &[("cookie", &session)], None).await;
    assert_eq!(ask("/api/auth/logout").await.status, 204);
    assert_eq!(ask("/api/auth/refresh").await.status, 401);

    web.get(&token, "/api/auth/me").await.expect(200);
    web.clock.advance(Duration::minutes(15));
    assert_eq!(web.get(&token, "/api/auth/me").await.status, 401, "at its very second");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_token_is_nobody() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let token = web.register().await;
    let parts: Vec<&str> = token.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let other = "eyJpc3MiOiJkcmF4aXMifQ";
    for forged in [
        format!("{}.{}.", none, parts[1]),
        format!("{}.{}.{}", parts[0], other, parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        "nonsense".to_owned(),
        String::new(),
    ] {
        assert_eq!(web.get(&forged, "/api/auth/me").await.status, 401, "{forged}");
    }
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_gets_their_role_and_nothing_more_and_the_link_works_once() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let (tenant, token) = web.tenant(&root, "acme-corp").await;
    let invite = json!({"email": "ada@acme.example", "role": "tenant_user", "tenantId": tenant});
    let invited = web.post(&root, "/api/invitations", &invite).await.expect(201).field("token");
    let mail = web.get(&root, "/api/outbox").await.expect(200);
    assert!(mail.text.contains(&invited), "without a mail server the link is read here");
    let accept = format!("/api/invitations/{invited}/accept");
    let person = json!({"name": "Ada", "password": "a password of her own"});
    let ada = web.post("", &accept, &person).await.expect(201);
    assert_eq!(ada.json()["account"]["role"], "tenant_user");
    assert_eq!(web.post("", &accept, &person).await.status, 410, "the link works once");
    assert_eq!(web.post("", "/api/invitations/never-existed/accept", &person).await.status, 410);

    let ada = ada.field("accessToken");
    web.get(&ada, "/api/dashboard").await.expect(200);
    let refused = web.post(&ada, "/api/outcomes", &json!({"name": "Mine"})).await.expect(403);
    assert_eq!(refused.json()["type"], "urn:draxis:problem:forbidden");
    assert_eq!(web.post(&ada, "/api/organizations", &json!({"name": "Mine"})).await.status, 403);

    // The administrator acts in a tenant they are no member of: both identities are on every event.
    web.post(&token, "/api/outcomes", &json!({"name": "Theirs"})).await.expect(201);
    let events = web.written(&token).await;
    let metadata = &events[0]["metadata"];
    assert!(metadata["impersonator"].is_string(), "{metadata}");
    assert_eq!(metadata["reason"], "a test");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_asked_for_twice_with_one_key_is_one_invitation_with_one_token() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let invite = json!({"email": "ada@acme.example", "role": "superadmin"});
    let ask = async || {
        web.command(Method::POST, &root, "/api/invitations", &invite, &[("idempotency-key", "k")]).await
    };
    let (first, again) = (ask().await.expect(201), ask().await.expect(201));
    assert_eq!(first.text, again.text);
    let mail = web.get(&root, "/api/outbox").await.expect(200).json();
    assert_eq!(mail["items"].as_array().map(Vec::len), Some(1));
    web.stop().await;
}
