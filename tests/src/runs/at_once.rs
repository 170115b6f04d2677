//! At once: the run that a breach sets off begins in the commit that starts it, where this process knows who asks for it; and not
//! another one by the long way.

use serde_json::Value;

use super::scene::{Scene, breach, jira};

fn payload<'a>(event: &'a Value, field: &str) -> &'a Value {
    &event["payload"][field]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_begins_its_run_in_the_commit_that_starts_it_and_is_told_of_once() {
    let scene = Scene::at_work().await;
    scene.workflow(&breach(), &[jira("ticket")]).await;
    for round in 1..=4_usize {
        scene.measure(12).await;
        scene.until("workflow_run.completed", round).await;
        scene.measure(1).await;
    }
    let sendings = scene.events("workflow_run.effect_sending").await;
    eprintln!("{:?}", sendings.iter().map(|e| payload(e, "fence").clone()).collect::<Vec<_>>());
    assert!(sendings.iter().any(|e| payload(e, "fence") == 0));
    scene.web.stop().await;
}
