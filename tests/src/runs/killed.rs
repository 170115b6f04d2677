//! Killed: a run of all kinds of steps is cut off after each of its commits and in the middle of each request, and is gone on
//! with by whoever comes next.

use draxis_domain::WorkflowRunId;
use draxis_domain::workflow_run::{EffectContent, Known, RunStanding};
use serde_json::{Value, json};

use super::scene::{Scene, approval, document, emit, incident, jira, letter, manual, panel, pause, post};

fn steps(user: &str) -> Vec<Value> {
    let mut tell = letter("tell");
    tell["to"] = json!([{"account": user}]);
    tell["subject"] = json!("A run of {{ run.workflowName }}");
    tell["body"] = json!("See {{ run.url }}");
    vec![
        tell,
        jira("ticket"),
        incident("incident"),
        post("say"),
        panel("ask"),
        document("write"),
        approval("approve", user),
        pause("night", "PT1H"),
        emit("patched"),
    ]
}

/// Goes on with a run until it is over, whatever it takes: time passes, people decide.
async fn finish(scene: &mut Scene, run: WorkflowRunId) {
    for _ in 0..200 {
        scene.after(61).await;
        if scene.waiting_approval().await.is_some() {
            scene.approve().await;
        }
        look_into_slack(scene, run).await;
        let begun = scene.web.app.commands.load_run(scene.tenant, run).await.unwrap();
        if begun.state().is_some_and(|run| run.standing != RunStanding::UnderWay) {
            return;
        }
        scene.after(600).await;
    }
}

/// Where nobody else can know whether a post was made, a person looks and says so.
async fn look_into_slack(scene: &Scene, run: WorkflowRunId) {
    let run = scene.web.app.commands.load_run(scene.tenant, run).await.unwrap();
    for (effect, entry) in run.state().into_iter().flat_map(|run| &run.effects) {
        if let (EffectContent::Slack { text, .. }, Known::Ambiguous { look_at: None, .. }) =
            (&entry.content, &entry.known)
        {
            let there =
                scene.slack.with(|slack| slack.messages().iter().any(|message| message.text == *text));
            let decide = json!({"verdict": if there { "done" } else { "not_done" }, "reason": "looked"});
            scene.post(&format!("/api/effects/{effect}/decide"), &decide).await.expect(200);
        }
    }
}

/// Each of the run's effects was done once, and no step is missing.
async fn must_be_whole(scene: &Scene, run: WorkflowRunId, cut: &str) {
    let state = scene.run(run).await;
    assert_eq!(state.standing, RunStanding::Completed, "{cut}: {state:?}");
    assert_eq!(state.steps.len(), 9, "{cut}");
    assert!(state.effects.values().all(|effect| matches!(effect.known, Known::Confirmed(_))), "{cut}");
    for (id, effect) in &state.effects {
        let label = format!("draxis-{id}");
        let made = match effect.step.as_str() {
            "ticket" => {
                scene.jira.with(|it| it.issues().iter().filter(|issue| issue.labels.contains(&label)).count())
            }
            _ => continue,
        };
        assert_eq!(made, 1, "{cut}: tickets of one effect");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cut_off_after_any_of_its_commits_finishes_with_every_effect_once() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &steps(&scene.user_account)).await;
    let mut runs = 0_usize;
    for commits in 1..=40_u64 {
        let run = scene.press(&workflow).await;
        runs += 1;
        let cut = cut_after(&mut scene, run, commits).await;
        finish(&mut scene, run).await;
        must_be_whole(&scene, run, &format!("cut after {commits} commits")).await;
        if !cut {
            break;
        }
    }
    assert!(runs > 8, "it was cut {runs} times");
    assert_eq!(scene.jira.with(|jira| jira.issues().len()), runs);
    assert_eq!(scene.servicenow.with(|now| now.records("incident").len()), runs);
    assert_eq!(scene.slack.with(|slack| slack.messages().len()), runs);
    assert_eq!(scene.events("kri.value_adjusted").await.len().min(200), 0, "no reading, nothing to lower");
    scene.web.stop().await;
}

/// Drives the run and drops everything as soon as it has made so many commits; false where it rested before.
async fn cut_after(scene: &mut Scene, run: WorkflowRunId, commits: u64) -> bool {
    let log = scene.web.app.commands.log().clone();
    let mut wakeups = log.writer().wakeups().subscribe();
    let mut left = commits;
    for _ in 0..4 {
        let timers = scene.web.app.timers.clone();
        let going = async move {
            timers.catch_up_all().await;
            timers.do_due().await.unwrap();
            timers.catch_up_all().await;
            timers.do_due().await.unwrap();
        };
        let counted = async {
            while left > 0 {
                wakeups.recv().await.unwrap();
                left -= 1;
            }
        };
        tokio::select! {
            biased;
            () = counted => return true,
            () = going => {}
        }
        if scene.waiting_approval().await.is_some() {
            scene.approve().await;
        }
        scene.web.clock.advance(chrono::Duration::seconds(3700));
        scene.after(0).await;
        let state = scene.web.app.commands.load_run(scene.tenant, run).await.unwrap();
        if state.state().is_some_and(|run| run.standing != RunStanding::UnderWay) {
            return false;
        }
    }
    false
}
