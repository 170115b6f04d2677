//! Owners: whoever answers for a thing can sign in to its tenant.

use reqwest::Method;
use serde_json::{Value, json};

use super::scene::Scene;

/// Everything that can have an owner: where it is made, its body, and where one of it is edited or assigned.
async fn owned(scene: &Scene, owner: Option<&str>) -> Vec<(Method, String, Value)> {
    let with = |mut body: Value| {
        body["owner"] = json!(owner);
        body
    };
    let kri = json!({"slug": "an_owned_kri", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 10, "critical": 20});
    let (risk, control) = (json!({"name": "R", "likelihood": 1, "impact": 1}), json!({"name": "C"}));
    let vendor = json!({"name": "V", "criticality": "high"});
    let mut asked = Vec::new();
    for (noun, body) in [("kris", kri), ("risks", risk), ("controls", control), ("vendors", vendor)] {
        let path = format!("/api/{noun}");
        let id = scene.make(&path, body.clone()).await;
        if noun == "kris" {
            scene.minutes_pass(1);
            scene.enter(&id, "12").await;
        }
        asked.push((Method::PUT, format!("{path}/{id}"), with(body.clone())));
        let mut another = body;
        if noun == "kris" {
            another["slug"] = json!("another_owned_kri");
        }
        asked.push((Method::POST, path, with(another)));
    }
    let breach = scene.get("/api/breaches?open=true").await["items"][0]["id"].as_str().unwrap().to_owned();
    asked.push((Method::POST, format!("/api/breaches/{breach}/assign"), with(json!({}))));
    asked
}

async fn ask(
    scene: &Scene,
    (method, path, body): &(Method, String, Value),
    owner: &str,
) -> crate::house::Told {
    let mut body = body.clone();
    body["owner"] = json!(owner);
    scene.web.command(method.clone(), &scene.token, path, &body, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_sign_in_to_the_tenant_owns_nothing_in_it() {
    let scene = Scene::set().await;
    let (their_id, _) = scene.web.tenant(&scene.root, "their-corp").await;
    let grant = json!({"role": "tenant_admin", "tenantId": their_id});
    let stranger = scene.person("bob@their.example", grant).await;
    let former = scene.member("former@acme.example").await;
    let grant = json!({"role": "tenant_admin", "tenantId": scene.tenant});
    let revoke = json!({"grant": grant, "reason": "left"});
    scene.web.post(&scene.root, &format!("/api/accounts/{former}/revoke"), &revoke).await.expect(200);
    let me = scene.web.get(&scene.root, "/api/auth/me").await.expect(200).json();
    let superadmin = me["account"]["id"].as_str().or(me["id"].as_str()).unwrap().to_owned();

    let asked = owned(&scene, None).await;
    let before = scene.written().await.len();
    for request in &asked {
        let never = ask(&scene, request, "01ARZ3NDEKTSV4RRFFQ69G5FAV").await.expect(422);
        assert_eq!(never.json()["errors"][0]["pointer"], "/owner", "{request:?}: {}", never.text);
        assert_eq!(never.json()["type"], "urn:draxis:problem:owner.no_member", "{}", never.text);
        for nobody in [&stranger, &former, &superadmin] {
            let told = ask(&scene, request, nobody).await.expect(422);
            assert_eq!(told.text, never.text, "{request:?}: the same as for nobody at all");
        }
    }
    assert_eq!(scene.written().await.len(), before, "nothing was written");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_sign_in_answers_for_things_by_their_own_role_or_by_one_above() {
    let scene = Scene::set().await;
    let ann = scene.member("ann@acme.example").await;
    let reader = json!({"role": "auditor", "tenantId": scene.tenant});
    let reader = scene.person("audit@acme.example", reader).await;
    let organizations = scene.web.get(&scene.root, "/api/organizations").await.expect(200).json();
    let partner = json!({"role": "master_admin", "organizationId": organizations["items"][0]["id"]});
    let partner = scene.person("partner@acme.example", partner).await;
    for request in &owned(&scene, None).await {
        for owner in [&ann, &reader, &partner] {
            if request.0 == Method::PUT || request.1.starts_with("/api/breaches") {
                ask(&scene, request, owner).await.expect(200);
            }
        }
        if request.0 == Method::POST && !request.1.starts_with("/api/breaches") {
            let made = ask(&scene, request, &ann).await.expect(201).field("id");
            assert_eq!(scene.get(&format!("{}/{made}", request.1)).await["owner"], json!(ann));
        }
    }
    for list in ["/api/kris", "/api/risks"] {
        let of = async |owner: &str| {
            scene.get(&format!("{list}?owner={owner}")).await["items"].as_array().map(Vec::len)
        };
        assert_eq!((of(&ann).await, of(&partner).await), (Some(1), Some(1)), "{list}");
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_carried_out_is_answered_so_again_though_its_owner_has_left_and_its_risk_is_archived() {
    let scene = Scene::set().await;
    let ann = scene.member("ann@acme.example").await;
    let risk = scene.make("/api/risks", json!({"name": "R", "likelihood": 1, "impact": 1})).await;
    let body = json!({"slug": "a_kri", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2,
                      "owner": ann, "riskIds": [risk]});
    let key = [("idempotency-key", "once")];
    let ask = async || scene.web.command(Method::POST, &scene.token, "/api/kris", &body, &key).await;
    let first = ask().await.expect(201);
    let grant = json!({"role": "tenant_admin", "tenantId": scene.tenant});
    let revoke = json!({"grant": grant, "reason": "left"});
    scene.web.post(&scene.root, &format!("/api/accounts/{ann}/revoke"), &revoke).await.expect(200);
    scene.post(&format!("/api/risks/{risk}/archive"), json!({})).await.expect(200);
    let again = ask().await.expect(201);
    assert_eq!(
        (&again.text, again.header("draxis-position")),
        (&first.text, first.header("draxis-position"))
    );
    let anew = scene.post("/api/kris", body).await.expect(422).json();
    assert_eq!(anew["errors"][0]["pointer"], "/riskIds", "asked for anew it does not hold: {anew}");
    scene.web.stop().await;
}
