//! Runs of workflows: `/api/workflow-runs`, what became of each, and what people do about it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use draxis_commands::Permission;
use draxis_domain::workflow::{RunTrigger, StepId};
use draxis_domain::workflow_run::Help;
use draxis_domain::{Reason, WorkflowId, WorkflowRunId};
use draxis_projections::{
    Incident, RunWaiting, TriggerKind, WorkflowRunFilter, WorkflowRunRow, WorkflowRunState,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json as object;

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::page::Listing;
use crate::path::Id;
use crate::person::{Names, Person};
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// The body of what a person does about a run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunReasonBody {
    /// Why; stands in the audit trail.
    reason: Reason,
}

/// What the list of runs can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunListFilter {
    workflow: Option<WorkflowId>,
    state: Option<WorkflowRunState>,
    trigger: Option<TriggerKind>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// What the list of one workflow's runs can be narrowed to.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnRunsFilter {
    state: Option<WorkflowRunState>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// A run in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunItem {
    id: WorkflowRunId,
    workflow_id: WorkflowId,
    workflow_name: String,
    version: u64,
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    trigger: RunTrigger,
    started_by: Person,
    state: WorkflowRunState,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// The last step that it has come to.
    step: Option<StepId>,
    waiting: Option<RunWaiting>,
    incident: Option<Incident>,
}

/// A run with all its steps, and the name of whoever started it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunShown {
    #[serde(flatten)]
    run: WorkflowRunRow,
    starter: Person,
}

impl RunItem {
    fn of(run: WorkflowRunRow, names: &Names) -> Self {
        let step = run.steps.iter().rev().find(|step| step.started_at.is_some());
        Self {
            step: step.map(|step| step.id.clone()),
            started_by: names.person(run.started_by, None),
            id: run.id,
            workflow_id: run.workflow_id,
            workflow_name: run.workflow_name,
            version: run.version,
            trigger: run.trigger,
            state: run.state,
            started_at: run.started_at,
            ended_at: run.ended_at,
            waiting: run.waiting,
            incident: run.incident,
        }
    }
}

/// `GET /api/workflow-runs`: those started last first.
pub async fn list(app: Data<App>, query: Listing<RunListFilter>) -> Answered {
    let RunListFilter { workflow, state, trigger, from, to } = query.filter.clone();
    listed(&app, &query, WorkflowRunFilter { workflow, state, trigger, from, to }).await
}

/// `GET /api/workflows/{id}/runs`: those of one workflow.
pub async fn of_workflow(
    app: Data<App>,
    id: Path<Id<WorkflowId>>,
    query: Listing<OwnRunsFilter>,
) -> Answered {
    let (tenant, id) = (query.tenant()?, id.get("workflow")?);
    if app.read_models.find_workflow(tenant, id, query.at_least).await?.is_none() {
        return Err(Problem::not_found("workflow"));
    }
    let OwnRunsFilter { state, from, to } = query.filter;
    let filter = WorkflowRunFilter { workflow: Some(id), state, from, to, ..WorkflowRunFilter::default() };
    listed(&app, &query, filter).await
}

async fn listed<F>(app: &App, query: &Listing<F>, filter: WorkflowRunFilter) -> Answered {
    let (tenant, page) = (query.tenant()?, &query.page);
    let found = app.read_models.list_workflow_runs(tenant, query.at_least, &filter, page).await?;
    let names = Names::of(app, found.items.iter().map(|run| run.started_by)).await?;
    let items: Vec<RunItem> = found.items.into_iter().map(|run| RunItem::of(run, &names)).collect();
    json(StatusCode::OK, &object!({ "items": items, "nextCursor": found.next_cursor }))
}

/// `GET /api/workflow-runs/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<WorkflowRunId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let found = app.read_models.find_workflow_run(tenant, id.get("workflow run")?, query.at_least).await?;
    let run = found.ok_or_else(|| Problem::not_found("workflow run"))?;
    let starter = Names::of(&app, [run.started_by]).await?.person(run.started_by, None);
    json(StatusCode::OK, &RunShown { run, starter })
}

/// `POST /api/workflow-runs/{id}/retry`: a failed run goes on from the step it failed at.
pub async fn retry(app: Data<App>, id: Path<Id<WorkflowRunId>>, command: Command<RunReasonBody>) -> Answered {
    help(&app, &id, command, Help::Retry).await
}

/// `POST /api/workflow-runs/{id}/skip`: the run goes on behind the step that it is at.
pub async fn skip(app: Data<App>, id: Path<Id<WorkflowRunId>>, command: Command<RunReasonBody>) -> Answered {
    help(&app, &id, command, Help::Skip).await
}

/// `POST /api/workflow-runs/{id}/cancel`: the run ends.
pub async fn cancel(
    app: Data<App>,
    id: Path<Id<WorkflowRunId>>,
    command: Command<RunReasonBody>,
) -> Answered {
    help(&app, &id, command, Help::Cancel).await
}

async fn help(app: &App, id: &Id<WorkflowRunId>, command: Command<RunReasonBody>, asked: Help) -> Answered {
    let context = command.context.because(Some(command.body.reason));
    let (tenant, id) = (context.caller.tenant()?, id.get("workflow run")?);
    let workflow = app.read_models.find_workflow_run(tenant, id, None).await?.map(|run| run.workflow_id);
    Ok(committed(app.commands.help_run(&context, (id, workflow), asked).await?))
}
