//! KRI events that workflow steps may emit: `/api/workflow-kri-definitions`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::KriEventDefinitionId;
use draxis_domain::kri_event_definition::KriEventBody;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::page::Listing;
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// `PUT /api/workflow-kri-definitions/{id}`: declares an event type under an id of the caller's, or replaces what it is.
pub async fn declare(
    app: Data<App>,
    id: Path<Id<KriEventDefinitionId>>,
    command: Command<KriEventBody>,
) -> Answered {
    let id = id.get("KRI event")?;
    Ok(committed(app.commands.put_kri_event(&command.context, id, command.body).await?))
}

/// `GET /api/workflow-kri-definitions`.
pub async fn list(app: Data<App>, query: Listing<Nothing>) -> Answered {
    json(
        StatusCode::OK,
        &app.read_models.list_kri_events(query.tenant()?, query.at_least, &query.page).await?,
    )
}

/// `GET /api/workflow-kri-definitions/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<KriEventDefinitionId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let definition = app.read_models.find_kri_event(tenant, id.get("KRI event")?, query.at_least).await?;
    found("KRI event", definition, |shown| shown.version)
}
