//! Approving and rejecting by the run that waits: `/api/workflow-runs/{id}/approve` and `/reject`.

use actix_web::web::{Data, Path};
use draxis_commands::approval::NewVote;
use draxis_commands::{Context, Permission};
use draxis_domain::approval::Decision;
use draxis_domain::workflow::StepId;
use draxis_domain::{Comment, Rejection, WorkflowRunId};
use serde::Deserialize;

use crate::answer::{Answered, committed};
use crate::app::App;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::Command;

/// The body of `POST /api/workflow-runs/{id}/approve`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    /// The digest that was read with the question; it stands in `GET /api/approvals/{id}`.
    #[serde(default)]
    digest: Option<String>,
    /// In the person's words.
    #[serde(default)]
    comment: Option<Comment>,
    /// At which step, where it is not the one that waits.
    #[serde(default)]
    step: Option<StepId>,
}

/// The body of `POST /api/workflow-runs/{id}/reject`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectBody {
    /// The digest that was read with the question; it stands in `GET /api/approvals/{id}`.
    #[serde(default)]
    digest: Option<String>,
    /// Why.
    reason: Comment,
    /// At which step, where it is not the one that waits.
    #[serde(default)]
    step: Option<StepId>,
}

/// `POST /api/workflow-runs/{id}/approve`.
pub async fn approve(app: Data<App>, id: Path<Id<WorkflowRunId>>, command: Command<ApproveBody>) -> Answered {
    let ApproveBody { digest, comment, step } = command.body;
    let found = asked(&app, &command.context, (id.get("workflow run")?, step), digest).await?;
    vote(&app, &command.context, found, (Decision::Approved, comment)).await
}

/// `POST /api/workflow-runs/{id}/reject`.
pub async fn reject(app: Data<App>, id: Path<Id<WorkflowRunId>>, command: Command<RejectBody>) -> Answered {
    let RejectBody { digest, reason, step } = command.body;
    let found = asked(&app, &command.context, (id.get("workflow run")?, step), digest).await?;
    vote(&app, &command.context, found, (Decision::Rejected, Some(reason))).await
}

/// An approval, and the digest of what somebody has read of it.
type Read = (draxis_domain::ApprovalId, String);

/// What the run asks. The read model only tells its name; whether it can still be decided, says the approval.
async fn asked(
    app: &App,
    context: &Context,
    (run, step): (WorkflowRunId, Option<StepId>),
    digest: Option<String>,
) -> Result<Read, Problem> {
    context.caller.must(Permission::Read)?;
    context.caller.person()?;
    let tenant = context.caller.tenant()?;
    let found = app.read_models.approval_of_run(tenant, run, step).await?;
    let Some(id) = found.and_then(|row| row.state().map(|state| state.asked.id)) else {
        return Err(if app.read_models.find_workflow_run(tenant, run, None).await?.is_some() {
            Rejection::conflict("workflow_run.asks_nothing", "the run waits for nobody's decision there")
                .into()
        } else {
            Problem::not_found("workflow run")
        });
    };
    let read_it = || format!("send the digest of what you have read; it stands in GET /api/approvals/{id}");
    Ok((id, digest.ok_or_else(|| Problem::invalid_at("/digest", read_it()))?))
}

async fn vote(
    app: &App,
    context: &Context,
    (id, digest): Read,
    (decision, comment): (Decision, Option<Comment>),
) -> Answered {
    let vote = NewVote { decision, comment, digest };
    Ok(committed(app.commands.vote_on_approval(context, id, vote).await?))
}
