//! Sources: the catalog of connectors, and `/api/kri-sources`.

pub mod push;

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_commands::secret::Secret;
use draxis_domain::source::{BaseUrl, Schedule, SourceBody, SourceCommand, SourceType, Vendor};
use draxis_domain::{KriSlug, Name, Reason, SourceId};
use draxis_projections::{SourceFilter, SourceHealth};
use draxis_runner::source_run::{RunAnswer, SealedSettings, SentSettings};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{Answered, committed, found, json as answer};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{Listing, WithArchived};
use crate::path::Id;
use crate::prefer::Patience;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// The body of `POST /api/kri-sources` and of its edit.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectBody {
    name: Name,
    source_type: SourceType,
    vendor: Vendor,
    #[serde(default)]
    base_url: Option<BaseUrl>,
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    credentials: Option<BTreeMap<String, Secret>>,
    #[serde(default)]
    config: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    schedule: Schedule,
    #[serde(default)]
    unticked: BTreeSet<KriSlug>,
    #[serde(default)]
    reason: Option<Reason>,
}

impl ConnectBody {
    fn split(self) -> (SourceBody, SentSettings, Option<Reason>) {
        let sent = SentSettings { credentials: self.credentials, config: self.config };
        let body = SourceBody {
            name: self.name,
            source_type: self.source_type,
            vendor: self.vendor,
            base_url: self.base_url,
            schedule: self.schedule,
            unticked: self.unticked,
        };
        (body, sent, self.reason)
    }
}

/// What the list of sources can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SourceListFilter {
    archived: WithArchived,
    source_type: Option<SourceType>,
    vendor: Option<Vendor>,
    health: Option<SourceHealth>,
}

impl From<SourceListFilter> for SourceFilter {
    fn from(asked: SourceListFilter) -> Self {
        Self {
            archived: asked.archived.into(),
            source_type: asked.source_type,
            vendor: asked.vendor,
            health: asked.health,
        }
    }
}

/// `GET /api/integrations/catalog`.
pub async fn catalog(app: Data<App>, query: Query<Nothing>) -> Answered {
    query.caller.must(Permission::Open)?;
    answer(StatusCode::OK, &json!({ "items": app.source_runs.registry().catalog() }))
}

/// `POST /api/kri-sources`.
pub async fn connect(app: Data<App>, command: Command<ConnectBody>) -> Answered {
    command.context.caller.must(Permission::ManageSources)?;
    let (body, sent, reason) = command.body.split();
    let sealed = sent.over(SealedSettings::default());
    app.source_runs.check_settings(&body, &sealed)?;
    let secret = (!sealed.is_empty()).then(|| sealed.seal());
    Ok(committed(app.commands.connect_source(&command.context.because(reason), body, secret).await?))
}

/// `POST /api/kri-sources/test`: tries settings before they are saved.
pub async fn test(app: Data<App>, command: Command<ConnectBody>) -> Answered {
    command.context.caller.must(Permission::ManageSources)?;
    let (body, sent, _) = command.body.split();
    let report = app.source_runs.test(&body, sent.over(SealedSettings::default())).await?;
    answer(StatusCode::OK, &report)
}

/// `POST /api/kri-sources/{id}/test`: tries a saved source.
pub async fn test_saved(app: Data<App>, id: Path<Id<SourceId>>, command: Command<Nothing>) -> Answered {
    let caller = command.context.caller;
    caller.must(Permission::RunSources)?;
    answer(StatusCode::OK, &app.source_runs.test_saved(caller.tenant()?, id.get("source")?).await?)
}

/// `GET /api/kri-sources`.
pub async fn list(app: Data<App>, query: Listing<SourceListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    answer(
        StatusCode::OK,
        &app.read_models.list_sources(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/kri-sources/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<SourceId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let source = app.read_models.find_source(tenant, id.get("source")?, query.at_least).await?;
    found("source", source, |shown| shown.version)
}

/// `PUT /api/kri-sources/{id}`: credentials and config are replaced only when they are sent.
pub async fn edit(app: Data<App>, id: Path<Id<SourceId>>, command: Command<ConnectBody>) -> Answered {
    let context = command.context;
    context.caller.must(Permission::ManageSources)?;
    let (id, (body, sent, reason)) = (id.get("source")?, command.body.split());
    let secret = app.source_runs.settings_for_edit(context.caller.tenant()?, id, (&body, sent)).await?;
    Ok(committed(app.commands.edit_source(&context.because(reason), id, (body, secret)).await?))
}

async fn change(
    app: &App,
    id: &Id<SourceId>,
    command: Command<ReasonBody>,
    change: SourceCommand,
) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.change_source(&context, id.get("source")?, change).await?))
}

/// `POST /api/kri-sources/{id}/pause`.
pub async fn pause(app: Data<App>, id: Path<Id<SourceId>>, command: Command<ReasonBody>) -> Answered {
    change(&app, &id, command, SourceCommand::Pause).await
}

/// `POST /api/kri-sources/{id}/resume`.
pub async fn resume(app: Data<App>, id: Path<Id<SourceId>>, command: Command<ReasonBody>) -> Answered {
    change(&app, &id, command, SourceCommand::Resume).await
}

/// `POST /api/kri-sources/{id}/archive`.
pub async fn archive(app: Data<App>, id: Path<Id<SourceId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.archive_source(&context, id.get("source")?).await?))
}

/// `POST /api/kri-sources/{id}/run`: runs it now and waits a while for its end.
pub async fn run(
    app: Data<App>,
    id: Path<Id<SourceId>>,
    Patience(patience): Patience,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    context.caller.must(Permission::RunSources)?;
    match app.source_runs.run(context, id.get("source")?, patience).await? {
        RunAnswer::Completed(done) => Ok(committed(done)),
        RunAnswer::Failed { run_id, failure } => Err(Problem::run_failed(run_id, &failure)),
        RunAnswer::UnderWay { run_id } => {
            let look = format!("/api/kri-sources/{}/runs", id.get("source")?);
            answer(StatusCode::ACCEPTED, &json!({ "runId": run_id, "lookAt": look }))
        }
    }
}

/// `GET /api/kri-sources/{id}/runs`: newest first.
pub async fn runs(app: Data<App>, id: Path<Id<SourceId>>, query: Listing<Nothing>) -> Answered {
    let (tenant, id) = (query.tenant()?, id.get("source")?);
    if app.read_models.find_source(tenant, id, query.at_least).await?.is_none() {
        return Err(Problem::not_found("source"));
    }
    answer(StatusCode::OK, &app.read_models.list_source_runs(tenant, id, query.at_least, &query.page).await?)
}
