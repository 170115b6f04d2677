//! The ledger: what went out, what is not known of it, and that nothing goes out twice (hazards H3).

use draxis_domain::workflow_run::{Known, RunStanding};
use draxis_runner::far_systems::{FarJira, Mishap, Odds};
use serde_json::{Value, json};

use super::scene::{Scene, incident, jira, manual, post};
use crate::house::long;

/// The knowledge of each of a run's effects.
async fn known(scene: &Scene, run: draxis_domain::WorkflowRunId) -> Vec<Known> {
    scene.run(run).await.effects.into_values().map(|effect| effect.known).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_whose_answer_was_lost_is_found_and_not_opened_again() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket"), incident("incident")]).await;
    scene.jira.script([Mishap::DoneThenDrop]);
    scene.servicenow.script([Mishap::DoneThenFail]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    assert!(matches!(known(&scene, run).await[..], [Known::Ambiguous { .. }]));
    scene.after(20).await;
    scene.after(20).await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 1);
    assert_eq!(scene.servicenow.with(|now| now.records("incident").len()), 1);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_lags_makes_no_second_ticket() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket")]).await;
    scene.jira.with(FarJira::hold_index);
    scene.jira.script([Mishap::DoneThenDrop]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    scene.after(16).await;
    scene.after(16).await;
    assert_eq!(scene.standing(run).await, RunStanding::UnderWay);
    scene.jira.with(FarJira::release_index);
    scene.after(40).await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), 1);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_of_which_nobody_can_know_waits_for_a_person() {
    let mut scene = Scene::set().await;
    let plain = json!({"id": "say", "type": "post_slack", "channel": "#sec", "text": "Hello"});
    let webhook = json!({"settings": {"mode": "webhook"}, "credentials": {"url": format!("{}/services/T/B/x", scene.slack.url())}});
    scene.put("/api/relay-config/slack", &webhook).await.expect(200);
    let workflow = scene.workflow(&manual(), &[plain]).await;
    scene.slack.script([Mishap::DoneThenDrop]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    scene.after(30).await;
    let state = scene.run(run).await;
    let (effect, entry) = state.effects.iter().next().unwrap();
    assert!(matches!(entry.known, Known::Ambiguous { look_at: None, .. }), "{entry:?}");
    let listed = scene.get("/api/effects?state=ambiguous").await.expect(200).json();
    assert_eq!(listed["items"][0]["id"], effect.to_string(), "{listed}");
    let decide = json!({"verdict": "done", "reason": "it stands in the channel"});
    scene.post(&format!("/api/effects/{effect}/decide"), &decide).await.expect(200);
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    let decided = scene.events("workflow_run.effect_decided").await;
    assert_eq!(decided[0]["metadata"]["reason"], "it stands in the channel");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_far_side_is_left_alone_for_as_long_as_it_asks() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket")]).await;
    scene.jira.script([Mishap::Busy(300)]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    let asked = scene.jira.requests();
    scene.after(299).await;
    assert_eq!(scene.jira.requests(), asked);
    scene.after(1).await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    scene.web.stop().await;
}

/// Far systems that drop, fail, garble, are busy and lag in their index.
fn trouble() -> Odds {
    Odds::never()
        .with(Mishap::DropUndone, 60)
        .with(Mishap::DoneThenDrop, 120)
        .with(Mishap::FailUndone, 60)
        .with(Mishap::DoneThenFail, 120)
        .with(Mishap::DoneThenGarble, 60)
        .with(Mishap::Busy(3), 60)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_far_systems_do_each_run_has_one_ticket_and_what_is_not_known_is_shown() {
    let runs = if long() { 1_000 } else { 60 };
    let mut scene = Scene::set().await;
    let mut ticket = jira("ticket");
    ticket["retry"] = json!({"attempts": 10, "delay": "PT1S", "maxDelay": "PT10S"});
    let workflow = scene.workflow(&manual(), &[ticket, post("say")]).await;
    scene.jira.with(|jira| jira.lag(2, 11));
    scene.jira.misbehave(trouble(), Odds::never().with(Mishap::FailUndone, 100), 7);
    let mut ids = Vec::new();
    for _ in 0..runs {
        ids.push(scene.press(&workflow).await);
    }
    scene.settle().await;
    for _ in 0..400 {
        scene.after(15).await;
        let mut open = 0;
        for id in &ids {
            open += usize::from(scene.standing(*id).await == RunStanding::UnderWay);
        }
        if open == 0 {
            break;
        }
    }
    let mut confirmed = 0;
    for id in &ids {
        assert_eq!(scene.standing(*id).await, RunStanding::Completed, "{:?}", scene.run(*id).await);
        confirmed += known(&scene, *id).await.iter().filter(|it| matches!(it, Known::Confirmed(_))).count();
    }
    assert_eq!(confirmed, runs * 2);
    let (issues, labels) = scene.jira.with(|jira| {
        let labels: std::collections::BTreeSet<String> =
            jira.issues().iter().flat_map(|issue| issue.labels.clone()).collect();
        (jira.issues().len(), labels.len())
    });
    assert_eq!((issues, labels), (runs, runs), "tickets = effects, none twice");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_and_no_secret_stands_in_a_run_s_events() {
    let scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[super::scene::pause("pause", "PT1H")]).await;
    scene.press(&workflow).await;
    scene.settle().await;
    let told: Vec<Value> = scene.web.written(&scene.admin).await;
    let text = serde_json::to_string(&told).unwrap();
    assert!(!text.contains("canary") && !text.contains("user@acme.example"), "{text}");
    scene.web.stop().await;
}
