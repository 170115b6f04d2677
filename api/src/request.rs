//! What a handler is given: a command with its context, or a query with its caller. Neither can be had without a token.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as DevPayload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use draxis_commands::{Caller, CommandError, Context, Permission};
use draxis_domain::{Position, TenantId};
use draxis_event_store::{CommandKey, RequestHash};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::body;
use crate::problem::Problem;

/// The id of one request, in its answer and in the metadata of what it caused.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// A command: who, why, under which key, and its body.
pub struct Command<T> {
    /// Everything besides what it asks.
    pub context: Context,
    /// What it asks.
    pub body: T,
}

/// A body for commands that ask nothing more than their address says.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A command of somebody who has no token yet: a first registration, a sign-in.
pub struct Open<T> {
    /// What it asks.
    pub body: T,
    /// The context of nobody in particular.
    pub context: Context,
}

/// A query: who asks, and what they must at least see.
pub struct Query<T> {
    /// Who asks.
    pub caller: Caller,
    /// The parameters.
    pub parameters: T,
    /// The position they have seen (`Draxis-Position`), if they said so.
    pub at_least: Option<Position>,
    /// The id of the request.
    pub request: Option<String>,
}

/// A file that is handed in: who, and its bytes as they come.
pub struct Upload {
    /// Everything besides the file.
    pub context: Context,
    /// The file.
    pub payload: Payload,
}

impl<T> Query<T> {
    /// The context in which it is recorded that they asked.
    pub fn context(&self) -> Context {
        Context { request: self.request.clone(), ..Context::of(self.caller.clone()) }
    }

    /// The tenant, of a caller who may read it.
    pub fn tenant(&self, permission: Permission) -> Result<TenantId, Problem> {
        self.caller.must(permission)?;
        Ok(self.caller.tenant()?)
    }
}

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for Command<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut DevPayload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload);
        Box::pin(async move {
            let caller = caller_of(&request).await?;
            let mut payload =
                payload.await.map_err(|_| Problem::malformed("broken_body", "the body cannot be read"))?;
            let bytes = body::read(&request, &mut payload, body::LIMIT).await?;
            let context = Context {
                key: idempotency_key(&request, &caller, &bytes)?,
                expected_version: expected_version(request.headers())?,
                request: request_id(&request),
                ..Context::of(caller)
            };
            Ok(Self { context, body: body::parse(&request, &bytes)? })
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Open<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut DevPayload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload);
        Box::pin(async move {
            let mut payload =
                payload.await.map_err(|_| Problem::malformed("broken_body", "the body cannot be read"))?;
            let bytes = body::read(&request, &mut payload, body::LIMIT).await?;
            let context = Context { request: request_id(&request), ..Context::of(Caller::public()) };
            Ok(Self { body: body::parse(&request, &bytes)?, context })
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut DevPayload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let Query { caller, at_least, request: id, .. } = Query::without_parameters(&request).await?;
            Ok(Self { caller, parameters: parameters(request.query_string())?, at_least, request: id })
        })
    }
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut DevPayload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload);
        Box::pin(async move {
            let context =
                Context { request: request_id(&request), ..Context::of(caller_of(&request).await?) };
            let payload =
                payload.await.map_err(|_| Problem::malformed("broken_body", "the body cannot be read"))?;
            Ok(Self { context, payload })
        })
    }
}

impl Query<Nothing> {
    /// Who asks and what they must see, whatever the query string says.
    pub(crate) async fn without_parameters(request: &HttpRequest) -> Result<Self, Problem> {
        let (caller, at_least) = (caller_of(request).await?, seen_position(request.headers())?);
        Ok(Self { caller, parameters: Nothing {}, at_least, request: request_id(request) })
    }
}

/// Reads a query string.
pub(crate) fn parameters<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let parsed = actix_web::web::Query::<T>::from_query(text);
    let misfit = |error| Problem::invalid_at("", format!("the query string does not fit: {error}"));
    Ok(parsed.map_err(misfit)?.into_inner())
}

/// Where somebody enrolls a second factor, signs out, and sees who they are.
const OWN_ACCOUNT: &str = "/api/auth/";

/// Who presents the access token or the API token of this request. Whoever must enroll a second factor first gets no further
/// than their own account.
async fn caller_of(request: &HttpRequest) -> Result<Caller, Problem> {
    let app = request.app_data::<Data<App>>().ok_or_else(Problem::unauthenticated)?;
    let caller = app.identity.authenticate(bearer(request).ok_or(CommandError::NoSession)?).await?;
    if caller.must_enroll() && !request.path().starts_with(OWN_ACCOUNT) {
        return Err(CommandError::EnrollFirst.into());
    }
    Ok(caller)
}

/// The token of this request, if it carries one.
pub(crate) fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(crate) fn request_id(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone())
}

/// The key of a command, bound to its caller and to everything that was asked.
pub(crate) fn idempotency_key(
    request: &HttpRequest,
    caller: &Caller,
    body: &[u8],
) -> Result<Option<CommandKey>, Problem> {
    let Some(key) = request.headers().get("Idempotency-Key") else { return Ok(None) };
    let key = key
        .to_str()
        .ok()
        .filter(|key| (1..=200).contains(&key.len()) && key.chars().all(|c| !c.is_control()));
    let key = key.ok_or_else(|| {
        Problem::malformed("bad_idempotency_key", "Idempotency-Key must be 1 to 200 printable characters")
    })?;
    let mut asked = Sha256::new();
    for part in [request.method().as_str().as_bytes(), request.path().as_bytes(), body] {
        asked.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        asked.update(part);
    }
    let request = RequestHash(asked.finalize().into());
    Ok(Some(CommandKey { caller: caller.actor.to_string(), key: key.to_owned(), request }))
}

/// `If-Match: "3"`; a star matches whatever there is.
fn expected_version(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(tag) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    tag.trim_matches('"').parse().map(Some).map_err(|_| {
        Problem::malformed(
            "bad_if_match",
            "If-Match must be the ETag of the version you have read, such as \"3\"",
        )
    })
}

fn seen_position(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let Some(seen) = headers.get("Draxis-Position") else { return Ok(None) };
    let seen = seen.to_str().ok().and_then(|seen| seen.parse().ok());
    seen.map(|seen| Some(Position::new(seen))).ok_or_else(|| {
        Problem::malformed("bad_position", "Draxis-Position must be the number that a command answered with")
    })
}
