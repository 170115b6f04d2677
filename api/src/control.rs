//! Controls, which hold risks down: `/api/controls`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::control::{ControlBody, ControlCommand, ControlState};
use draxis_domain::{AccountId, ControlId};
use draxis_projections::ControlFilter;
use serde::Deserialize;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{Listing, WithArchived};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// What the list of controls can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ControlListFilter {
    archived: WithArchived,
    state: Option<ControlState>,
    owner: Option<AccountId>,
}

impl From<ControlListFilter> for ControlFilter {
    fn from(asked: ControlListFilter) -> Self {
        Self { archived: asked.archived.into(), state: asked.state, owner: asked.owner }
    }
}

/// `POST /api/controls`.
pub async fn define(app: Data<App>, command: Command<ControlBody>) -> Answered {
    Ok(committed(app.commands.define_control(&command.context, command.body).await?))
}

/// `GET /api/controls`.
pub async fn list(app: Data<App>, query: Listing<ControlListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    json(
        StatusCode::OK,
        &app.read_models.list_controls(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/controls/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<ControlId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let control = app.read_models.find_control(tenant, id.get("control")?, query.at_least).await?;
    found("control", control, |shown| shown.control.version)
}

/// `PUT /api/controls/{id}`.
pub async fn edit(app: Data<App>, id: Path<Id<ControlId>>, command: Command<ControlBody>) -> Answered {
    let context = command.context.because(command.body.reason.clone());
    let edit = ControlCommand::Edit { body: command.body };
    Ok(committed(app.commands.change_control(&context, id.get("control")?, edit).await?))
}

/// `POST /api/controls/{id}/archive`.
pub async fn archive(app: Data<App>, id: Path<Id<ControlId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.change_control(&context, id.get("control")?, ControlCommand::Archive).await?))
}
