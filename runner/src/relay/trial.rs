//! Trials: what stopped an attempt, in words for whoever set the relay up; nothing the far side said, no secret.

use draxis_domain::source::BaseUrl;
use serde_json::Value;

use crate::egress::{Egress, EgressError, Request, RequestError, Response, Target};
use crate::mail::MailError;

/// What stopped an attempt.
#[derive(Debug)]
pub(super) struct Trial {
    /// At which step: `settings`, `name`, `refused`, `connect`, `tls`, `timeout`, `auth`, `permission`, `far_side`, `shape`.
    pub(super) step: &'static str,
    /// What to do.
    pub(super) detail: String,
}

impl Trial {
    pub(super) fn new(step: &'static str, detail: impl Into<String>) -> Self {
        Self { step, detail: detail.into() }
    }
}

impl From<EgressError> for Trial {
    fn from(error: EgressError) -> Self {
        let step = match &error {
            EgressError::Refused(_) => "refused",
            EgressError::Request(_) => "settings",
            EgressError::Name { .. } => "name",
            EgressError::Connect { .. } => "connect",
            EgressError::Tls { .. } => "tls",
            EgressError::Timeout { .. } => "timeout",
            EgressError::Lost { .. } => "far_side",
            EgressError::TooLarge { .. } | EgressError::Redirected { .. } => "shape",
        };
        Self::new(step, error.to_string())
    }
}

impl From<RequestError> for Trial {
    fn from(error: RequestError) -> Self {
        Self::new("settings", error.to_string())
    }
}

impl From<MailError> for Trial {
    fn from(error: MailError) -> Self {
        let step = match &error {
            MailError::Refused(_) => "refused",
            MailError::Letter(_) => "settings",
            MailError::Name { .. } => "name",
            MailError::Connect => "connect",
            MailError::Tls { .. } | MailError::NoStartTls => "tls",
            MailError::Login { .. } => "auth",
            MailError::Deferred { .. }
            | MailError::Rejected { .. }
            | MailError::Interrupted
            | MailError::Lost => "far_side",
            MailError::Timeout { .. } => "timeout",
        };
        Self::new(step, error.to_string())
    }
}

/// An address below a base, which may have a path of its own.
pub(super) fn below(base: &BaseUrl, path: &str) -> Result<Target, Trial> {
    let address = format!("{}{path}", base.as_str().trim_end_matches('/'));
    Target::parse(&address).map_err(|why| Trial::new("refused", why.to_string()))
}

/// Sends a request and reads its answer as JSON; every other answer is told by its status.
pub(super) async fn ask(egress: &Egress, request: Request) -> Result<Value, Trial> {
    let response = egress.send(request).await?;
    accepted(&response)?;
    serde_json::from_slice(response.body())
        .map_err(|_| Trial::new("shape", "the answer is no JSON: check that the address is that of the API"))
}

/// Refuses an answer that is not a success.
pub(super) fn accepted(response: &Response) -> Result<(), Trial> {
    let status = response.status();
    let (step, detail) = match status.as_u16() {
        200..=299 => return Ok(()),
        401 => ("auth", "the credentials are not accepted: enter them again"),
        403 => ("permission", "the credentials are accepted, but not for this: give them the rights"),
        404 | 410 => ("shape", "there is nothing at this address: check it"),
        429 => ("far_side", "the far side asks to wait: try again later"),
        400..=499 => ("shape", "the far side refuses the request: check the settings"),
        _ => ("far_side", "the far side failed: try again later"),
    };
    Err(Trial::new(step, format!("{detail} (status {})", status.as_u16())))
}
