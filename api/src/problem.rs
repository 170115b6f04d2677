//! Problem documents: the one place where a refusal becomes HTTP (RFC 9457, product.md section 7).

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use draxis_commands::CommandError;
use draxis_commands::identity::Challenge;
use draxis_domain::source::RunFailure;
use draxis_domain::workflow::Problem as Misfit;
use draxis_domain::{Rejection, RunId, Violation};
use draxis_event_store::{StretchError, is_out_of_reach};
use draxis_projections::ReadError;
use draxis_runner::panel::PanelError;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What a caller is told when a request was not carried out. Never a stack trace, SQL or a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Document>);

/// The document and the headers that go with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Document {
    /// Stable: `urn:draxis:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    title: Cow<'static, str>,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Entry>,
    /// Members of one kind of problem alone (RFC 9457, section 3.2).
    #[serde(flatten)]
    more: Map<String, Value>,
    #[serde(skip)]
    retry_after: Option<u64>,
    #[serde(skip)]
    version: Option<u64>,
    #[serde(skip)]
    allow: Option<String>,
}

/// One thing wrong with the input: where, what, and as far as the rule can say it, what could stand there and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Entry {
    pointer: String,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl From<Violation> for Entry {
    fn from(Violation { pointer, detail }: Violation) -> Self {
        Self { pointer, detail, code: None, allowed: Vec::new(), next: None }
    }
}

impl From<Misfit> for Entry {
    fn from(Misfit { code, pointer, message, allowed, next }: Misfit) -> Self {
        Self { pointer, detail: message, code: Some(code), allowed, next: Some(next) }
    }
}

impl Problem {
    fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Document {
            kind: format!("urn:draxis:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            more: Map::new(),
            retry_after: None,
            version: None,
            allow: None,
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Document)) -> Self {
        change(&mut self.0);
        self
    }

    /// Not found: the same for foreign, missing and forbidden ids (hazards A5).
    pub fn not_found(noun: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {noun}"))
    }

    /// No such route.
    pub fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_route", "there is nothing at this address; see /api/docs")
    }

    /// The route exists, with other methods.
    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("this address takes {allow}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
            .with(|document| document.allow = Some(allow))
    }

    /// No token, or not a valid one.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "sign in (POST /api/auth/login) and send the access token as Authorization: Bearer",
        )
    }

    /// The request is not what HTTP or JSON makes of it.
    pub fn malformed(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// The body or a parameter breaks rules.
    pub fn invalid(code: &str, errors: Vec<Violation>) -> Self {
        Self::entered(code, errors.into_iter().map(Entry::from).collect())
    }

    fn entered(code: &str, errors: Vec<Entry>) -> Self {
        let detail = match errors.as_slice() {
            [one] => {
                format!("{}: {}", if one.pointer.is_empty() { "the body" } else { &one.pointer }, one.detail)
            }
            several => format!("{} things are wrong with the input; see errors", several.len()),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).with(|document| document.errors = errors)
    }

    /// One rule broken at one place.
    pub fn invalid_at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid("invalid", vec![Violation { pointer: pointer.into(), detail: detail.into() }])
    }

    /// The body has another media type than JSON.
    pub fn not_json() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "send the body as JSON, with Content-Type: application/json",
        )
    }

    /// The body is larger than it may be.
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("a body may have at most {limit} bytes"),
        )
    }

    /// Too many requests from one address.
    pub fn too_many(retry_after: u64) -> Self {
        let detail = format!("too many attempts from this address; try again in {retry_after} seconds");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail);
        problem.with(|document| document.retry_after = Some(retry_after))
    }

    /// As many streams are open as one process keeps.
    pub fn too_many_streams() -> Self {
        let detail = "as many streams are open as can be kept; close one, or try again in a moment";
        Self::unavailable("too_many_streams", detail.to_owned())
    }

    /// A run of a source failed: which, at what, and what to do.
    pub fn run_failed(run: RunId, failure: &RunFailure) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "source.run_failed", failure.detail.clone()).with(|document| {
            document.more.insert("runId".to_owned(), json!(run));
            document.more.insert("class".to_owned(), json!(failure.class));
        })
    }

    /// The body has another media type than the route takes.
    pub fn wrong_media_type(wanted: &str) -> Self {
        let detail = format!("send the body with Content-Type: {wanted}");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_media_type", detail)
    }

    /// Our own fault: logged here, once, with its chain; opaque outside.
    pub fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            chain.push_str(": ");
            chain.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(error = %chain, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "this is our fault; nothing is known to be lost. Try again, and report it with the X-Request-Id",
        )
    }

    fn unavailable(code: &str, detail: String) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        problem.with(|document| document.retry_after = Some(1))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if let Some(version) = self.0.version {
            response.insert_header((header::ETAG, format!("\"{version}\"")));
        }
        if let Some(allow) = &self.0.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if self.0.status == StatusCode::UNAUTHORIZED.as_u16() {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(json!(self).to_string())
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            Rejection::NotFound { noun } => Self::not_found(noun),
            Rejection::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, detail),
            Rejection::Invalid { code, violations } => Self::invalid(code, violations),
            Rejection::Stale { current } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "stale_version", detail)
                    .with(|document| document.version = Some(current))
            }
            Rejection::Taken { kind } => Self::new(
                StatusCode::CONFLICT,
                &format!("{kind}.taken"),
                format!("this {} is taken; choose another one", kind.replace('_', " ")),
            ),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let detail = error.to_string();
        match error {
            CommandError::Rejected(rejection) => rejection.into(),
            CommandError::Misfits { code, problems } => {
                Self::entered(code, problems.into_iter().map(Entry::from).collect())
            }
            CommandError::Forbidden { .. } => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            CommandError::NoTenant => Self::new(StatusCode::FORBIDDEN, "no_tenant", detail),
            CommandError::WrongCredentials => {
                Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", detail)
            }
            CommandError::NoSession => Self::unauthenticated(),
            CommandError::SecondFactor(challenge) => {
                Self::new(StatusCode::UNAUTHORIZED, "mfa_required", detail).with(|document| {
                    document.more.insert("challenge".to_owned(), json!(challenge.as_str()));
                    document.more.insert("expiresIn".to_owned(), json!(Challenge::EXPIRES_IN));
                })
            }
            CommandError::WrongCode => Self::new(StatusCode::UNAUTHORIZED, "mfa_code_wrong", detail),
            CommandError::TooManyCodes => {
                let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_codes", detail);
                problem.with(|document| document.retry_after = Some(15 * 60))
            }
            CommandError::EnrollFirst => Self::new(StatusCode::FORBIDDEN, "mfa_enrollment_required", detail),
            CommandError::NeedsSecondFactor => {
                Self::new(StatusCode::FORBIDDEN, "mfa_session_required", detail)
            }
            CommandError::NotAPerson => Self::new(StatusCode::FORBIDDEN, "not_a_person", detail),
            CommandError::Gone => Self::new(StatusCode::GONE, "gone", detail),
            CommandError::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
            }
            CommandError::InFlight => Self::new(StatusCode::CONFLICT, "idempotency_key_in_flight", detail)
                .with(|document| document.retry_after = Some(1)),
            CommandError::Overloaded => Self::unavailable("overloaded", detail),
            CommandError::Contended => Self::unavailable("contended", detail),
            CommandError::Unknown => Self::unavailable("outcome_unknown", detail),
            CommandError::Failed(_) => Self::failed(&error),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let detail = error.to_string();
        match error {
            ReadError::Ahead { .. } => Self::invalid_at("/position", detail),
            ReadError::Cursor => Self::invalid_at("/cursor", detail),
            ReadError::NoSuchProjection { .. } => Self::invalid_at("/model", detail),
            ReadError::Contended => Self::unavailable("contended", detail),
            ReadError::Database(ref cause)
            | ReadError::Stretch(StretchError::Database { source: ref cause, .. })
                if is_out_of_reach(cause) =>
            {
                Self::unavailable("overloaded", detail)
            }
            ReadError::Database(_)
            | ReadError::Undecodable { .. }
            | ReadError::Gap { .. }
            | ReadError::Stretch(_)
            | ReadError::Row { .. }
            | ReadError::Unwritable { .. }
            | ReadError::Newer { .. }
            | ReadError::Interrupted(_) => Self::failed(&error),
        }
    }
}

impl From<PanelError> for Problem {
    fn from(error: PanelError) -> Self {
        match error {
            PanelError::Command(error) => error.into(),
            PanelError::Read(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use draxis_commands::CommandError;
    use draxis_domain::Rejection;
    use serde_json::json;

    use super::Problem;

    #[test]
    fn a_broken_rule_names_its_place_and_what_to_do() {
        let rejection =
            Rejection::invalid("kri.thresholds_inverted", "/warn", "must be lower than critical (5)");
        assert_eq!(
            json!(Problem::from(rejection)),
            json!({
                "type": "urn:draxis:problem:kri.thresholds_inverted",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "/warn: must be lower than critical (5)",
                "errors": [{"pointer": "/warn", "detail": "must be lower than critical (5)"}],
            })
        );
    }

    #[test]
    fn a_failure_of_ours_says_nothing_about_the_inside() {
        let inside = std::io::Error::other("relation \"events\" does not exist");
        let problem = Problem::from(CommandError::failed(inside));
        assert!(!json!(problem).to_string().contains("events"));
    }
}
