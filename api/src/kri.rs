//! KRIs and their values: `/api/kris`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::kri::{KriBody, KriCommand, ReadingBody, Status};
use draxis_domain::{AccountId, KriId, KriSlug, OutcomeId, RiskId, SourceId};
use draxis_projections::KriFilter;
use serde::Deserialize;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{Listing, WithArchived};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// What the list of KRIs can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KriListFilter {
    archived: WithArchived,
    slug: Option<KriSlug>,
    status: Option<Status>,
    stale: Option<bool>,
    source_id: Option<SourceId>,
    risk_id: Option<RiskId>,
    outcome_id: Option<OutcomeId>,
    owner: Option<AccountId>,
}

impl From<KriListFilter> for KriFilter {
    fn from(asked: KriListFilter) -> Self {
        Self {
            archived: asked.archived.into(),
            slug: asked.slug,
            status: asked.status,
            stale: asked.stale,
            source_id: asked.source_id,
            risk_id: asked.risk_id,
            outcome_id: asked.outcome_id,
            owner: asked.owner,
        }
    }
}

/// `POST /api/kris`.
pub async fn define(app: Data<App>, command: Command<KriBody>) -> Answered {
    Ok(committed(app.commands.define_kri(&command.context, command.body).await?))
}

/// `GET /api/kris`.
pub async fn list(app: Data<App>, query: Listing<KriListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    json(
        StatusCode::OK,
        &app.read_models.list_kris(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/kris/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<KriId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let kri = app.read_models.find_kri(tenant, id.get("KRI")?, query.at_least).await?;
    found("KRI", kri, |shown| shown.kri.version)
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
