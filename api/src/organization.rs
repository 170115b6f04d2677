//! Organizations, tenants and invitations: the platform's own routes.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use draxis_commands::identity::InviteBody;
use draxis_commands::platform::{OrganizationBody, TenantBody};
use draxis_commands::{Caller, Permission, Scope};

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::page::Listing;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// `POST /api/organizations`.
pub async fn create(app: Data<App>, command: Command<OrganizationBody>) -> Answered {
    Ok(committed(app.commands.create_organization(&command.context, command.body).await?))
}

/// `GET /api/organizations`.
pub async fn list(app: Data<App>, query: Listing<Nothing>) -> Answered {
    if let Some(own) = reach(&query.caller)? {
        let own = app.read_models.find_organization(own, query.at_least).await?;
        return json(
            StatusCode::OK,
            &serde_json::json!({ "items": own.into_iter().collect::<Vec<_>>(), "nextCursor": null }),
        );
    }
    json(StatusCode::OK, &app.read_models.list_organizations(query.at_least, &query.page).await?)
}

/// `POST /api/tenants`.
pub async fn create_tenant(app: Data<App>, command: Command<TenantBody>) -> Answered {
    Ok(committed(app.identity.create_tenant(&command.context, command.body).await?))
}

/// `GET /api/tenants`.
pub async fn list_tenants(app: Data<App>, query: Listing<Nothing>) -> Answered {
    let within = reach(&query.caller)?;
    json(StatusCode::OK, &app.read_models.list_tenants(within, query.at_least, &query.page).await?)
}

/// `POST /api/invitations`: the token is in the answer, this once, and in the mail.
pub async fn invite(app: Data<App>, request: HttpRequest, command: Command<InviteBody>) -> Answered {
    let base = {
        let connection = request.connection_info();
        format!("{}://{}", connection.scheme(), connection.host())
    };
    let link = Box::new(move |token: &str| format!("{base}/invitations/{token}"));
    Ok(committed(app.identity.invite(&command.context, command.body, link).await?))
}

/// `GET /api/outbox`: the mail posted last, for whoever runs a platform without a mail server.
pub async fn outbox(app: Data<App>, query: Query<Nothing>) -> Answered {
    json(StatusCode::OK, &serde_json::json!({ "items": app.identity.outbox(&query.caller).await? }))
}

/// The part of the platform whose organizations and tenants the caller may list.
fn reach(caller: &Caller) -> Result<Option<draxis_domain::OrganizationId>, Problem> {
    caller.must(Permission::ManageTenants)?;
    Ok(match caller.scope {
        Scope::Organization(organization) => Some(organization),
        Scope::Platform | Scope::Tenant(_) => None,
    })
}
