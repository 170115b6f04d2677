//! Runs of workflows: one row each, with its steps, what it waits for and what it does outside.

mod ledger;
mod row;
mod step;

use draxis_domain::workflow::{RunTrigger, WorkflowEvent, WorkflowRunStarted};
use draxis_domain::workflow_run::WorkflowRunEvent;
use draxis_domain::{Recorded, TenantEvent, WorkflowId, WorkflowRunId};
use serde::{Deserialize, Serialize};

pub use ledger::RunEffect;
pub use row::{Incident, RunKriEvent, RunWaiting, WorkflowRunFilter, WorkflowRunRow, WorkflowRunState};
pub use step::{RunAttempt, RunStepRow, RunStepState, StepFailure};

use crate::approvals::place;
use crate::projection::Projection;
use crate::store::Table;
use crate::workflows::TriggerKind;

/// The projection of runs. Keys: `run/<run id>` holds the run, `at/<position>` and `of/<workflow id>/<position>` name it where its
/// workflow started it: ids of runs are computed from their causes and say nothing of their time.
#[derive(Debug, Clone, Copy)]
pub struct WorkflowRuns;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowRunsRow {
    /// A run.
    Run(Box<WorkflowRunRow>),
    /// A run was started here.
    Started(WorkflowRunId),
}

/// What the keys of all starts begin with.
pub(crate) const STARTS: &str = "at/";

const OF: &str = "of/";
const RUN: &str = "run/";

/// What the keys of one workflow's starts begin with.
pub(crate) fn starts_of(workflow: WorkflowId) -> String {
    format!("{OF}{workflow}/")
}

/// The key of a run.
pub(crate) fn key(run: &str) -> String {
    format!("{RUN}{run}")
}

/// The kind of trigger that set a run off.
pub(crate) const fn kind_of(trigger: &RunTrigger) -> TriggerKind {
    match trigger {
        RunTrigger::KriBreach(_) => TriggerKind::KriBreach,
        RunTrigger::Schedule { .. } => TriggerKind::Schedule,
        RunTrigger::Manual { .. } => TriggerKind::Manual,
    }
}

impl Projection for WorkflowRuns {
    const TABLE: Table = Table::WorkflowRuns;
    const VERSION: i32 = 2;
    type Event = TenantEvent;
    type Row = WorkflowRunsRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        match (started(&told.event), of_run(&told.event)) {
            (Some(started), _) => {
                let place = place(told.position);
                let of = format!("{OF}{}/{place}", told.aggregate_id);
                vec![key(&started.run_id.to_string()), format!("{STARTS}{place}"), of]
            }
            (None, Some(_)) => vec![key(&told.aggregate_id)],
            (None, None) => Vec::new(),
        }
    }

    fn apply(key: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        match (started(&told.event), row) {
            (Some(started), _) if !key.starts_with(RUN) => Some(WorkflowRunsRow::Started(started.run_id)),
            // Told again it is the same run, which may have gone on since.
            (Some(_), Some(row)) => Some(row),
            (Some(started), None) => {
                let workflow_id = told.aggregate_id.parse().ok()?;
                let run = WorkflowRunRow::started(workflow_id, started, told);
                Some(WorkflowRunsRow::Run(Box::new(run)))
            }
            (None, Some(WorkflowRunsRow::Run(mut run))) => {
                if let Some(event) = of_run(&told.event) {
                    run.evolve(event, told);
                }
                Some(WorkflowRunsRow::Run(run))
            }
            (None, row) => row,
        }
    }
}

/// What a workflow says of a run that it starts.
const fn started(event: &TenantEvent) -> Option<&WorkflowRunStarted> {
    let Some(event) = crate::workflows::of_workflow(event) else { return None };
    match event {
        WorkflowEvent::RunStarted(started) => Some(started),
        WorkflowEvent::Drafted(_)
        | WorkflowEvent::Edited(_)
        | WorkflowEvent::Restored(_)
        | WorkflowEvent::Activated(_)
        | WorkflowEvent::Paused(_)
        | WorkflowEvent::Archived(_)
        | WorkflowEvent::RunRequested(_)
        | WorkflowEvent::RunMissed(_)
        | WorkflowEvent::RunEnded(_) => None,
    }
}

/// The event of a run, where it is one.
pub(crate) const fn of_run(event: &TenantEvent) -> Option<&WorkflowRunEvent> {
    match event {
        TenantEvent::WorkflowRun(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Audit(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Interview(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_) => None,
    }
}
