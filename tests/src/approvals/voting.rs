//! Votes: whose counts, once, and what everybody else is told.

use reqwest::Method;
use serde_json::json;

use super::scene::{ADMIN, AUDITOR, DIGEST, OTHER_USER, Scene, USER, code};

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_are_two_people() {
    let scene = Scene::set().await;
    let asked = scene.ask(&json!({"approvers": scene.three(), "required": 2})).await;
    let first = scene.vote(scene.token(ADMIN), &asked, "approved").await.expect(200).json();
    assert_eq!((&first["state"], &first["approvals"]), (&json!("open"), &json!(1)));
    let again = scene.vote(scene.token(ADMIN), &asked, "approved").await.expect(200).json();
    assert_eq!(again, first, "the same vote again is no second one");
    let changed = scene.vote(scene.token(ADMIN), &asked, "rejected").await;
    assert_eq!((changed.status, code(&changed)), (409, "approval.voted".to_owned()));
    let second = scene.vote(scene.token(USER), &asked, "approved").await.expect(200).json();
    assert_eq!((&second["state"], &second["approvals"]), (&json!("approved"), &json!(2)));
    assert_eq!((scene.count("approval.voted").await, scene.count("approval.decided").await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_vote_is_told_the_outcome_by_whatever_address_it_comes() {
    let scene = Scene::set().await;
    let asked = scene.ask(&json!({"approvers": scene.three()})).await;
    scene.vote(scene.token(USER), &asked, "rejected").await.expect(200);
    let of_run = |verb: &str| format!("/api/workflow-runs/{}/{verb}", asked.run);
    let late = [
        scene.vote(scene.token(ADMIN), &asked, "approved").await,
        scene.web().post(scene.token(ADMIN), &of_run("approve"), &json!({"digest": DIGEST})).await,
        scene
            .web()
            .post(scene.token(OTHER_USER), &of_run("reject"), &json!({"digest": DIGEST, "reason": "no"}))
            .await,
    ];
    for told in late {
        assert_eq!((told.status, code(&told)), (409, "approval.decided".to_owned()));
        assert!(told.field("detail").contains("it was rejected by one rejection"), "{}", told.text);
    }
    assert_eq!(scene.count("approval.voted").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_approved_by_its_own_address_with_the_digest_that_was_read() {
    let scene = Scene::set().await;
    let asked = scene.ask(&json!({"approvers": scene.three()})).await;
    let approve = format!("/api/workflow-runs/{}/approve", asked.run);
    let reject = format!("/api/workflow-runs/{}/reject", asked.run);
    let blind = scene.web().post(scene.token(USER), &approve, &json!({})).await.expect(422);
    assert_eq!(blind.json()["errors"][0]["pointer"], "/digest");
    assert!(blind.text.contains(&format!("GET /api/approvals/{}", asked.id)), "{}", blind.text);
    let stale = scene.web().post(scene.token(USER), &approve, &json!({"digest": "0"})).await;
    assert_eq!((stale.status, code(&stale)), (409, "approval.changed".to_owned()));
    scene.web().post(scene.token(USER), &reject, &json!({"digest": DIGEST})).await.expect(422);
    let elsewhere = json!({"digest": DIGEST, "step": "another"});
    scene.web().post(scene.token(USER), &approve, &elsewhere).await.expect(404);
    let done =
        scene.web().post(scene.token(USER), &approve, &json!({"digest": DIGEST, "step": "approve"})).await;
    assert_eq!(done.expect(200).field("state"), "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_who_was_not_asked_who_asked_or_who_is_nobody_there() {
    let scene = Scene::set().await;
    let named = json!({"accounts": [scene.account(USER), scene.account(AUDITOR)], "roles": ["tenant_admin"]});
    let asked = scene.ask(&json!({"approvers": named, "requester": scene.account(ADMIN)})).await;
    for (token, status, why) in [
        (scene.token(ADMIN), 409, "approval.requester"),
        (scene.token(OTHER_USER), 409, "approval.not_yours"),
        (scene.token(AUDITOR), 409, "approval.not_yours"),
        (&scene.stage.above, 409, "approval.impersonator"),
        (&scene.stage.root, 403, "forbidden"),
    ] {
        for decision in ["approved", "rejected"] {
            let told = scene.vote(token, &asked, decision).await;
            assert_eq!((told.status, code(&told).as_str()), (status, why), "{}", told.text);
        }
    }
    let minted = json!({"name": "Nightly job", "scopes": ["read", "workflows:manage"]});
    let machine = scene.stage.post("/api/api-tokens", &minted).await.expect(201).field("token");
    let told = scene.vote(&machine, &asked, "approved").await;
    assert_eq!((told.status, code(&told)), (403, "not_a_person".to_owned()));
    assert_eq!(scene.count("approval.voted").await, 0);

    let allowed = json!({"approvers": named, "requester": scene.account(ADMIN), "requesterMayApprove": true});
    let asked = scene.ask(&allowed).await;
    scene.vote(scene.token(ADMIN), &asked, "approved").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_was_taken_away_decides_nothing_although_its_token_still_lives() {
    let scene = Scene::set().await;
    let asked =
        scene.ask(&json!({"approvers": {"accounts": [scene.account(USER)], "roles": ["tenant_user"]}})).await;
    scene.joins_elsewhere(USER, "tenant_user").await;
    let grant = json!({"grant": {"role": "tenant_user", "tenantId": scene.tenant}, "reason": "they left"});
    scene.stage.post(&format!("/api/accounts/{}/revoke", scene.account(USER)), &grant).await.expect(200);
    let told = scene.vote(scene.token(USER), &asked, "approved").await;
    assert_eq!((told.status, code(&told)), (409, "approval.not_yours".to_owned()));
    scene.vote(scene.token(OTHER_USER), &asked, "approved").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_say_is_handed_over_to_one_member_and_is_theirs_alone_then() {
    let scene = Scene::set().await;
    let named = json!({"accounts": [scene.account(ADMIN)]});
    let asked = scene.ask(&json!({"approvers": named, "requester": scene.account(OTHER_USER)})).await;
    let admin = scene.token(ADMIN);
    for (to, status, why) in [
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 422, "approval.delegate"),
        (scene.account(AUDITOR), 422, "approval.delegate"),
        (scene.account(OTHER_USER), 409, "approval.requester"),
    ] {
        let told = scene.delegate(admin, &asked, to).await;
        assert_eq!((told.status, code(&told).as_str()), (status, why), "{}", told.text);
    }
    let stranger = scene.delegate(scene.token(USER), &asked, scene.account(OTHER_USER)).await;
    assert_eq!(code(&stranger), "approval.not_yours", "nobody hands over what they do not have");
    scene.delegate(admin, &asked, scene.account(USER)).await.expect(200);
    assert_eq!(code(&scene.vote(admin, &asked, "approved").await), "approval.not_yours");
    let shown = scene.read(scene.token(USER), &asked).await;
    assert_eq!(shown["waitsForMe"], true);
    assert_eq!(
        (&shown["delegations"][0]["from"]["name"], &shown["delegations"][0]["to"]["name"]),
        (&json!("Person 0"), &json!("Person 1"))
    );
    let done = scene.vote(scene.token(USER), &asked, "approved").await.expect(200);
    assert_eq!(done.field("state"), "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_is_sent_again_under_its_key_is_answered_as_before() {
    let scene = Scene::set().await;
    let asked = scene.ask(&json!({"approvers": scene.three(), "required": 2})).await;
    let path = format!("/api/approvals/{}/vote", asked.id);
    let body = json!({"decision": "approved", "digest": DIGEST, "comment": "seen in the console"});
    let key = [("idempotency-key", "one vote")];
    let send = async |body| scene.web().command(Method::POST, scene.token(USER), &path, body, &key).await;
    let first = send(&body).await.expect(200);
    scene.vote(scene.token(ADMIN), &asked, "approved").await.expect(200);
    let again = send(&body).await.expect(200);
    assert_eq!(
        (&first.text, first.header("draxis-position")),
        (&again.text, again.header("draxis-position"))
    );
    send(&json!({"decision": "rejected", "digest": DIGEST, "comment": "no"})).await.expect(422);
}
