//! Time: reminders, those who are asked later, and the end, once each and at their instant.

use chrono::Duration;
use draxis_domain::approval::{Approval, OccasionKind};
use draxis_event_store::Clock as _;
use serde_json::json;

use super::scene::{ADMIN, OTHER_USER, Scene, USER, code};

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_is_reminded_others_are_asked_and_may_vote_then() {
    let mut scene = Scene::set().await;
    let now = scene.web().clock.now();
    let escalation = json!({"at": now + Duration::hours(24), "to": {"roles": ["tenant_admin"]}});
    let named = json!({"accounts": [scene.account(USER), scene.account(OTHER_USER)]});
    let asked = scene
        .ask(&json!({"approvers": named, "required": 2, "remindAt": [now + Duration::hours(12)], "escalation": escalation}))
        .await;
    scene.vote(scene.token(USER), &asked, "approved").await.expect(200);
    assert_eq!(code(&scene.vote(scene.token(ADMIN), &asked, "approved").await), "approval.not_yours");
    scene.pass(11).await;
    assert_eq!(scene.count("approval.reminded").await, 0, "not before its time");
    scene.pass(1).await;
    assert_eq!(scene.count("approval.reminded").await, 1);
    scene.pass(12).await;
    assert_eq!(scene.count("approval.escalated").await, 1);
    let approval: Approval = scene.web().app.commands.load(scene.tenant, &asked.id).await.unwrap();
    let occasions = approval.state().unwrap().occasions();
    let kinds: Vec<OccasionKind> = occasions.iter().map(|it| it.what).collect();
    assert_eq!(kinds, [OccasionKind::Asked, OccasionKind::Reminded { count: 1 }, OccasionKind::Escalated]);
    let mut people = Vec::new();
    for occasion in occasions {
        people.push(scene.web().app.commands.people_to_ask(scene.tenant, occasion).await.unwrap());
    }
    let account = |n: usize| scene.account(n).parse().unwrap();
    assert_eq!(people[0], [account(USER), account(OTHER_USER)].into());
    assert_eq!(people[1], [account(OTHER_USER)].into(), "who has answered is left alone");
    assert_eq!(people[2], [account(ADMIN)].into(), "everybody who holds the role now");
    let done = scene.vote(scene.token(ADMIN), &asked, "approved").await.expect(200);
    assert_eq!(done.field("state"), "approved");
    scene.pass(72).await;
    assert_eq!(scene.count("approval.decided").await, 1, "what is decided is due no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_answers_the_time_out_decides_as_it_was_agreed() {
    let mut scene = Scene::set().await;
    let mut all = Vec::new();
    for (agreed, state) in [("reject", "rejected"), ("approve", "approved"), ("fail", "timed_out")] {
        all.push((scene.ask(&json!({"approvers": scene.three(), "onTimeout": agreed})).await, state));
    }
    scene.pass(71).await;
    assert_eq!(scene.count("approval.decided").await, 0);
    scene.pass(1).await;
    for (asked, state) in &all {
        let shown = scene.read(scene.token(USER), asked).await;
        assert_eq!((&shown["state"], &shown["decision"]["by"]), (&json!(state), &json!("timeout")));
        let late = scene.vote(scene.token(USER), asked, "approved").await;
        assert_eq!((late.status, code(&late)), (409, "approval.decided".to_owned()));
        assert!(late.field("detail").contains("because the time ran out"), "{}", late.text);
    }
    assert_eq!(scene.count("approval.decided").await, all.len());
}
