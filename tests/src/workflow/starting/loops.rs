//! Loops: a run whose breach would set its own workflow off again is not started, and whoever asks is told (hazards H11).

use draxis_commands::{Caller, Context};
use draxis_domain::workflow_run::ChainLink;
use draxis_domain::{Actor, Depth, WorkflowId, WorkflowRunId};
use draxis_projections::{ReadModels, Settings};
use serde_json::{Value, json};

use super::stage::{Stage, on_breach};

/// The run that the worker has taken up.
fn begun(started: &Value) -> WorkflowRunId {
    started["runId"].as_str().unwrap().parse().unwrap()
}

/// What a run does to the KRI: its breach ends, and another begins.
async fn breaches_again(stage: &Stage, run: WorkflowRunId, depth: u8) {
    let caller = Caller { actor: Actor::WorkflowRun(run.ulid()), ..Caller::runner(stage.tenant) };
    let context = Context { depth: Depth(depth), ..Context::of(caller) };
    stage.reads_as(&context, 5).await;
    stage.reads_as(&context, 15).await;
    stage.settle().await;
}

fn chain(started: &Value) -> Vec<ChainLink> {
    serde_json::from_value(started["chain"].clone()).unwrap()
}

#[tokio::test]
async fn a_run_that_would_go_in_a_circle_is_stopped_and_shown() {
    let stage = Stage::set().await;
    let (first, second) = (stage.active(on_breach("amber")).await, stage.draft(on_breach("amber")).await);
    stage.reads(15).await;
    stage.settle().await;
    stage.activate(second).await;
    stage.settle().await;
    let started = stage.started().await;
    let kri_id = stage.kri;
    let link = |workflow_id: WorkflowId| ChainLink { workflow_id, kri_id };
    assert_eq!(chain(&started[0]), [link(first)]);
    let run = begun(&started[0]);
    breaches_again(&stage, run, 2).await;
    let started = stage.started().await;
    assert_eq!(started.len(), 2, "{started:?}");
    assert_eq!(chain(&started[1]), [link(first), link(second)], "another workflow may go on");
    let event = stage.last("workflow.run_started").await;
    let metadata: Value = serde_json::from_str(&event.metadata).unwrap();
    assert_eq!(metadata["depth"], "3");
    let missed = stage.missed().await;
    assert_eq!((missed.len(), &missed[0]["why"]), (1, &json!("loop")));
    stage.again().await;
    assert_eq!((stage.started().await.len(), stage.missed().await.len()), (2, 1), "told again");
    let run = begun(&started[1]);
    breaches_again(&stage, run, 4).await;
    assert_eq!((stage.started().await.len(), stage.missed().await.len()), (2, 3), "nobody goes round again");
    let read_models = ReadModels::new(&stage.program.process.pools, Settings::default());
    let why = read_models.explain_kri(stage.tenant, stage.kri, None).await.unwrap().unwrap();
    let why = serde_json::to_value(why).unwrap();
    let told = why["whyNot"].as_array().unwrap();
    assert!(told.iter().any(|not| not["because"].as_str().unwrap().contains("in a circle")), "{why}");
}

#[tokio::test]
async fn what_a_person_does_after_a_loop_was_stopped_counts_as_ever() {
    let stage = Stage::set().await;
    stage.active(on_breach("amber")).await;
    stage.reads(15).await;
    stage.settle().await;
    let run = begun(&stage.started().await[0]);
    breaches_again(&stage, run, 2).await;
    assert_eq!(stage.started().await.len(), 1);
    stage.reads(5).await;
    stage.reads(15).await;
    stage.settle().await;
    assert_eq!(stage.started().await.len(), 2);
}
