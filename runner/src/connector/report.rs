//! What a run found out, and what it did not and why.

use rust_decimal::Decimal;

use super::fetch::FetchError;
use super::slug::Slug;

/// The outcome of one run. It holds nothing of the far side's words and no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// What was measured.
    pub values: Vec<Measured>,
    /// What was wanted and could not be measured: never a zero (hazard H6).
    pub unmeasured: Vec<Unmeasured>,
    /// What the manifest offers and the tenant has not wired.
    pub skipped: Vec<Slug>,
    /// Requests sent, retries and token requests included.
    pub requests_made: u32,
    /// Items read.
    pub items_seen: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What a person should know, such as a module that is not licensed.
    pub warnings: Vec<String>,
    /// What ended the run early, or why nothing at all was measured.
    pub error: Option<RunError>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Which KRI.
    pub slug: Slug,
    /// Its value, exact.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
    /// The requests it was read from.
    pub read_from: Vec<String>,
}

/// One KRI without a value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unmeasured {
    /// Which KRI.
    pub slug: Slug,
    /// The kind of reason.
    pub why: Why,
    /// The reason in words.
    pub text: String,
}

/// Why a KRI has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The vendor does not let this source read it: a licence or a right is missing.
    Forbidden,
    /// Only a part of the answer came.
    Partial,
    /// There was nothing to look at, such as no user at all.
    NothingToMeasure,
    /// The answer was not what the manifest expects.
    Shape,
    /// The answer did not come.
    Failed,
}

/// Why a run ended early or measured nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{text}")]
#[serde(rename_all = "camelCase")]
pub struct RunError {
    /// The kind.
    pub class: ErrorClass,
    /// The request it happened at; none before the first one.
    pub request: Option<String>,
    /// What happened and what to do.
    pub text: String,
}

/// What kind of trouble it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// A setting is missing or wrong.
    Settings,
    /// The name does not resolve.
    Name,
    /// The address is not allowed.
    RefusedAddress,
    /// No connection.
    Connect,
    /// No trusted connection.
    Tls,
    /// No answer in time.
    Timeout,
    /// Too large an answer.
    TooLarge,
    /// The connection broke.
    Broken,
    /// The vendor does not take the credentials.
    Authentication,
    /// The vendor does not let these credentials read this.
    Permission,
    /// The vendor asks to wait longer than the run may.
    RateLimited,
    /// The vendor has trouble of its own.
    Server,
    /// The vendor points elsewhere; redirects are not followed (hazard H7).
    Redirect,
    /// The vendor does not take the request.
    Rejected,
    /// The answer is not what the manifest expects.
    Shape,
    /// Only a part of the answer came.
    Partial,
    /// The run has spent what it may.
    Budget,
}

/// Trouble with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) class: ErrorClass,
    pub(crate) text: String,
}

impl Trouble {
    pub(crate) fn new(class: ErrorClass, text: impl Into<String>) -> Self {
        Self { class, text: text.into() }
    }

    /// The same with what was being read.
    pub(crate) fn reading(self, what: &str) -> Self {
        Self { text: format!("{what}: {}", self.text), ..self }
    }

    /// Whether other requests of the same run would meet it as well, so that the run stops.
    pub(crate) fn stops(&self) -> bool {
        match self.class {
            ErrorClass::Settings
            | ErrorClass::Name
            | ErrorClass::RefusedAddress
            | ErrorClass::Connect
            | ErrorClass::Tls
            | ErrorClass::Timeout
            | ErrorClass::Authentication
            | ErrorClass::RateLimited
            | ErrorClass::Budget => true,
            ErrorClass::TooLarge
            | ErrorClass::Broken
            | ErrorClass::Permission
            | ErrorClass::Server
            | ErrorClass::Redirect
            | ErrorClass::Rejected
            | ErrorClass::Shape
            | ErrorClass::Partial => false,
        }
    }

    /// What it means for a KRI that needs the answer.
    pub(crate) fn why(&self) -> Why {
        match self.class {
            ErrorClass::Permission => Why::Forbidden,
            ErrorClass::Partial | ErrorClass::Budget => Why::Partial,
            ErrorClass::Shape => Why::Shape,
            ErrorClass::Settings
            | ErrorClass::Name
            | ErrorClass::RefusedAddress
            | ErrorClass::Connect
            | ErrorClass::Tls
            | ErrorClass::Timeout
            | ErrorClass::TooLarge
            | ErrorClass::Broken
            | ErrorClass::Authentication
            | ErrorClass::RateLimited
            | ErrorClass::Server
            | ErrorClass::Redirect
            | ErrorClass::Rejected => Why::Failed,
        }
    }

    pub(crate) fn at(self, request: &str) -> RunError {
        RunError { class: self.class, request: Some(request.to_owned()), text: self.text }
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        let class = match error {
            FetchError::Name => ErrorClass::Name,
            FetchError::RefusedAddress => ErrorClass::RefusedAddress,
            FetchError::Connect => ErrorClass::Connect,
            FetchError::Tls => ErrorClass::Tls,
            FetchError::Timeout => ErrorClass::Timeout,
            FetchError::TooLarge => ErrorClass::TooLarge,
            FetchError::Broken => ErrorClass::Broken,
            FetchError::Redirect => ErrorClass::Redirect,
            FetchError::Request => ErrorClass::Settings,
        };
        Self::new(class, error.to_string())
    }
}
