//! The past of workflows and KRI events: versions, what differs between them, and the change log.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use draxis_commands::Permission;
use draxis_domain::workflow::{Diff, Provenance};
use draxis_domain::{KriEventDefinitionId, Position, Reason, TenantId, WorkflowId};
use draxis_projections::{ChangeAction, ChangeRow, PageOf, VersionRow, VersionSummary, Versioned};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as object};

use crate::answer::{Answered, json};
use crate::app::App;
use crate::page::Listing;
use crate::path::Id;
use crate::person::{Names, Person};
use crate::problem::Problem;
use crate::request::{Nothing, Query};

/// One entry of a change log.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ChangeItem {
    position: Position,
    at: DateTime<Utc>,
    actor: Person,
    action: ChangeAction,
    version: u64,
    reason: Option<Reason>,
    diff: Diff,
}

/// A version, with what it says where one is asked for alone.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionItem {
    version: u64,
    position: Position,
    at: DateTime<Utc>,
    actor: Person,
    reason: Option<Reason>,
    restored_from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<Value>,
}

/// Which two versions are compared.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    #[serde(default)]
    from: Option<u64>,
    #[serde(default)]
    to: Option<u64>,
}

/// Changes with the names of who made them.
pub(crate) async fn named_changes(
    app: &App,
    changes: Vec<(ChangeRow, Diff)>,
) -> Result<Vec<ChangeItem>, Problem> {
    let names = Names::of(app, changes.iter().map(|(change, _)| change.actor)).await?;
    let item = |(change, diff): (ChangeRow, Diff)| ChangeItem {
        position: change.position,
        at: change.at,
        actor: names.person(change.actor, change.impersonator),
        action: change.action,
        version: change.version,
        reason: change.reason,
        diff,
    };
    Ok(changes.into_iter().map(item).collect())
}

fn version_item(names: &Names, version: VersionSummary, definition: Option<Value>) -> VersionItem {
    VersionItem {
        version: version.version,
        position: version.position,
        at: version.at,
        actor: names.person(version.actor, version.impersonator),
        reason: version.reason,
        restored_from: version.restored_from,
        provenance: version.provenance,
        definition,
    }
}

/// A workflow or a KRI event of the caller's, which is there.
#[derive(Clone)]
struct Thing {
    tenant: TenantId,
    of: Versioned,
    id: String,
    at_least: Option<Position>,
}

impl Thing {
    async fn workflow(
        app: &App,
        tenant: TenantId,
        id: &Id<WorkflowId>,
        at_least: Option<Position>,
    ) -> Result<Self, Problem> {
        let id = id.get("workflow")?;
        let there = app.read_models.find_workflow(tenant, id, at_least).await?.is_some();
        let thing = Self { tenant, of: Versioned::Workflow, id: id.to_string(), at_least };
        if there { Ok(thing) } else { Err(Problem::not_found("workflow")) }
    }

    async fn kri_event(
        app: &App,
        tenant: TenantId,
        id: &Id<KriEventDefinitionId>,
        at_least: Option<Position>,
    ) -> Result<Self, Problem> {
        let id = id.get("KRI event")?;
        let there = app.read_models.find_kri_event(tenant, id, at_least).await?.is_some();
        let thing = Self { tenant, of: Versioned::KriEvent, id: id.to_string(), at_least };
        if there { Ok(thing) } else { Err(Problem::not_found("KRI event")) }
    }

    fn key(&self) -> (TenantId, Versioned, &str) {
        (self.tenant, self.of, &self.id)
    }

    async fn versions(&self, app: &App, page: &PageOf) -> Answered {
        let found = app.read_models.list_versions(self.key(), self.at_least, page).await?;
        let names = Names::of(app, found.items.iter().map(|version| version.actor)).await?;
        let items: Vec<_> =
            found.items.into_iter().map(|version| version_item(&names, version, None)).collect();
        json(StatusCode::OK, &object!({ "items": items, "nextCursor": found.next_cursor }))
    }

    async fn version(&self, app: &App, version: &str) -> Answered {
        let missing = || Problem::not_found("version");
        let number = version.parse().map_err(|_| missing())?;
        let found = app.read_models.find_version(self.key(), number, self.at_least).await?;
        let VersionRow { summary, definition } = found.ok_or_else(missing)?;
        let names = Names::of(app, [summary.actor]).await?;
        json(StatusCode::OK, &version_item(&names, summary, Some(definition)))
    }

    async fn compare(&self, app: &App, asked: Between) -> Answered {
        let needed = |name| Problem::invalid_at(format!("/{name}"), "name the number of a version");
        let from = asked.from.ok_or_else(|| needed("from"))?;
        let to = asked.to.ok_or_else(|| needed("to"))?;
        let found = app.read_models.compare_versions(self.key(), (from, to), self.at_least).await?;
        let diff = found.ok_or_else(|| Problem::not_found("version"))?;
        json(
            StatusCode::OK,
            &object!({ "from": from, "to": to, "patch": diff.patch, "summary": diff.summary }),
        )
    }

    async fn change_log(&self, app: &App, page: &PageOf) -> Answered {
        let found = app.read_models.list_changes(self.key(), self.at_least, page).await?;
        let items = named_changes(app, found.items).await?;
        json(StatusCode::OK, &object!({ "items": items, "nextCursor": found.next_cursor }))
    }
}

/// `GET /api/workflows/{id}/versions`: newest first.
pub async fn versions(app: Data<App>, id: Path<Id<WorkflowId>>, query: Listing<Nothing>) -> Answered {
    let thing = Thing::workflow(&app, query.tenant()?, &id, query.at_least).await?;
    thing.versions(&app, &query.page).await
}

/// `GET /api/workflows/{id}/versions/{version}`.
pub async fn version(app: Data<App>, at: Path<(Id<WorkflowId>, String)>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    Thing::workflow(&app, tenant, &at.0, query.at_least).await?.version(&app, &at.1).await
}

/// `GET /api/workflows/{id}/versions/compare`.
pub async fn compare(app: Data<App>, id: Path<Id<WorkflowId>>, query: Query<Between>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    Thing::workflow(&app, tenant, &id, query.at_least).await?.compare(&app, query.parameters).await
}

/// `GET /api/workflows/{id}/change-log`: newest first.
pub async fn change_log(app: Data<App>, id: Path<Id<WorkflowId>>, query: Listing<Nothing>) -> Answered {
    let thing = Thing::workflow(&app, query.tenant()?, &id, query.at_least).await?;
    thing.change_log(&app, &query.page).await
}

/// `GET /api/workflow-kri-definitions/{id}/versions`: newest first.
pub async fn kri_event_versions(
    app: Data<App>,
    id: Path<Id<KriEventDefinitionId>>,
    query: Listing<Nothing>,
) -> Answered {
    let thing = Thing::kri_event(&app, query.tenant()?, &id, query.at_least).await?;
    thing.versions(&app, &query.page).await
}

/// `GET /api/workflow-kri-definitions/{id}/versions/{version}`.
pub async fn kri_event_version(
    app: Data<App>,
    at: Path<(Id<KriEventDefinitionId>, String)>,
    query: Query<Nothing>,
) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    Thing::kri_event(&app, tenant, &at.0, query.at_least).await?.version(&app, &at.1).await
}

/// `GET /api/workflow-kri-definitions/{id}/change-log`: newest first.
pub async fn kri_event_change_log(
    app: Data<App>,
    id: Path<Id<KriEventDefinitionId>>,
    query: Listing<Nothing>,
) -> Answered {
    let thing = Thing::kri_event(&app, query.tenant()?, &id, query.at_least).await?;
    thing.change_log(&app, &query.page).await
}
