//! Recorded replies stand in for a vendor: offline checks, tests, and the demonstration's own vendors.

mod offline;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::fetch::FetchedResponse;
use super::template::{Encoding, Filling, Template};

pub use offline::Replay;

/// One recorded exchange, as it stands in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What the request looks like.
    pub request: Pattern,
    /// What is answered, one after the other; the last one from then on.
    pub replies: Vec<Reply>,
}

/// What a request has to look like.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The method; GET when left out.
    pub method: Option<String>,
    /// The path, exactly.
    pub path: String,
    /// Parameters it has to have.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Parameters it may not have, such as the cursor of a later page.
    #[serde(default)]
    pub without: Vec<String>,
    /// Texts its body has to contain.
    #[serde(default)]
    pub body_contains: Vec<String>,
    /// Texts its body may not contain.
    #[serde(default)]
    pub body_lacks: Vec<String>,
    /// Headers it has to have; `*` stands for any value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// What is answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The status.
    #[serde(default = "ok")]
    pub status: u16,
    /// The headers; `{base}` in a value stands for where the vendor answers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON; `{base}` in its texts stands for where the vendor answers, `${now-30d}` for a time.
    pub body: Option<serde_json::Value>,
    /// The body as text, when it is not JSON.
    pub text: Option<String>,
}

fn ok() -> u16 {
    200
}

/// A vendor made of recorded replies.
#[derive(Debug, Clone, Default)]
pub struct Vendor {
    exchanges: Vec<Exchange>,
}

/// A request as it came, for matching.
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The path and the query after a `?`.
    pub path_and_query: &'a str,
    /// Headers by lower-case name.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a str,
    /// Where the asker thinks the vendor answers, such as `https://acme.okta.com`.
    pub base: &'a str,
    /// The clock replies are filled from: `${now-30d}` in a body is thirty days before it.
    pub now: DateTime<Utc>,
}

/// Recorded replies that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableReplies {
    /// The folder or a file in it cannot be opened.
    #[error("{path} cannot be read: check that it is there and may be opened")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not recorded replies.
    #[error("{path}:{line}: {reason}")]
    Shape {
        /// Which.
        path: String,
        /// Where.
        line: usize,
        /// Why.
        reason: String,
    },
}

impl Vendor {
    /// A vendor that answers these, the first that fits first.
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self { exchanges }
    }

    /// Reads recorded exchanges: a JSON list of them in one text.
    pub fn parse(name: &str, text: &str) -> Result<Self, UnreadableReplies> {
        let exchanges = serde_json::from_str(text).map_err(|error| UnreadableReplies::Shape {
            path: name.to_owned(),
            line: error.line(),
            reason: error.to_string(),
        })?;
        Ok(Self { exchanges })
    }

    /// Reads every `*.json` of a folder but `expected.json` and `source.json`, in the order of their names.
    pub fn open(folder: &Path) -> Result<Self, UnreadableReplies> {
        let unreadable = |path: &Path| {
            let path = path.display().to_string();
            move |source| UnreadableReplies::File { path, source }
        };
        let listed = std::fs::read_dir(folder).map_err(unreadable(folder))?;
        let entries = listed.collect::<Result<Vec<_>, _>>().map_err(unreadable(folder))?;
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        let mut exchanges = Vec::new();
        let json = |path: &&std::path::PathBuf| {
            path.extension().is_some_and(|e| e == "json")
                && path.file_name().is_some_and(|n| n != "expected.json" && n != "source.json")
        };
        for path in paths.iter().filter(json) {
            let text = std::fs::read_to_string(path).map_err(unreadable(path))?;
            exchanges.extend(Self::parse(&path.display().to_string(), &text)?.exchanges);
        }
        Ok(Self { exchanges })
    }

    /// What is answered; nothing when nothing recorded fits, to which a server says 404.
    pub fn answer(&self, asked: &Asked<'_>, turns: &Turns) -> Option<FetchedResponse> {
        let (path, query) = asked.path_and_query.split_once('?').unwrap_or((asked.path_and_query, ""));
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let (number, exchange) = self
            .exchanges
            .iter()
            .enumerate()
            .find(|(_, exchange)| exchange.request.fits(asked, path, &query))?;
        let reply = exchange.replies.get(turns.next(number)).or_else(|| exchange.replies.last())?;
        Some(reply.whole(asked.base, asked.now))
    }
}

/// How often each exchange was asked for, so that its replies come one after the other.
#[derive(Debug, Default)]
pub struct Turns(Mutex<BTreeMap<usize, usize>>);

impl Turns {
    fn next(&self, exchange: usize) -> usize {
        self.0.lock().map_or(0, |mut turns| {
            let turn = turns.entry(exchange).or_default();
            *turn += 1;
            turn.saturating_sub(1)
        })
    }
}

impl Pattern {
    fn fits(&self, asked: &Asked<'_>, path: &str, query: &[(String, String)]) -> bool {
        let header = |name: &String, value: &String| {
            asked.headers.iter().any(|(n, v)| n == name && (value == "*" || v == value))
        };
        self.method.as_deref().unwrap_or("GET") == asked.method
            && self.path == path
            && self.query.iter().all(|(name, value)| query.iter().any(|(n, v)| n == name && v == value))
            && !self.without.iter().any(|name| query.iter().any(|(n, _)| n == name))
            && self.body_contains.iter().all(|text| asked.body.contains(text.as_str()))
            && !self.body_lacks.iter().any(|text| asked.body.contains(text.as_str()))
            && self.headers.iter().all(|(name, value)| header(name, value))
    }
}

impl Reply {
    fn whole(&self, base: &str, now: DateTime<Utc>) -> FetchedResponse {
        let body = match (&self.text, &self.body) {
            (Some(text), _) => text.clone(),
            (None, Some(body)) => body.to_string(),
            (None, None) => String::new(),
        };
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.replace("{base}", base))).collect();
        if self.text.is_none() && self.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        FetchedResponse {
            status: self.status,
            headers,
            body: Bytes::from(dated(body.replace("{base}", base), now)),
        }
    }
}

/// A body with its `${now…}` filled in; one without, or with anything else in holes, stays as it was recorded.
fn dated(body: String, now: DateTime<Utc>) -> String {
    if !body.contains("${now") {
        return body;
    }
    let nothing = BTreeMap::new();
    let filling = Filling { now, config: &nothing, from: &nothing, each: &[] };
    let template = Template::parse(&body).ok();
    template.and_then(|template| template.fill(&filling, Encoding::Plain).ok()).unwrap_or(body)
}

#[cfg(test)]
mod tests;
