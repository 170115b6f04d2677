//! Interviews: `/api/workflow-interviews`, workflows talked through turn by turn.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use draxis_commands::Permission;
use draxis_commands::interview::NewInterview;
use draxis_domain::interview::{InterviewStanding, InterviewView, Scene};
use draxis_domain::{InterviewId, Name, Utterance, WorkflowId};
use draxis_projections::{InterviewFilter, InterviewRow, InterviewSummary, InterviewTurn};
use serde::{Deserialize, Serialize};
use serde_json::json as object;

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::page::Listing;
use crate::path::Id;
use crate::person::{Names, Person};
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// The body of `POST /api/workflow-interviews`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartBody {
    /// What you want, in your own words.
    goal: Utterance,
    /// The workflow to change, where it is not to be a new one.
    #[serde(default)]
    workflow_id: Option<WorkflowId>,
}

/// The body of a message.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageBody {
    /// What you say.
    text: Utterance,
}

/// The body of a confirmation.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmBody {
    /// The digest of the draft that you were shown.
    digest: String,
    /// What the workflow is to be called; as the draft says where it is left out.
    #[serde(default)]
    name: Option<Name>,
}

/// What the list of interviews can be narrowed to.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InterviewListFilter {
    state: Option<InterviewStanding>,
}

/// An interview with everything that was said.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "InterviewShown")]
pub struct Shown {
    #[serde(flatten)]
    view: InterviewView,
    /// The workflow that came of it, or that it is to change.
    workflow_id: Option<WorkflowId>,
    /// The version that came of it.
    version: Option<u64>,
    /// What both sides said, in order.
    turns: Vec<InterviewTurn>,
}

/// An interview as a list shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: InterviewId,
    state: InterviewStanding,
    goal: String,
    workflow_id: Option<WorkflowId>,
    version: Option<u64>,
    turns: u32,
    started_by: Person,
    started_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// `POST /api/workflow-interviews`.
pub async fn start(app: Data<App>, command: Command<StartBody>) -> Answered {
    let StartBody { goal, workflow_id } = command.body;
    let asked = NewInterview { goal, workflow: workflow_id };
    Ok(committed(app.interviews.start(&command.context, asked).await?))
}

/// `POST /api/workflow-interviews/{id}/messages`.
pub async fn say(app: Data<App>, id: Path<Id<InterviewId>>, command: Command<MessageBody>) -> Answered {
    let id = id.get("interview")?;
    Ok(committed(app.interviews.say(&command.context, id, &command.body.text).await?))
}

/// `POST /api/workflow-interviews/{id}/confirm`.
pub async fn confirm(app: Data<App>, id: Path<Id<InterviewId>>, command: Command<ConfirmBody>) -> Answered {
    let id = id.get("interview")?;
    let ConfirmBody { digest, name } = command.body;
    Ok(committed(app.commands.confirm_interview(&command.context, id, (digest, name)).await?))
}

/// `POST /api/workflow-interviews/{id}/abandon`.
pub async fn abandon(app: Data<App>, id: Path<Id<InterviewId>>, command: Command<Nothing>) -> Answered {
    Ok(committed(app.commands.abandon_interview(&command.context, id.get("interview")?).await?))
}

/// `GET /api/workflow-interviews/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<InterviewId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let found = app.read_models.find_interview(tenant, id.get("interview")?, query.at_least).await?;
    let scene = app.commands.interview_scene(tenant, query.caller.actor).await?;
    let shown = found.and_then(|row| shown(row, &scene)).ok_or_else(|| Problem::not_found("interview"))?;
    json(StatusCode::OK, &shown)
}

fn shown(row: InterviewRow, scene: &Scene) -> Option<Shown> {
    let state = row.state()?;
    let confirmed = state.confirmed.as_ref();
    Some(Shown {
        view: state.view(scene),
        workflow_id: confirmed.map(|it| it.workflow_id).or(state.editing.map(|(workflow, _)| workflow)),
        version: confirmed.map(|it| it.version),
        turns: row
            .turns
            .into_iter()
            .map(|turn| InterviewTurn { text: scene.shown(&turn.text), ..turn })
            .collect(),
    })
}

/// `GET /api/workflow-interviews`: newest first.
pub async fn list(app: Data<App>, query: Listing<InterviewListFilter>) -> Answered {
    let filter = InterviewFilter { state: query.filter.state };
    let found = app.read_models.list_interviews(query.tenant()?, query.at_least, filter, &query.page).await?;
    let names = Names::of(&app, found.items.iter().map(|row| row.started_by)).await?;
    let items: Vec<_> = found.items.into_iter().map(|row| item(row, &names)).collect();
    json(StatusCode::OK, &object!({ "items": items, "nextCursor": found.next_cursor }))
}

fn item(row: InterviewSummary, names: &Names) -> Item {
    Item {
        id: row.id,
        state: row.state,
        goal: row.goal,
        workflow_id: row.workflow_id,
        version: row.version,
        turns: row.turns,
        started_by: names.person(row.started_by, None),
        started_at: row.started_at,
        updated_at: row.updated_at,
    }
}
