//! KRIs and their values: `/api/kris`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Duration, Utc};
use draxis_commands::Permission;
use draxis_domain::kri::{CorrectionBody, KriBody, KriCommand, KriState, ReadingBody, Status};
use draxis_domain::{AccountId, KriId, KriSlug, OutcomeId, Position, RiskId, Sequence, SourceId, TenantId};
use draxis_projections::{HistoryRange, KriFilter};
use serde::Deserialize;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{Listing, WithArchived};
use crate::past::looked_back_at;
use crate::path::Id;
use crate::problem::Problem;
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

/// `GET /api/kris/{id}/values`: what was read, adjusted and corrected, newest first.
pub async fn values(app: Data<App>, id: Path<Id<KriId>>, query: Listing<Nothing>) -> Answered {
    let (tenant, id) = (query.tenant()?, id.get("KRI")?);
    must_exist(&app, tenant, id, query.at_least).await?;
    json(StatusCode::OK, &app.read_models.list_values(tenant, id, &query.page).await?)
}

/// `POST /api/kris/{id}/values/{sequence}/correct`.
pub async fn correct_value(
    app: Data<App>,
    place: Path<(Id<KriId>, Id<u64>)>,
    command: Command<CorrectionBody>,
) -> Answered {
    let reading = (place.0.get("KRI")?, Sequence::new(place.1.get("reading")?));
    let mut done = app.commands.correct_value(&command.context, reading, command.body).await?;
    done.answer.version = None;
    Ok(committed(done))
}

/// The query parameters of a history.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryQuery {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    points: Option<usize>,
    known_at: Option<DateTime<Utc>>,
}

impl HistoryQuery {
    /// How far back a history goes where nobody says.
    const USUAL: Duration = Duration::days(30);
    /// How many points it has then: what a plot has room for.
    const POINTS: usize = 400;
    /// How many it may have.
    const MOST_POINTS: usize = 2_000;

    fn range(self, now: DateTime<Utc>) -> Result<HistoryRange, Problem> {
        // Other clocks may run ahead of ours, and what they have just told belongs to the present.
        let to = self.to.unwrap_or(now + KriState::CLOCK_SKEW);
        let from = self.from.or_else(|| to.checked_sub_signed(Self::USUAL)).unwrap_or(to);
        if from >= to {
            return Err(Problem::invalid_at("/from", "must be earlier than to"));
        }
        let max_points = self.points.unwrap_or(Self::POINTS);
        if !(1..=Self::MOST_POINTS).contains(&max_points) {
            let most = Self::MOST_POINTS;
            return Err(Problem::invalid_at("/points", format!("must be from 1 to {most}")));
        }
        Ok(HistoryRange { from, to, known_at: self.known_at, max_points })
    }
}

/// `GET /api/kris/{id}/history`: what is true within a range of time, drawn; as it was known at a time, where one is named.
pub async fn history(app: Data<App>, id: Path<Id<KriId>>, query: Query<HistoryQuery>) -> Answered {
    let (tenant, id) = (query.tenant(Permission::Read)?, id.get("KRI")?);
    let range = query.parameters.range(app.commands.clock().now())?;
    must_exist(&app, tenant, id, query.at_least).await?;
    json(StatusCode::OK, &app.read_models.kri_history(tenant, id, query.at_least, range).await?)
}

/// The query parameters of an explanation.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainQuery {
    as_of: Option<DateTime<Utc>>,
    position: Option<u64>,
}

/// `GET /api/kris/{id}/explain`: the events behind its value and colour, and why others did not follow.
pub async fn explain(app: Data<App>, id: Path<Id<KriId>>, query: Query<ExplainQuery>) -> Answered {
    let (tenant, id) = (query.tenant(Permission::Read)?, id.get("KRI")?);
    let ExplainQuery { as_of, position } = query.parameters;
    let as_of = looked_back_at(app.commands.clock().now(), (as_of, position))?;
    let explanation = app.read_models.explain_kri(tenant, id, as_of).await?;
    json(StatusCode::OK, &explanation.ok_or_else(|| Problem::not_found("KRI"))?)
}

/// The same refusal for foreign, missing and forbidden ids.
async fn must_exist(
    app: &App,
    tenant: TenantId,
    id: KriId,
    at_least: Option<Position>,
) -> Result<(), Problem> {
    let found = app.read_models.find_kri(tenant, id, at_least).await?;
    found.map(drop).ok_or_else(|| Problem::not_found("KRI"))
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
