//! People: who is what within one's own scope, and taking roles and permissions away.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::identity::RevokeBody;
use draxis_commands::{Permission, Scope};
use draxis_domain::account::{Grant, HeldPermission};
use draxis_domain::{AccountId, Privilege};
use draxis_projections::{AccountRow, Page};
use serde::Serialize;
use serde_json::json;

use crate::answer::{Answered, committed, json as answer};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::Listing;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Nothing};

/// Somebody as far as they are something within the caller's scope.
#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct PersonItem {
    id: AccountId,
    /// None once the person has been erased.
    name: Option<String>,
    email: Option<String>,
    grants: Vec<Grant>,
    permissions: Vec<HeldPermission>,
}

/// `GET /api/accounts`.
pub async fn list(app: Data<App>, query: Listing<Nothing>) -> Answered {
    query.caller.must(Permission::ManagePeople)?;
    let (at_least, page) = (query.at_least, &query.page);
    let found = match query.caller.scope {
        Scope::Platform => app.read_models.list_accounts(at_least, page).await?,
        Scope::Organization(own) => app.read_models.list_people_of_organization(own, at_least, page).await?,
        Scope::Tenant(own) => app.read_models.list_people_of_tenant(own, at_least, page).await?,
    };
    let Page { items, next_cursor, .. } = found;
    let mut people = app.commands.people(&items.iter().map(|row| row.id).collect()).await?;
    let item = |AccountRow { id, grants, permissions, .. }: AccountRow| {
        let (name, email) = people.remove(&id).map(|it| (it.name, it.email)).unzip();
        PersonItem { id, name, email, grants, permissions }
    };
    let items: Vec<_> = items.into_iter().map(item).collect();
    answer(StatusCode::OK, &json!({ "items": items, "nextCursor": next_cursor }))
}

/// `POST /api/accounts/{id}/revoke`: takes a role away.
pub async fn revoke(app: Data<App>, id: Path<Id<AccountId>>, command: Command<RevokeBody>) -> Answered {
    let id = id.get("account")?;
    Ok(committed(app.identity.revoke_role(&command.context, id, command.body).await?))
}

/// `PUT /api/accounts/{id}/permissions/{permission}`.
pub async fn grant_permission(
    app: Data<App>,
    ids: Path<(Id<AccountId>, Id<Privilege>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let (context, which) = (command.context.because(command.body.reason), named(&ids)?);
    Ok(committed(app.identity.grant_permission(&context, which).await?))
}

/// `DELETE /api/accounts/{id}/permissions/{permission}`.
pub async fn revoke_permission(
    app: Data<App>,
    ids: Path<(Id<AccountId>, Id<Privilege>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let (context, which) = (command.context.because(command.body.reason), named(&ids)?);
    Ok(committed(app.identity.revoke_permission(&context, which).await?))
}

fn named(ids: &(Id<AccountId>, Id<Privilege>)) -> Result<(AccountId, Privilege), Problem> {
    Ok((ids.0.get("account")?, ids.1.get("permission")?))
}
