//! What is to be sent: a request whose secret parts stay closed until the egress client sends it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use draxis_commands::secret::Secret;
use serde_json::Value;

use super::header::{HeaderName, InvalidHeaderName};
use super::{Method, Target};

/// A piece of a request: text that may be shown, or a secret.
pub enum Field {
    /// May be shown and logged.
    Open(String),
    /// Opened on the way out.
    Secret(Arc<Secret>),
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Open(text.to_owned())
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        Self::Open(text)
    }
}

impl From<Secret> for Field {
    fn from(secret: Secret) -> Self {
        Self::Secret(Arc::new(secret))
    }
}

impl From<Arc<Secret>> for Field {
    fn from(secret: Arc<Secret>) -> Self {
        Self::Secret(secret)
    }
}

/// What a request carries.
pub enum Body {
    /// Nothing.
    Empty,
    /// Bytes as they are, nothing secret in them.
    Bytes {
        /// What they are, as `Content-Type`.
        content_type: &'static str,
        /// The bytes.
        bytes: Bytes,
    },
    /// A text that holds a secret somewhere, as a connector's template made it.
    Text {
        /// What it is, as `Content-Type`.
        content_type: &'static str,
        /// The text.
        text: Arc<Secret>,
    },
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, Field)>),
    /// `application/json`. Each secret replaces what stands at its JSON pointer (RFC 6901).
    Json {
        /// The document, with something in the place of each secret.
        document: Value,
        /// Pointer and secret.
        secrets: Vec<(String, Arc<Secret>)>,
    },
}

/// How a header's value is made on the way out.
pub(super) enum HeaderField {
    Plain(Field),
    /// A word before a secret: `Bearer …`, `SSWS …`.
    Prefixed {
        prefix: String,
        secret: Arc<Secret>,
    },
    /// RFC 7617.
    Basic {
        user: String,
        password: Arc<Secret>,
    },
}

/// A request to another system. It cannot be shown or copied, since it may hold secrets.
pub struct Request {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) query: Vec<(String, Field)>,
    pub(super) headers: Vec<(HeaderName, HeaderField)>,
    pub(super) body: Body,
    pub(super) within: Option<Duration>,
    pub(super) at_most: Option<usize>,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: Method, target: Target) -> Self {
        let (query, headers) = (Vec::new(), Vec::new());
        Self { method, target, query, headers, body: Body::Empty, within: None, at_most: None }
    }

    /// A question.
    pub fn get(target: Target) -> Self {
        Self::new(Method::GET, target)
    }

    /// An errand.
    pub fn post(target: Target, body: Body) -> Self {
        Self::new(Method::POST, target).body(body)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Adds a query pair, encoded on the way out.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<Field>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header. Those that decide how the request travels are refused: they are set by the client alone.
    pub fn header(self, name: &str, value: impl Into<Field>) -> Result<Self, RequestError> {
        self.with(name, HeaderField::Plain(value.into()))
    }

    /// Adds a header whose secret stands behind a word, as in `Authorization: SSWS …`; the space between is given too.
    pub fn prefixed_header(
        self,
        name: &str,
        prefix: impl Into<String>,
        secret: impl Into<Arc<Secret>>,
    ) -> Result<Self, RequestError> {
        self.with(name, HeaderField::Prefixed { prefix: prefix.into(), secret: secret.into() })
    }

    /// `Authorization: Bearer …` (RFC 6750).
    #[must_use]
    pub fn bearer(mut self, token: impl Into<Arc<Secret>>) -> Self {
        let value = HeaderField::Prefixed { prefix: "Bearer ".to_owned(), secret: token.into() };
        self.headers.push((super::header::AUTHORIZATION, value));
        self
    }

    /// `Authorization: Basic …` (RFC 7617). The user name cannot hold a colon.
    pub fn basic(
        mut self,
        user: impl Into<String>,
        password: impl Into<Arc<Secret>>,
    ) -> Result<Self, RequestError> {
        let user = user.into();
        if user.contains(':') {
            return Err(RequestError::UserName);
        }
        let value = HeaderField::Basic { user, password: password.into() };
        self.headers.push((super::header::AUTHORIZATION, value));
        Ok(self)
    }

    /// Gives up after this time, if that is less than the configured total. A limit below the connect time-out makes
    /// a time-out count as heard, since it can no longer be told apart.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// Reads at most this many bytes, if that is less than the configured limit.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.at_most = Some(bytes);
        self
    }

    fn with(mut self, name: &str, value: HeaderField) -> Result<Self, RequestError> {
        let name = HeaderName::try_from(name).map_err(|source| RequestError::HeaderName { source })?;
        if TRAVEL.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            return Err(RequestError::HeaderTaken { name });
        }
        self.headers.push((name, value));
        Ok(self)
    }
}

/// Headers that decide where a request goes and where it ends; with another hand on them one request could be read
/// as two, or by another host than the one judged.
const TRAVEL: [&str; 11] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept-encoding",
    "forwarded",
];

/// Why a request could not be put together. Never repeats a value.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Not a header name.
    #[error("a header name holds characters it cannot: use letters, digits and hyphens")]
    HeaderName {
        /// What is wrong with it.
        #[source]
        source: InvalidHeaderName,
    },
    /// A header the client sets itself.
    #[error("the header {name} is set by the program alone: leave it out")]
    HeaderTaken {
        /// Which one.
        name: HeaderName,
    },
    /// A line break or another control character.
    #[error("the value of the header {name} holds a line break or control character: enter it again without")]
    HeaderValue {
        /// Which one.
        name: HeaderName,
    },
    /// A colon in a user name for basic authentication.
    #[error("a user name for basic authentication cannot hold a colon: check which field it is in")]
    UserName,
    /// The document has nothing at a secret's pointer.
    #[error("the document has nothing at {pointer} for the secret to replace: put a placeholder there")]
    Pointer {
        /// Where it should have been.
        pointer: String,
    },
    /// The document cannot be written as JSON.
    #[error("the document cannot be written as JSON")]
    Json {
        /// What the writer said.
        #[source]
        source: serde_json::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request::get(Target::parse("https://example.com/").unwrap())
    }

    #[test]
    fn headers_that_decide_how_a_request_travels_are_refused_in_any_case() {
        for name in [
            "Host",
            "HOST",
            "content-length",
            "Transfer-Encoding",
            "connection",
            "Proxy-Authorization",
            "Expect",
        ] {
            assert!(matches!(request().header(name, "x"), Err(RequestError::HeaderTaken { .. })), "{name}");
        }
    }

    #[test]
    fn a_header_name_that_breaks_the_line_is_refused() {
        assert!(matches!(request().header("x\r\nhost", "y"), Err(RequestError::HeaderName { .. })));
    }

    #[test]
    fn a_user_name_with_a_colon_is_refused() {
        assert!(matches!(request().basic("a:b", Secret::new("c".to_owned())), Err(RequestError::UserName)));
    }
}
