//! Workflows: `/api/workflows`, their definitions and the states they stand in.

pub mod backtest;
pub mod history;
pub mod start;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::kri_event_definition::EventType;
use draxis_domain::relay::Channel;
use draxis_domain::workflow::{Provenance, SCHEMA, Standing};
use draxis_domain::{Reason, WorkflowId};
use draxis_projections::{TriggerKind, WorkflowFilter};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::page::{Listing, WithArchived};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// The body of `POST /api/workflows` and of its edit.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionBody {
    /// What the workflow is to be.
    #[schemars(schema_with = "definition_schema")]
    definition: Value,
    /// Why; stands in the change log.
    reason: Reason,
}

/// The body of a restoration.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreBody {
    /// The version to put back.
    version: u64,
    /// Why; stands in the change log.
    reason: Reason,
}

/// The body of a transition.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitionBody {
    /// Why; stands in the change log.
    reason: Reason,
}

fn definition_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "description": "A workflow definition; its schema is at /api/schemas/workflow-definition.json" })
}

/// What the list of workflows can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WorkflowListFilter {
    archived: WithArchived,
    state: Option<Standing>,
    trigger: Option<TriggerKind>,
    relay: Option<Channel>,
    kri_event: Option<EventType>,
}

impl From<WorkflowListFilter> for WorkflowFilter {
    fn from(asked: WorkflowListFilter) -> Self {
        Self {
            archived: asked.archived.into(),
            state: asked.state,
            trigger: asked.trigger,
            relay: asked.relay,
            kri_event: asked.kri_event,
        }
    }
}

/// `GET /api/schemas/workflow-definition.json`.
pub async fn schema() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/schema+json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(SCHEMA)
}

/// `POST /api/workflows`: a draft.
pub async fn draft(app: Data<App>, command: Command<DefinitionBody>) -> Answered {
    let context = command.context.because(Some(command.body.reason));
    let written = (&command.body.definition, Provenance::Written);
    Ok(committed(app.commands.draft_workflow(&context, written).await?))
}

/// `GET /api/workflows`.
pub async fn list(app: Data<App>, query: Listing<WorkflowListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    json(
        StatusCode::OK,
        &app.read_models.list_workflows(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/workflows/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<WorkflowId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let workflow = app.read_models.find_workflow(tenant, id.get("workflow")?, query.at_least).await?;
    found("workflow", workflow, |shown| shown.summary.version)
}

/// `PUT /api/workflows/{id}`: another version.
pub async fn edit(app: Data<App>, id: Path<Id<WorkflowId>>, command: Command<DefinitionBody>) -> Answered {
    let id = id.get("workflow")?;
    let context = command.context.because(Some(command.body.reason));
    let written = (&command.body.definition, Provenance::Written);
    Ok(committed(app.commands.edit_workflow(&context, id, written).await?))
}

/// `POST /api/workflows/{id}/restore`: an old version as the newest.
pub async fn restore(app: Data<App>, id: Path<Id<WorkflowId>>, command: Command<RestoreBody>) -> Answered {
    let id = id.get("workflow")?;
    let context = command.context.because(Some(command.body.reason));
    Ok(committed(app.commands.restore_workflow(&context, id, command.body.version).await?))
}

/// `POST /api/workflows/{id}/activate`.
pub async fn activate(
    app: Data<App>,
    id: Path<Id<WorkflowId>>,
    command: Command<TransitionBody>,
) -> Answered {
    let context = command.context.because(Some(command.body.reason));
    Ok(committed(app.commands.activate_workflow(&context, id.get("workflow")?).await?))
}

/// `POST /api/workflows/{id}/pause`.
pub async fn pause(app: Data<App>, id: Path<Id<WorkflowId>>, command: Command<TransitionBody>) -> Answered {
    let context = command.context.because(Some(command.body.reason));
    Ok(committed(app.commands.pause_workflow(&context, id.get("workflow")?).await?))
}

/// `POST /api/workflows/{id}/archive`.
pub async fn archive(app: Data<App>, id: Path<Id<WorkflowId>>, command: Command<TransitionBody>) -> Answered {
    let context = command.context.because(Some(command.body.reason));
    Ok(committed(app.commands.archive_workflow(&context, id.get("workflow")?).await?))
}
