//! Signing in and out, and tokens for one tenant.

pub mod second_factor;

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use draxis_commands::CommandError;
use draxis_commands::identity::{ApiTokenRow, Code, Password, Profile, SignedIn};
use draxis_commands::secret::Secret;
use draxis_domain::account::Role;
use draxis_domain::{AccountId, Actor, Email, Name, Reason, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{Answered, json as answer};
use crate::app::App;
use crate::problem::Problem;
use crate::rate_limit::Limit;
use crate::request::{Command, Nothing, Open, Query};

/// The cookie that holds the refresh token.
const COOKIE: &str = "draxis_refresh";

/// The body of `POST /api/auth/register`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterBody {
    email: Email,
    #[schemars(with = "String", length(min = 12, max = 256))]
    password: Password,
    name: Name,
}

/// The body of `POST /api/auth/login`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    email: String,
    #[schemars(with = "String")]
    password: Secret,
    /// The code of the second factor, where one is enrolled; left out, a challenge is answered instead.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    code: Option<Secret>,
}

/// The body of `POST /api/auth/tenant`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantTokenBody {
    tenant_id: TenantId,
    reason: Reason,
}

/// The body of `POST /api/invitations/{token}/accept`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptBody {
    name: Name,
    #[schemars(with = "String", length(min = 12, max = 256))]
    password: Password,
}

/// What somebody who has just signed in is told.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionAnswer<'a> {
    access_token: &'a str,
    expires_in: i64,
    account: AccountAnswer,
    /// Whether the token is good for nothing but enrolling the second factor that is required.
    mfa_enrollment_required: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct AccountAnswer {
    id: AccountId,
    role: Option<Role>,
}

/// What whoever asks is told about themselves: a person, or a machine by its token.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Me {
    /// A person who has signed in.
    Person(Profile),
    /// An API token.
    Machine(ApiTokenRow),
}

/// Counts an attempt under `/api/auth`, and refuses floods.
fn count(app: &App, request: &HttpRequest, limit: Limit) -> Result<(), Problem> {
    let address =
        request.peer_addr().map_or(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    if limit != Limit::Auth {
        app.rate_limits.count(limit, address)?;
    }
    app.rate_limits.count(Limit::Auth, address)
}

/// `GET /api/auth/needs-setup`.
pub async fn needs_setup(app: Data<App>, request: HttpRequest) -> Answered {
    count(&app, &request, Limit::Auth)?;
    answer(StatusCode::OK, &json!({ "needsSetup": app.identity.needs_setup().await? }))
}

/// `POST /api/auth/register`: the first account, which becomes superadmin.
pub async fn register(app: Data<App>, request: HttpRequest, command: Open<RegisterBody>) -> Answered {
    count(&app, &request, Limit::Auth)?;
    let RegisterBody { email, password, name } = command.body;
    let signed_in = app.identity.register_first(&command.context, (email, name, password)).await?;
    session(&request, StatusCode::CREATED, &signed_in)
}

/// `POST /api/auth/login`.
pub async fn login(app: Data<App>, request: HttpRequest, command: Open<LoginBody>) -> Answered {
    count(&app, &request, Limit::Login)?;
    let LoginBody { email, password, code } = command.body;
    // A text that is no address is nobody's: the same answer, at the same cost.
    let email = Email::parse(&email).or_else(|_| Email::parse("nobody@nowhere.invalid"));
    let email = email.map_err(|_| CommandError::WrongCredentials)?;
    let shown = (password, code.map(Code::Time));
    session(&request, StatusCode::OK, &app.identity.login(&command.context, &email, shown).await?)
}

/// `POST /api/auth/refresh`: exchanges the cookie for the next one, and an access token.
pub async fn refresh(app: Data<App>, request: HttpRequest, _: Open<Nothing>) -> Answered {
    count(&app, &request, Limit::Auth)?;
    let cookie = request.cookie(COOKIE).ok_or(CommandError::NoSession)?;
    session(&request, StatusCode::OK, &app.identity.refresh(cookie.value()).await?)
}

/// `POST /api/auth/logout`: ends the session of the cookie.
pub async fn logout(app: Data<App>, request: HttpRequest, _: Open<Nothing>) -> Answered {
    count(&app, &request, Limit::Auth)?;
    if let Some(cookie) = request.cookie(COOKIE) {
        app.identity.logout(cookie.value()).await?;
    }
    let mut gone = Cookie::build(COOKIE, "").path("/api/auth").http_only(true).finish();
    gone.make_removal();
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

/// `GET /api/auth/me`.
pub async fn me(app: Data<App>, request: HttpRequest, query: Query<Nothing>) -> Answered {
    count(&app, &request, Limit::Auth)?;
    if let Actor::ApiToken(_) = query.caller.actor {
        let machine = app.identity.api_token_profile(&query.caller).await?;
        return answer(StatusCode::OK, &Me::Machine(machine));
    }
    answer(StatusCode::OK, &Me::Person(app.identity.profile(&query.caller).await?))
}

/// `POST /api/auth/tenant`: a token for one tenant.
pub async fn tenant(app: Data<App>, request: HttpRequest, command: Command<TenantTokenBody>) -> Answered {
    count(&app, &request, Limit::Auth)?;
    let TenantTokenBody { tenant_id, reason } = command.body;
    answer(StatusCode::OK, &app.identity.tenant_token(&command.context, tenant_id, reason).await?)
}

/// `POST /api/invitations/{token}/accept`.
pub async fn accept(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
    command: Open<AcceptBody>,
) -> Answered {
    count(&app, &request, Limit::Auth)?;
    let AcceptBody { name, password } = command.body;
    let signed_in = app.identity.accept(&command.context, &token, (name, password)).await?;
    session(&request, StatusCode::CREATED, &signed_in)
}

fn session(request: &HttpRequest, status: StatusCode, signed_in: &SignedIn) -> Answered {
    let expires_at = time::OffsetDateTime::from_unix_timestamp(signed_in.refresh.expires_at.timestamp())
        .map_err(|error| Problem::failed(&error))?;
    let cookie = Cookie::build(COOKIE, &signed_in.refresh.token)
        .path("/api/auth")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(request.connection_info().scheme() == "https")
        .expires(expires_at)
        .finish();
    let body = SessionAnswer {
        access_token: &signed_in.access.access_token,
        expires_in: signed_in.access.expires_in,
        account: AccountAnswer { id: signed_in.account, role: signed_in.role() },
        mfa_enrollment_required: signed_in.must_enroll,
    };
    let mut response = answer(status, &body)?;
    response.add_cookie(&cookie).map_err(|error| Problem::failed(&error))?;
    Ok(response)
}
