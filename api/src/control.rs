//! Controls, which hold risks down: `/api/controls`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::ControlId;
use draxis_domain::control::{ControlBody, ControlCommand};

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{ArchivedFilter, Listing};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// `POST /api/controls`.
pub async fn define(app: Data<App>, command: Command<ControlBody>) -> Answered {
    Ok(committed(app.commands.define_control(&command.context, command.body).await?))
}

/// `GET /api/controls`.
pub async fn list(app: Data<App>, query: Listing<ArchivedFilter>) -> Answered {
    let archived = query.filter.archived();
    json(
        StatusCode::OK,
        &app.read_models.list_controls(query.tenant()?, query.at_least, archived, &query.page).await?,
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
