//! KRIs and their values: `/api/kris`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::kri::{KriBody, KriCommand, ReadingBody};
use draxis_domain::{KriId, RiskId};

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::PageQuery;
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// `POST /api/kris`.
pub async fn define(app: Data<App>, command: Command<KriBody>) -> Answered {
    Ok(committed(app.commands.define_kri(&command.context, command.body).await?))
}

/// `GET /api/kris`.
pub async fn list(app: Data<App>, query: Query<PageQuery>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    json(StatusCode::OK, &app.read_models.list_kris(tenant, query.at_least, &query.parameters.page()?).await?)
}

/// `GET /api/kris/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<KriId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    found("KRI", app.read_models.find_kri(tenant, query.at_least, id.get("KRI")?).await?)
}

/// `PUT /api/kris/{id}`.
pub async fn edit(app: Data<App>, id: Path<Id<KriId>>, command: Command<KriBody>) -> Answered {
    Ok(committed(app.commands.edit_kri(&command.context, id.get("KRI")?, command.body).await?))
}

/// `POST /api/kris/{id}/archive`.
pub async fn archive(app: Data<App>, id: Path<Id<KriId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.change_kri(&context, id.get("KRI")?, KriCommand::Archive).await?))
}

/// `POST /api/kris/{id}/values`: a manual value.
pub async fn enter_value(app: Data<App>, id: Path<Id<KriId>>, command: Command<ReadingBody>) -> Answered {
    let mut done = app.commands.enter_value(&command.context, id.get("KRI")?, command.body).await?;
    done.answer.version = None;
    Ok(committed(done))
}

/// `PUT /api/kris/{id}/risks/{riskId}`.
pub async fn link_risk(
    app: Data<App>,
    ids: Path<(Id<KriId>, Id<RiskId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    let link = KriCommand::LinkRisk(ids.1.get("risk")?);
    Ok(committed(app.commands.change_kri(&context, ids.0.get("KRI")?, link).await?))
}

/// `DELETE /api/kris/{id}/risks/{riskId}`.
pub async fn unlink_risk(
    app: Data<App>,
    ids: Path<(Id<KriId>, Id<RiskId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    let unlink = KriCommand::UnlinkRisk(ids.1.get("risk")?);
    Ok(committed(app.commands.change_kri(&context, ids.0.get("KRI")?, unlink).await?))
}
