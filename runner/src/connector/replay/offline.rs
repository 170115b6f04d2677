//! Replays a vendor within the program: no socket is opened and waiting takes no time.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use url::Url;

use super::{Asked, Turns, Vendor};
use crate::connector::fetch::{Fetch, FetchError, FetchedResponse, OutgoingRequest};

/// Recorded replies as a way out that leads nowhere: nothing is sent, waiting takes no time.
pub struct Replay {
    vendor: Vendor,
    now: DateTime<Utc>,
    turns: Turns,
    waited: Mutex<Vec<Duration>>,
}

impl Replay {
    /// Replays a vendor from its first replies on, at this time.
    pub fn new(vendor: Vendor, now: DateTime<Utc>) -> Self {
        Self { vendor, now, turns: Turns::default(), waited: Mutex::default() }
    }

    /// What waiting was asked for, in order.
    pub fn waited(&self) -> Vec<Duration> {
        self.waited.lock().map(|waited| waited.clone()).unwrap_or_default()
    }

    fn reply(&self, request: &OutgoingRequest) -> Result<FetchedResponse, FetchError> {
        let url = with_secrets(request);
        let headers: Vec<(String, String)> =
            request.headers.iter().map(|(n, v)| (n.clone(), v.expose().to_owned())).collect();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path_and_query = format!("{}{query}", url.path());
        let base = url.origin().ascii_serialization();
        let asked = Asked {
            method: request.method.as_str(),
            path_and_query: &path_and_query,
            headers: &headers,
            body: request.body.as_ref().map_or("", |(_, body)| body.expose()),
            base: &base,
            now: self.now,
        };
        // Nothing recorded for it is what a vendor says to a path it does not know.
        let unknown = FetchedResponse { status: 404, headers: Vec::new(), body: Bytes::new() };
        let answer = self.vendor.answer(&asked, &self.turns).unwrap_or(unknown);
        let size = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
        if size > request.max_bytes { Err(FetchError::TooLarge) } else { Ok(answer) }
    }
}

impl Fetch for Replay {
    fn send<'a>(
        &'a self,
        request: &'a OutgoingRequest,
    ) -> BoxFuture<'a, Result<FetchedResponse, FetchError>> {
        Box::pin(std::future::ready(self.reply(request)))
    }

    fn wait(&self, how_long: Duration) -> BoxFuture<'_, ()> {
        if let Ok(mut waited) = self.waited.lock() {
            waited.push(how_long);
        }
        Box::pin(std::future::ready(()))
    }
}

/// The URL with the secrets of its query, as it would stand on the wire.
pub(super) fn with_secrets(request: &OutgoingRequest) -> Url {
    let mut url = request.url.clone();
    for (name, value) in &request.secret_query {
        url.query_pairs_mut().append_pair(name, value.expose());
    }
    url
}
