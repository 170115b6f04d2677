//! As much of HTTP/1.1 as a far system needs: a request read whole, an answer written whole.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use url::form_urlencoded;

const HEAD_LINE_BYTES: u64 = 64 * 1024;
const HEAD_LINES: usize = 200;
const BODY_BYTES: usize = 16 * 1024 * 1024;

/// A request, read whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// In capitals.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// The query, decoded; the last of a name.
    pub query: BTreeMap<String, String>,
    /// By name in lower case; the last of a name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON, where it says that it is.
    pub fn json(&self) -> Option<Value> {
        self.header("content-type")?.starts_with("application/json").then_some(())?;
        serde_json::from_slice(&self.body).ok()
    }

    /// User name and password of basic authentication (RFC 7617).
    pub fn basic(&self) -> Option<(String, String)> {
        let pair = STANDARD.decode(self.header("authorization")?.strip_prefix("Basic ")?).ok()?;
        let pair = String::from_utf8(pair).ok()?;
        pair.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// The token of bearer authentication (RFC 6750).
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// Headers beside those of the body.
    pub headers: Vec<(&'static str, String)>,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { status, headers: Vec::new(), content_type: "application/json;charset=UTF-8", body }
    }

    /// An answer in plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), content_type: "text/plain;charset=UTF-8", body: body.into() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Reads the next request; none when the client has hung up or does not speak HTTP.
pub(super) async fn read<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Option<HttpRequest>> {
    let Some(first) = line(stream).await? else { return Ok(None) };
    let mut parts = first.split(' ');
    let (Some(method), Some(target)) = (parts.next(), parts.next()) else { return Ok(None) };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = HttpRequest {
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        ..HttpRequest::default()
    };
    for _ in 0..HEAD_LINES {
        let Some(header) = line(stream).await? else { return Ok(None) };
        if header.is_empty() {
            return body(stream, request).await;
        }
        if let Some((name, value)) = header.split_once(':') {
            request.headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    Ok(None)
}

async fn body<S: AsyncBufRead + Unpin>(
    stream: &mut S,
    mut request: HttpRequest,
) -> io::Result<Option<HttpRequest>> {
    let length = request.header("content-length").map_or(Some(0), |length| length.parse().ok());
    let Some(length) = length.filter(|length| *length <= BODY_BYTES) else { return Ok(None) };
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await?;
    Ok(Some(request))
}

async fn line<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = stream.take(HEAD_LINE_BYTES).read_until(b'\n', &mut bytes).await?;
    if read == 0 || !bytes.ends_with(b"\n") {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()))
}

/// Writes an answer; the connection stays open for the next request.
pub(super) async fn write<S: AsyncWrite + Unpin>(stream: &mut S, reply: &HttpReply) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} -\r\ncontent-type: {}\r\ncontent-length: {}\r\n",
        reply.status,
        reply.content_type,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head.extend([name, ": ", value.as_str(), "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&reply.body).await?;
    stream.flush().await
}
