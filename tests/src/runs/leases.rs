//! Leases: any number of programs do the runs of one database, each once; one that was overtaken is not listened to (H14).

use std::collections::BTreeSet;

use draxis_commands::workflow_run::Holder;
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::Rejection;
use draxis_domain::workflow_run::{Progress, RunStanding, Scene as RunScene, SendOutcome};
use draxis_runner::far_systems::Mishap;

use super::scene::{Scene, jira, manual};
use crate::house::{Web, long};

#[tokio::test(flavor = "multi_thread")]
async fn four_programs_share_the_work_and_no_run_is_done_twice() {
    let runs = if long() { 500 } else { 60 };
    let scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket")]).await;
    let mut ids = BTreeSet::new();
    for _ in 0..runs {
        ids.insert(scene.press(&workflow).await);
    }
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(scene.another().await);
    }
    let work = async |web: &Web| {
        web.app.timers.catch_up_all().await;
        web.app.timers.do_due().await.unwrap()
    };
    let [a, b, c] = &others[..] else { panic!("three others") };
    let (first, second, third, fourth) = tokio::join!(work(&scene.web), work(a), work(b), work(c));
    assert!(
        [first, second, third, fourth].iter().filter(|done| **done > 0).count() > 1,
        "the work was shared"
    );
    scene.settle().await;
    for id in &ids {
        assert_eq!(scene.standing(*id).await, RunStanding::Completed);
    }
    let (issues, labels) = scene.jira.with(|jira| {
        let labels: BTreeSet<String> = jira.issues().iter().flat_map(|issue| issue.labels.clone()).collect();
        (jira.issues().len(), labels.len())
    });
    assert_eq!((issues, labels), (runs, runs), "each effect once");
    scene.web.stop().await;
    for other in others {
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_stopped_past_its_lease_is_refused_when_it_comes_back() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[jira("ticket")]).await;
    scene.jira.script([Mishap::DropUndone]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    let before = scene.run(run).await;
    let (effect, entry) = before.effects.iter().next().unwrap();
    scene.after(16).await;
    let context = Context::of(Caller::workflow_run(scene.tenant, run));
    let late = Holder { context, fence: before.fence };
    assert!(scene.run(run).await.fence > late.fence, "another claim has been at it since");
    let outcome = SendOutcome::Ambiguous { detail: "late".to_owned() };
    let said = Progress::Sent { effect: *effect, attempt: entry.attempts, outcome };
    let refused = scene.web.app.commands.drive_run(&late, run, (RunScene::default(), vec![said])).await;
    assert!(
        matches!(
            refused,
            Err(CommandError::Rejected(Rejection::Conflict { code: "workflow_run.lease_lost", .. }))
        ),
        "{refused:?}"
    );
    scene.web.stop().await;
}
