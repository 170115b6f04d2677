//! The port to the outside: what a connector asks of the egress client, and all it may learn from it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use url::Url;

use draxis_commands::secret::Secret;

/// Sends requests to the outside. The egress client implements it; `replay` does so from recorded replies.
pub trait Fetch: Send + Sync {
    /// Sends one request: no redirects, no retries, bounded by the request's own time and size.
    fn send<'a>(&'a self, request: &'a OutgoingRequest)
    -> BoxFuture<'a, Result<FetchedResponse, FetchError>>;

    /// Waits until a run that has read so many bytes may read on.
    fn room(&self, _read: u64) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Waits before asking again, as a vendor told us to.
    fn wait(&self, how_long: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(how_long))
    }
}

/// How a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Asks with a body.
    Post,
}

impl Method {
    /// The method as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request to be sent. It may hold secrets, so it cannot be printed.
pub struct OutgoingRequest {
    /// How it asks.
    pub method: Method,
    /// Where to, without secrets.
    pub url: Url,
    /// Secrets to be added to the URL's query when the request is written.
    pub secret_query: Vec<(String, Secret)>,
    /// Headers by lower-case name; each value may be a secret.
    pub headers: Vec<(String, Secret)>,
    /// The body with its content type; it may hold secrets.
    pub body: Option<(&'static str, Secret)>,
    /// The whole exchange may take this long.
    pub timeout: Duration,
    /// The answer's body may have this many bytes, after decompression.
    pub max_bytes: u64,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct FetchedResponse {
    /// The status code.
    pub status: u16,
    /// Headers by lower-case name, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl FetchedResponse {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Why no whole answer came. Nothing of the far side's words is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The name does not resolve.
    #[error("the host name cannot be resolved: check the base URL")]
    Name,
    /// The address is not one requests may go to (hazard H7).
    #[error("the host resolves to an address that is not allowed: ask the operator to allow it")]
    RefusedAddress,
    /// Nobody answers there.
    #[error("no connection could be made: check the base URL and the vendor's allow-list of addresses")]
    Connect,
    /// The certificate or the handshake failed.
    #[error("the TLS handshake failed: check the host name and the vendor's certificate")]
    Tls,
    /// It took too long.
    #[error("no answer came in time: try again later")]
    Timeout,
    /// The answer is larger than allowed.
    #[error("the answer is larger than allowed: narrow what is asked for")]
    TooLarge,
    /// The connection broke before the answer was whole.
    #[error("the connection broke before the answer was whole: try again later")]
    Broken,
    /// The far side points elsewhere (hazard H7).
    #[error("the vendor points elsewhere; redirects are not followed: check the base URL")]
    Redirect,
    /// The request cannot be written, such as a header with a line break in it.
    #[error("the request cannot be written: check the settings for characters that do not belong there")]
    Request,
}
