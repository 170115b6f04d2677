//! Killed: a run of all kinds of steps is cut off after each of its commits, and between what a far system has done and the word of
//! it, and is gone on with by whoever comes next.

use std::time::Duration;

use draxis_domain::WorkflowRunId;
use draxis_domain::workflow_run::{EffectContent, Known, RunStanding};
use draxis_runner::far_systems::Mishap;
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
    assert_eq!(scene.events("kri.value_adjusted").await.len(), runs, "each run lowers the KRI once");
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
        scene.after(3700).await;
        let state = scene.web.app.commands.load_run(scene.tenant, run).await.unwrap();
        if state.state().is_some_and(|run| run.standing != RunStanding::UnderWay) {
            return false;
        }
    }
    false
}

/// The far systems that keep what they were asked for.
#[derive(Debug, Clone, Copy)]
enum Far {
    Jira,
    ServiceNow,
    Slack,
}

impl Far {
    const ALL: [Self; 3] = [Self::Jira, Self::ServiceNow, Self::Slack];

    /// It does the next thing that it is asked for, and takes longer to say so than anybody waits.
    fn falls_silent(self, scene: &Scene) {
        let silence = [Mishap::Slow(Duration::from_mins(10))];
        match self {
            Self::Jira => scene.jira.script(silence),
            Self::ServiceNow => scene.servicenow.script(silence),
            Self::Slack => scene.slack.script(silence),
        }
    }

    /// How much it has done.
    fn done(self, scene: &Scene) -> usize {
        match self {
            Self::Jira => scene.jira.with(|jira| jira.issues().len()),
            Self::ServiceNow => scene.servicenow.with(|now| now.records("incident").len()),
            Self::Slack => scene.slack.with(|slack| slack.messages().len()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cut_off_between_what_was_done_outside_and_the_word_of_it_does_nothing_twice() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &steps(&scene.user_account)).await;
    for (done, far) in Far::ALL.into_iter().enumerate() {
        far.falls_silent(&scene);
        let run = scene.press(&workflow).await;
        let timers = scene.web.app.timers.clone();
        let going = async move {
            loop {
                timers.catch_up_all().await;
                timers.do_due().await.unwrap();
            }
        };
        let has_done_it = async {
            while far.done(&scene) <= done {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = has_done_it => {}
            () = going => {}
        }
        let cut = scene.run(run).await;
        let on_its_way = |known: &Known| matches!(known, Known::Sending { .. });
        assert!(cut.effects.values().any(|effect| on_its_way(&effect.known)), "{far:?}: {cut:?}");
        finish(&mut scene, run).await;
        must_be_whole(&scene, run, &format!("cut off while {far:?} was silent")).await;
        for far in Far::ALL {
            assert_eq!(far.done(&scene), done + 1, "{far:?}: one for each run");
        }
    }
    scene.web.stop().await;
}
