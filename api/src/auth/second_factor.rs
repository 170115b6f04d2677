//! Second factors: enrolling one, signing in with it, and who must have one.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use draxis_commands::identity::{Code, MfaPolicyBody};
use draxis_commands::secret::Secret;
use draxis_domain::mfa_policy::MfaSubject;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::{Answered, committed, json as answer};
use crate::app::App;
use crate::auth::{count, session};
use crate::problem::Problem;
use crate::rate_limit::Limit;
use crate::request::{Command, Nothing, Open, Query};

/// The body of `POST /api/auth/mfa/confirm`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmBody {
    #[schemars(with = "String")]
    code: Secret,
}

/// The body of `POST /api/auth/mfa/verify`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyBody {
    /// What signing in answered with.
    #[schemars(with = "String")]
    challenge: Secret,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    code: Option<Secret>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    recovery_code: Option<Secret>,
}

/// The body of `POST /api/auth/mfa/disable`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisableBody {
    #[schemars(with = "String")]
    password: Secret,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    code: Option<Secret>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    recovery_code: Option<Secret>,
}

fn one_of(code: Option<Secret>, recovery_code: Option<Secret>) -> Result<Code, Problem> {
    match (code, recovery_code) {
        (Some(code), None) => Ok(Code::Time(code)),
        (None, Some(code)) => Ok(Code::Recovery(code)),
        (None, None) | (Some(_), Some(_)) => {
            Err(Problem::invalid_at("/code", "send either code or recoveryCode"))
        }
    }
}

/// `POST /api/auth/mfa/enroll`: the secret is in the answer, this once.
pub async fn enroll(app: Data<App>, request: HttpRequest, command: Command<Nothing>) -> Answered {
    count(&app, &request, Limit::Auth)?;
    answer(StatusCode::OK, &app.identity.begin_enrollment(&command.context.caller).await?)
}

/// `POST /api/auth/mfa/confirm`: the recovery codes are in the answer, this once.
pub async fn confirm(app: Data<App>, request: HttpRequest, command: Command<ConfirmBody>) -> Answered {
    count(&app, &request, Limit::Login)?;
    let enrolled = app.identity.confirm_enrollment(&command.context, command.body.code).await?;
    answer(StatusCode::OK, &enrolled)
}

/// `POST /api/auth/mfa/verify`: signs in whoever has shown their password before.
pub async fn verify(app: Data<App>, request: HttpRequest, command: Open<VerifyBody>) -> Answered {
    count(&app, &request, Limit::Login)?;
    let VerifyBody { challenge, code, recovery_code } = command.body;
    let code = one_of(code, recovery_code)?;
    let signed_in = app.identity.answer_challenge(&command.context, challenge.expose(), code).await?;
    session(&request, StatusCode::OK, &signed_in)
}

/// `POST /api/auth/mfa/disable`.
pub async fn disable(app: Data<App>, request: HttpRequest, command: Command<DisableBody>) -> Answered {
    count(&app, &request, Limit::Login)?;
    let DisableBody { password, code, recovery_code } = command.body;
    let shown = (password, one_of(code, recovery_code)?);
    app.identity.disable_second_factor(&command.context, shown).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `PUT /api/mfa-policy`: for whom a second factor is required.
pub async fn set_policy(app: Data<App>, command: Command<MfaPolicyBody>) -> Answered {
    Ok(committed(app.identity.set_mfa_policy(&command.context, command.body).await?))
}

/// `GET /api/mfa-policy`: whether it is required of a subject.
pub async fn policy(app: Data<App>, query: Query<MfaSubject>) -> Answered {
    answer(StatusCode::OK, &app.identity.mfa_policy(&query.caller, query.parameters).await?)
}
