//! Business outcomes that risks threaten: `/api/outcomes`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::kri::Status;
use draxis_domain::outcome::{OutcomeBody, OutcomeCommand};
use draxis_domain::{OutcomeId, Reason};
use draxis_projections::OutcomeFilter;
use serde::Deserialize;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::page::{Listing, WithArchived};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// A body that says why, and nothing else.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// Why.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// What the list of outcomes can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OutcomeListFilter {
    archived: WithArchived,
    status: Option<Status>,
}

impl From<OutcomeListFilter> for OutcomeFilter {
    fn from(asked: OutcomeListFilter) -> Self {
        Self { archived: asked.archived.into(), status: asked.status }
    }
}

/// `POST /api/outcomes`.
pub async fn define(app: Data<App>, command: Command<OutcomeBody>) -> Answered {
    Ok(committed(app.commands.define_outcome(&command.context, command.body).await?))
}

/// `GET /api/outcomes`.
pub async fn list(app: Data<App>, query: Listing<OutcomeListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    json(
        StatusCode::OK,
        &app.read_models.list_outcomes(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/outcomes/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<OutcomeId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let outcome = app.read_models.find_outcome(tenant, id.get("outcome")?, query.at_least).await?;
    found("outcome", outcome, |shown| shown.outcome.version)
}

/// `PUT /api/outcomes/{id}`.
pub async fn edit(app: Data<App>, id: Path<Id<OutcomeId>>, command: Command<OutcomeBody>) -> Answered {
    let context = command.context.because(command.body.reason.clone());
    let edit = OutcomeCommand::Edit { body: command.body };
    Ok(committed(app.commands.change_outcome(&context, id.get("outcome")?, edit).await?))
}

/// `POST /api/outcomes/{id}/archive`.
pub async fn archive(app: Data<App>, id: Path<Id<OutcomeId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.change_outcome(&context, id.get("outcome")?, OutcomeCommand::Archive).await?))
}
