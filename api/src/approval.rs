//! Approvals: `/api/approvals`, where people see what waits for them, vote and hand their say over; the page in `page`.

pub mod of_run;
pub mod page;
mod shown;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_commands::approval::NewVote;
use draxis_domain::approval::{ApprovalStanding, Decision};
use draxis_domain::{AccountId, ApprovalId, Comment, WorkflowId, WorkflowRunId};
use draxis_projections::ApprovalFilter;
use serde::Deserialize;
use serde_json::json as object;

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::page::Listing;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

pub(crate) use shown::ApprovalItem;
use shown::{Looker, items};

/// The body of `POST /api/approvals/{id}/vote`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteBody {
    decision: Decision,
    /// Why; a rejection has to say it.
    #[serde(default)]
    comment: Option<Comment>,
    /// The digest that was read with the question: the vote is for that and nothing else.
    digest: String,
}

/// The body of `POST /api/approvals/{id}/delegate`.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegateBody {
    /// To whom: somebody of the tenant who has no say yet.
    to: AccountId,
}

/// What the list of approvals can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalListFilter {
    state: Option<ApprovalStanding>,
    mine: Option<bool>,
    run: Option<WorkflowRunId>,
    workflow: Option<WorkflowId>,
}

/// `GET /api/approvals`: those asked for last first; with `mine`, those that wait for the caller's vote.
pub async fn list(app: Data<App>, query: Listing<ApprovalListFilter>) -> Answered {
    let tenant = query.tenant()?;
    let ApprovalListFilter { state, mine, run, workflow } = query.filter.clone();
    let looker = Looker::of(&app, &query.caller).await?;
    let waiting_for = match mine {
        Some(true) => Some((query.caller.person()?, looker.roles.clone())),
        Some(false) | None => None,
    };
    let filter = ApprovalFilter { state, waiting_for, run, workflow, step: None };
    let found = app.read_models.list_approvals(tenant, query.at_least, &filter, &query.page).await?;
    let next_cursor = found.next_cursor;
    let items = items(&app, &looker, found.items).await?;
    json(StatusCode::OK, &object!({ "items": items, "nextCursor": next_cursor }))
}

/// `GET /api/approvals/{id}`: looking decides nothing.
pub async fn show(app: Data<App>, id: Path<Id<ApprovalId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let found = app.read_models.find_approval(tenant, id.get("approval")?, query.at_least).await?;
    let looker = Looker::of(&app, &query.caller).await?;
    let shown = items(&app, &looker, found.into_iter().collect()).await?.pop();
    json(StatusCode::OK, &shown.ok_or_else(|| Problem::not_found("approval"))?)
}

/// `POST /api/approvals/{id}/vote`.
pub async fn vote(app: Data<App>, id: Path<Id<ApprovalId>>, command: Command<VoteBody>) -> Answered {
    let id = id.get("approval")?;
    let VoteBody { decision, comment, digest } = command.body;
    let vote = NewVote { decision, comment, digest };
    Ok(committed(app.commands.vote_on_approval(&command.context, id, vote).await?))
}

/// `POST /api/approvals/{id}/delegate`.
pub async fn delegate(app: Data<App>, id: Path<Id<ApprovalId>>, command: Command<DelegateBody>) -> Answered {
    let id = id.get("approval")?;
    Ok(committed(app.commands.delegate_approval(&command.context, id, command.body.to).await?))
}
