//! Errands and questions: what an answer, or none, says of what was asked (hazard H3).

use std::time::Duration;

use chrono::DateTime;
use draxis_domain::relay::Channel;
use serde_json::Value;

use super::RelayError;
use crate::egress::{Egress, EgressError, Request, Response, StatusCode};
use crate::mail::MailError;

/// No far side makes us wait longer than that by one answer.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// How long an errand may take; less than after which the ledger takes its sender for dead.
const ERRAND: Duration = Duration::from_secs(45);

/// Why an errand was not confirmed.
#[derive(Debug)]
pub(super) enum Setback {
    /// It was surely not done.
    Refused(RelayError),
    /// It may have been done.
    Unknown(String),
}

impl<E: Into<RelayError>> From<E> for Setback {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// Whose answers are read, and what to look at when it refuses.
#[derive(Clone, Copy)]
pub(super) struct Far {
    pub(super) channel: Channel,
    pub(super) advice: &'static str,
}

/// Has something done. `Ok` is a success in so many words; whatever else came is told apart by what it means for a second try.
pub(super) async fn errand(egress: &Egress, request: Request, far: Far) -> Result<Response, Setback> {
    let response = match egress.send(request.within(ERRAND)).await {
        Ok(response) => response,
        Err(error) => return Err(unanswered(error, far)),
    };
    if response.status().is_server_error() {
        return Err(Setback::Unknown(failed_at_work(response.status())));
    }
    judge(&response, far)?;
    Ok(response)
}

/// Reads the JSON of a success. What cannot be read was done all the same.
pub(super) fn confirmed(response: &Response, far: Far) -> Result<Value, Setback> {
    serde_json::from_slice(response.body()).map_err(|_| unreadable(far))
}

/// A success without what was made.
pub(super) fn unreadable(far: Far) -> Setback {
    Setback::Unknown(format!(
        "{} answered with a success, but what it made cannot be read from the answer",
        far.channel
    ))
}

/// Asks something; a question can be asked again, so every failure is only that.
pub(super) async fn question(egress: &Egress, request: Request, far: Far) -> Result<Response, RelayError> {
    let response = egress.send(request).await?;
    if response.status().is_server_error() {
        return Err(RelayError::Failed { status: response.status().as_u16() });
    }
    judge(&response, far)?;
    Ok(response)
}

/// Reads the JSON of an answer to a question.
pub(super) fn answered(response: &Response, far: Far) -> Result<Value, RelayError> {
    serde_json::from_slice(response.body()).map_err(|_| RelayError::Unreadable { channel: far.channel })
}

/// How long an answer asks to wait: seconds, or a date that is measured against the answer's own (RFC 9110, section 10.2.3).
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let until = DateTime::parse_from_rfc2822(text).ok()?;
        let now = DateTime::parse_from_rfc2822(response.header("date")?).ok()?;
        (until - now).to_std().unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

/// What it means that there is no answer that can be read whole.
fn unanswered(error: EgressError, far: Far) -> Setback {
    if let EgressError::TooLarge { status, .. } = error
        && status.is_client_error()
    {
        return Setback::Refused(refusal(status, None, far));
    }
    // These alone say that the same request belongs elsewhere; the other redirects may follow on work that is done.
    let elsewhere = if let EgressError::Redirected { status } = error {
        matches!(status.as_u16(), 301 | 307 | 308)
    } else {
        false
    };
    if error.request_was_written() && !elsewhere {
        return Setback::Unknown(error.to_string());
    }
    Setback::Refused(error.into())
}

fn failed_at_work(status: StatusCode) -> String {
    format!("the far side failed (status {}) and may have done its work before", status.as_u16())
}

fn judge(response: &Response, far: Far) -> Result<(), RelayError> {
    if response.status().is_success() {
        return Ok(());
    }
    Err(refusal(response.status(), retry_after(response), far))
}

fn refusal(status: StatusCode, retry_after: Option<Duration>, far: Far) -> RelayError {
    match status.as_u16() {
        // 408 and 425 say that the request was not taken up (RFC 9110, section 15.5.9; RFC 8470, section 5.2).
        408 | 425 | 429 => RelayError::Busy { retry_after },
        401 => RelayError::Credentials,
        403 => RelayError::Permission,
        404 | 410 => RelayError::NotFound,
        status => RelayError::Refused { status, advice: far.advice.to_owned() },
    }
}

/// Letters are told apart by the mailer, which knows when the letter was on its way.
pub(super) fn unsent(error: MailError) -> Setback {
    if error.may_have_been_sent() {
        Setback::Unknown(error.to_string())
    } else {
        Setback::Refused(error.into())
    }
}

/// One line of at most so many characters: no far side takes more, and a title that is cut says so.
pub(super) fn one_line(text: &str, longest: usize) -> String {
    let line = text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}');
    cut(line.map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ").trim(), longest)
}

/// At most so many characters.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}
