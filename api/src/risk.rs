//! Risks: `/api/risks`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::risk::{RiskBody, RiskCommand};
use draxis_domain::{ControlId, OutcomeId, RiskId};

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::PageQuery;
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// `POST /api/risks`.
pub async fn define(app: Data<App>, command: Command<RiskBody>) -> Answered {
    Ok(committed(app.commands.define_risk(&command.context, command.body).await?))
}

/// `GET /api/risks`.
pub async fn list(app: Data<App>, query: Query<PageQuery>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    json(
        StatusCode::OK,
        &app.read_models.list_risks(tenant, query.at_least, &query.parameters.page()?).await?,
    )
}

/// `GET /api/risks/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<RiskId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    found("risk", app.read_models.find_risk(tenant, query.at_least, id.get("risk")?).await?)
}

/// `PUT /api/risks/{id}`.
pub async fn edit(app: Data<App>, id: Path<Id<RiskId>>, command: Command<RiskBody>) -> Answered {
    let context = command.context.because(command.body.reason.clone());
    let edit = RiskCommand::Edit { body: Box::new(command.body) };
    Ok(committed(app.commands.change_risk(&context, id.get("risk")?, edit).await?))
}

/// `POST /api/risks/{id}/archive`.
pub async fn archive(app: Data<App>, id: Path<Id<RiskId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.change_risk(&context, id.get("risk")?, RiskCommand::Archive).await?))
}

/// `PUT /api/risks/{id}/outcomes/{outcomeId}`.
pub async fn link_outcome(
    app: Data<App>,
    ids: Path<(Id<RiskId>, Id<OutcomeId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    let link = RiskCommand::LinkOutcome(ids.1.get("outcome")?);
    Ok(committed(app.commands.change_risk(&context, ids.0.get("risk")?, link).await?))
}

/// `DELETE /api/risks/{id}/outcomes/{outcomeId}`.
pub async fn unlink_outcome(
    app: Data<App>,
    ids: Path<(Id<RiskId>, Id<OutcomeId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    let unlink = RiskCommand::UnlinkOutcome(ids.1.get("outcome")?);
    Ok(committed(app.commands.change_risk(&context, ids.0.get("risk")?, unlink).await?))
}

/// `PUT /api/risks/{id}/controls/{controlId}`.
pub async fn link_control(
    app: Data<App>,
    ids: Path<(Id<RiskId>, Id<ControlId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    let link = RiskCommand::LinkControl(ids.1.get("control")?);
    Ok(committed(app.commands.change_risk(&context, ids.0.get("risk")?, link).await?))
}

/// `DELETE /api/risks/{id}/controls/{controlId}`.
pub async fn unlink_control(
    app: Data<App>,
    ids: Path<(Id<RiskId>, Id<ControlId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    let unlink = RiskCommand::UnlinkControl(ids.1.get("control")?);
    Ok(committed(app.commands.change_risk(&context, ids.0.get("risk")?, unlink).await?))
}
