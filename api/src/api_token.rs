//! API tokens: made, listed and revoked. The token itself is in the answer to its making, and nowhere else.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::identity::{ApiTokenBody, MintedToken};
use draxis_domain::ApiTokenId;
use serde_json::{Value, json};

use crate::answer::{Answered, committed, json as answer};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::Listing;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Nothing};

/// `POST /api/api-tokens`: the one time that the token is seen.
pub async fn mint(app: Data<App>, command: Command<ApiTokenBody>) -> Answered {
    let MintedToken { done, token } = app.identity.mint_api_token(&command.context, command.body).await?;
    let mut shown: Value = serde_json::from_slice(&done.answer.body).unwrap_or_default();
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("token".to_owned(), token.expose().into());
    }
    let mut response = HttpResponse::Created();
    response.insert_header(("Draxis-Position", done.position.get()));
    Ok(response.json(shown))
}

/// `GET /api/api-tokens`.
pub async fn list(app: Data<App>, query: Listing<Nothing>) -> Answered {
    let after = query.page.cursor.as_deref().map(str::parse::<ApiTokenId>).transpose();
    let after = after.map_err(|_| Problem::invalid_at("/cursor", "must be a nextCursor of this list"))?;
    let (items, next) = app.identity.api_tokens(&query.caller, (after, query.page.limit)).await?;
    answer(StatusCode::OK, &json!({ "items": items, "nextCursor": next }))
}

/// `DELETE /api/api-tokens/{id}`.
pub async fn revoke(app: Data<App>, id: Path<Id<ApiTokenId>>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.identity.revoke_api_token(&context, id.get("API token")?).await?))
}
