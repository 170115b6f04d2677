//! Vendors, the third parties a tenant depends on: `/api/vendors`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::vendor::{Criticality, VendorBody, VendorCommand};
use draxis_domain::{AccountId, VendorId};
use draxis_projections::VendorFilter;
use serde::Deserialize;

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{Listing, WithArchived};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// What the list of vendors can be narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VendorListFilter {
    archived: WithArchived,
    criticality: Option<Criticality>,
    owner: Option<AccountId>,
}

impl From<VendorListFilter> for VendorFilter {
    fn from(asked: VendorListFilter) -> Self {
        Self { archived: asked.archived.into(), criticality: asked.criticality, owner: asked.owner }
    }
}

/// `POST /api/vendors`.
pub async fn define(app: Data<App>, command: Command<VendorBody>) -> Answered {
    Ok(committed(app.commands.define_vendor(&command.context, command.body).await?))
}

/// `GET /api/vendors`.
pub async fn list(app: Data<App>, query: Listing<VendorListFilter>) -> Answered {
    let filter = query.filter.clone().into();
    json(
        StatusCode::OK,
        &app.read_models.list_vendors(query.tenant()?, query.at_least, &filter, &query.page).await?,
    )
}

/// `GET /api/vendors/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<VendorId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let vendor = app.read_models.find_vendor(tenant, id.get("vendor")?, query.at_least).await?;
    found("vendor", vendor, |shown| shown.version)
}

/// `PUT /api/vendors/{id}`.
pub async fn edit(app: Data<App>, id: Path<Id<VendorId>>, command: Command<VendorBody>) -> Answered {
    let context = command.context.because(command.body.reason.clone());
    let edit = VendorCommand::Edit { body: command.body };
    Ok(committed(app.commands.change_vendor(&context, id.get("vendor")?, edit).await?))
}

/// `POST /api/vendors/{id}/archive`.
pub async fn archive(app: Data<App>, id: Path<Id<VendorId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.change_vendor(&context, id.get("vendor")?, VendorCommand::Archive).await?))
}
