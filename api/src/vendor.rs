//! Vendors, the third parties a tenant depends on: `/api/vendors`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::VendorId;
use draxis_domain::vendor::{VendorBody, VendorCommand};

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::{ArchivedFilter, Listing};
use crate::path::Id;
use crate::request::{Command, Nothing, Query};

/// `POST /api/vendors`.
pub async fn define(app: Data<App>, command: Command<VendorBody>) -> Answered {
    Ok(committed(app.commands.define_vendor(&command.context, command.body).await?))
}

/// `GET /api/vendors`.
pub async fn list(app: Data<App>, query: Listing<ArchivedFilter>) -> Answered {
    let archived = query.filter.archived();
    json(
        StatusCode::OK,
        &app.read_models.list_vendors(query.tenant()?, query.at_least, archived, &query.page).await?,
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
