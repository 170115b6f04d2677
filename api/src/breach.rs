//! Breaches: `/api/breaches`, and what people do with an episode while it lasts.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::{Context, Permission};
use draxis_domain::kri::{AssignBody, BreachCommand, CommentBody, KriCommand, Level, SnoozeBody};
use draxis_domain::{AccountId, BreachId, KriId};
use draxis_projections::BreachFilter;
use serde::Deserialize;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::Listing;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// What the list of breaches can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BreachListFilter {
    open: Option<bool>,
    kri_id: Option<KriId>,
    level: Option<Level>,
    acknowledged: Option<bool>,
    owner: Option<AccountId>,
}

impl From<BreachListFilter> for BreachFilter {
    fn from(asked: BreachListFilter) -> Self {
        Self {
            open: asked.open,
            kri_id: asked.kri_id,
            level: asked.level,
            acknowledged: asked.acknowledged,
            owner: asked.owner,
        }
    }
}

/// `GET /api/breaches`: newest first.
pub async fn list(app: Data<App>, query: Listing<BreachListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    json(
        StatusCode::OK,
        &app.read_models.list_breaches(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/breaches/{id}`: the episode with its timeline.
pub async fn show(app: Data<App>, id: Path<Id<BreachId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let breach = app.read_models.find_breach(tenant, id.get("breach")?, query.at_least).await?;
    found("breach", breach, |shown| shown.version)
}

/// An episode belongs to its KRI, which decides; the read model only says which KRI that is.
async fn change(app: &App, id: &Id<BreachId>, context: &Context, command: BreachCommand) -> Answered {
    let tenant = context.caller.tenant()?;
    let id = id.get("breach")?;
    let breach = app.read_models.find_breach(tenant, id, None).await?;
    let kri = breach.ok_or_else(|| Problem::not_found("breach"))?.kri_id;
    Ok(committed(app.commands.change_kri(context, kri, KriCommand::Breach { id, command }).await?))
}

/// `POST /api/breaches/{id}/acknowledge`.
pub async fn acknowledge(app: Data<App>, id: Path<Id<BreachId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    change(&app, &id, &context, BreachCommand::Acknowledge).await
}

/// `POST /api/breaches/{id}/assign`.
pub async fn assign(app: Data<App>, id: Path<Id<BreachId>>, command: Command<AssignBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    change(&app, &id, &context, BreachCommand::Assign(command.body.owner)).await
}

/// `POST /api/breaches/{id}/comments`.
pub async fn comment(app: Data<App>, id: Path<Id<BreachId>>, command: Command<CommentBody>) -> Answered {
    change(&app, &id, &command.context, BreachCommand::Comment(command.body.comment)).await
}

/// `POST /api/breaches/{id}/snooze`.
pub async fn snooze(app: Data<App>, id: Path<Id<BreachId>>, command: Command<SnoozeBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    change(&app, &id, &context, BreachCommand::Snooze { until: command.body.until }).await
}

/// `POST /api/breaches/{id}/wake`.
pub async fn wake(app: Data<App>, id: Path<Id<BreachId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    change(&app, &id, &context, BreachCommand::Wake).await
}

/// `POST /api/breaches/{id}/close`.
pub async fn close(app: Data<App>, id: Path<Id<BreachId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    change(&app, &id, &context, BreachCommand::Close).await
}
