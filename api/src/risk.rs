//! Risks and what they are linked to: `/api/risks`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::kri::Status;
use draxis_domain::risk::{RiskBody, RiskCommand, RiskStatus};
use draxis_domain::{AccountId, ControlId, OutcomeId, RiskId};
use draxis_projections::RiskFilter;
use serde::Deserialize;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{Listing, WithArchived};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// What the list of risks can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RiskListFilter {
    archived: WithArchived,
    status: Option<RiskStatus>,
    severity: Option<Status>,
    control_id: Option<ControlId>,
    outcome_id: Option<OutcomeId>,
    owner: Option<AccountId>,
}

impl From<RiskListFilter> for RiskFilter {
    fn from(asked: RiskListFilter) -> Self {
        Self {
            archived: asked.archived.into(),
            status: asked.status,
            severity: asked.severity,
            control_id: asked.control_id,
            outcome_id: asked.outcome_id,
            owner: asked.owner,
        }
    }
}

/// `POST /api/risks`.
pub async fn define(app: Data<App>, command: Command<RiskBody>) -> Answered {
    Ok(committed(app.commands.define_risk(&command.context, command.body).await?))
}

/// `GET /api/risks`.
pub async fn list(app: Data<App>, query: Listing<RiskListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    json(
        StatusCode::OK,
        &app.read_models.list_risks(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/risks/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<RiskId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let risk = app.read_models.find_risk(tenant, id.get("risk")?, query.at_least).await?;
    found("risk", risk, |shown| shown.risk.version)
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
