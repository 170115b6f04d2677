//! People: who sees whom, roles taken away, permissions granted.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Stage, code};

fn names(told: &Value) -> Vec<&str> {
    told["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_the_people_of_their_own_scope_as_far_as_they_are_of_it() {
    let stage = Stage::set().await;
    let (_, other) = stage.web.tenant(&stage.root, "other-corp").await;
    let master = json!({"role": "master_admin", "organizationId": stage.organization});
    let mia = stage.come_in("mia", &master).await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let eve = stage.come_in("eve", &stage.role("tenant_user")).await;
    stage.come_in("eve", &master).await;
    let people = async |token: &str| stage.web.get(token, "/api/accounts").await.expect(200).json();

    let of_tenant = people(&ada.token).await;
    assert_eq!(names(&of_tenant), ["ada", "eve"]);
    assert_eq!(of_tenant["items"][1]["email"], "eve@acme.example");
    assert_eq!(of_tenant["items"][1]["grants"], json!([stage.role("tenant_user")]), "nothing of elsewhere");
    let of_organization = people(&mia.token).await;
    assert_eq!(names(&of_organization), ["mia", "ada", "eve"]);
    assert_eq!(of_organization["items"][2]["grants"].as_array().map(Vec::len), Some(2));
    assert_eq!(names(&people(&stage.root).await), ["Root", "mia", "ada", "eve"]);
    assert_eq!(names(&people(&other).await), Vec::<&str>::new());
    assert_eq!(stage.web.get(&eve.token, "/api/accounts").await.status, 403);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_no_role_any_more_is_signed_out_everywhere_and_an_old_link_does_not_bring_them_back() {
    let stage = Stage::set().await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let eve = stage.come_in("eve", &stage.role("tenant_user")).await;
    stage.refresh(&eve.cookie).await.expect(200);
    let session = super::stage::cookie(&stage.login("eve").await.expect(200));
    for _ in 0..2 {
        stage.revoke(&ada.token, &eve.id, &stage.role("tenant_user")).await.expect(200);
    }
    assert_eq!(stage.refresh(&session).await.status, 401);
    let refused = stage.login("eve").await.expect(401);
    let unknown = stage.login("nobody").await.expect(401);
    assert_eq!(refused.text, unknown.text, "to the outside there is no such account");
    assert_eq!(stage.accept("eve", &eve.link).await.status, 410, "the invitation has had its day");
    assert_eq!(names(&stage.web.get(&ada.token, "/api/accounts").await.expect(200).json()), ["ada"]);
    stage.web.get(&eve.token, "/api/dashboard").await.expect(200);
    stage.web.clock.advance(chrono::Duration::minutes(15));
    assert_eq!(
        stage.web.get(&eve.token, "/api/dashboard").await.status,
        401,
        "a quarter of an hour, no more"
    );

    let root = stage.login("root").await.expect(200).field("accessToken");
    let revoked = stage.events(&root, "account.role_revoked").await;
    assert_eq!(revoked.len(), 1, "asked twice, once done");
    assert_eq!(revoked[0]["metadata"]["reason"], "they left");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_away_what_lies_outside_their_scope() {
    let stage = Stage::set().await;
    let (theirs, other) = stage.web.tenant(&stage.root, "other-corp").await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let eve = stage.come_in("eve", &stage.role("tenant_user")).await;
    let never = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    // Their own scope, somebody who is nothing there: as somebody who never was.
    let in_other = json!({"role": "tenant_user", "tenantId": theirs});
    let stranger = stage.revoke(&other, &eve.id, &in_other).await.expect(404);
    assert_eq!(stranger.text, stage.revoke(&other, never, &in_other).await.expect(404).text);
    // Another's scope: as one that never was.
    let foreign = stage.revoke(&other, &eve.id, &stage.role("tenant_user")).await.expect(404);
    let nowhere = json!({"role": "tenant_user", "tenantId": never});
    assert_eq!(foreign.text, stage.revoke(&other, &eve.id, &nowhere).await.expect(404).text);
    let master = |organization: &str| json!({"role": "master_admin", "organizationId": organization});
    let above = stage.revoke(&ada.token, &eve.id, &master(&stage.organization)).await.expect(404);
    assert_eq!(above.text, stage.revoke(&ada.token, &eve.id, &master(never)).await.expect(404).text);
    assert_eq!(stage.revoke(&eve.token, &ada.id, &stage.role("tenant_admin")).await.status, 403);
    assert_eq!(stage.revoke(&ada.token, &eve.id, &json!({"role": "superadmin"})).await.status, 403);
    assert_eq!(stage.events(&stage.root, "account.role_revoked").await.len(), 0);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_superadmin_stays_also_when_two_remove_each_other() {
    let stage = Stage::set().await;
    let superadmin = json!({"role": "superadmin"});
    let root = stage.web.get(&stage.root, "/api/auth/me").await.expect(200).field("id");
    let alone = stage.revoke(&stage.root, &root, &superadmin).await.expect(409);
    assert_eq!(code(&alone), "account.last_superadmin");
    for round in 0..4 {
        let other = stage.come_in(&format!("other{round}"), &superadmin).await;
        let (one, two) = tokio::join!(
            stage.revoke(&stage.root, &other.id, &superadmin),
            stage.revoke(&other.token, &root, &superadmin)
        );
        let mut told = [one.status, two.status];
        told.sort_unstable();
        assert_eq!(told, [200, 409], "{} {}", one.text, two.text);
        let people = stage.web.get(&stage.root, "/api/accounts").await.expect(200).json();
        let left = people["items"].as_array().unwrap().iter();
        let left = left.filter(|item| item["grants"].as_array().unwrap().contains(&superadmin)).count();
        assert_eq!(left, 1);
        if two.status == 200 {
            // The other one is the last now and invites the first again.
            let invite = json!({"email": "root@acme.example", "role": "superadmin"});
            let link =
                stage.web.post(&other.token, "/api/invitations", &invite).await.expect(201).field("token");
            stage.accept("root", &link).await.expect(201);
            stage.revoke(&stage.root, &other.id, &superadmin).await.expect(200);
        }
    }
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_granted_permission_is_honoured_until_it_is_taken_back() {
    let stage = Stage::set().await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let eve = stage.come_in("eve", &stage.role("tenant_user")).await;
    let bob = stage.come_in("bob", &stage.role("auditor")).await;
    let path = |id: &str| format!("/api/accounts/{id}/permissions/risk:manage");
    let set = async |method: Method, by: &str, id: &str| {
        stage.web.command(method, by, &path(id), &json!({"reason": "for the review"}), &[]).await
    };
    let define = async |token: &str| {
        stage.web.post(token, "/api/outcomes", &json!({"name": "Customers can pay"})).await.status
    };
    assert_eq!(define(&eve.token).await, 403);
    assert_eq!(set(Method::PUT, &eve.token, &eve.id).await.status, 403, "not by themselves");
    for _ in 0..2 {
        set(Method::PUT, &ada.token, &eve.id).await.expect(200);
    }
    assert_eq!(code(&set(Method::PUT, &ada.token, &bob.id).await.expect(409)), "account.not_a_tenant_user");
    let granted = stage.login("eve").await.expect(200).field("accessToken");
    assert_eq!(define(&granted).await, 201);
    let taken = stage.tenant_token(&granted).await.expect(200).field("accessToken");
    assert_eq!(define(&taken).await, 201, "the tenant's token carries it as well");
    let source = json!({"name": "S", "sourceType": "generic", "vendor": "push"});
    assert_eq!(stage.web.post(&granted, "/api/kri-sources", &source).await.status, 403, "that one alone");
    let me = stage.web.get(&granted, "/api/auth/me").await.expect(200).json();
    assert_eq!(me["permissions"], json!(["risk:manage"]));
    let people = stage.web.get(&ada.token, "/api/accounts").await.expect(200).json();
    assert_eq!(people["items"][1]["permissions"][0]["permission"], "risk:manage");

    set(Method::DELETE, &ada.token, &eve.id).await.expect(200);
    let after = stage.login("eve").await.expect(200).field("accessToken");
    assert_eq!(define(&after).await, 403);
    assert_eq!(stage.events(&stage.root, "account.permission_granted").await.len(), 1);
    assert_eq!(stage.events(&stage.root, "account.permission_revoked").await.len(), 1);
    stage.web.stop().await;
}
