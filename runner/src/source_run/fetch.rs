//! The connectors' way out: their requests, sent by the one egress client.

use std::sync::Arc;

use draxis_commands::secret::Secret;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::connector::fetch::{Fetch, FetchError, FetchedResponse, Method, OutgoingRequest};
use crate::egress::{self, Body, Egress, EgressError, Request, Target};
use crate::source_run::room::{Room, Share};

/// The egress client in a connector's terms.
#[derive(Clone)]
pub(super) struct EgressFetch {
    egress: Arc<Egress>,
    room: Room,
}

/// The same for one run.
pub(super) struct RunFetch {
    egress: Arc<Egress>,
    share: Share,
}

impl EgressFetch {
    pub(super) fn new(egress: Arc<Egress>) -> Self {
        Self { egress, room: Room::new() }
    }

    pub(super) fn of_a_run(&self) -> RunFetch {
        RunFetch { egress: Arc::clone(&self.egress), share: self.room.share() }
    }
}

impl Fetch for RunFetch {
    fn room(&self, read: u64) -> BoxFuture<'_, ()> {
        self.share.grow(read).boxed()
    }

    fn send<'a>(
        &'a self,
        request: &'a OutgoingRequest,
    ) -> BoxFuture<'a, Result<FetchedResponse, FetchError>> {
        async move {
            let request = outgoing(request).map_err(|error| fetch_error(&error))?;
            let response = self.egress.send(request).await.map_err(|error| fetch_error(&error))?;
            let headers = response
                .headers()
                .iter()
                .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
                .collect();
            Ok(FetchedResponse { status: response.status().as_u16(), headers, body: response.into_body() })
        }
        .boxed()
    }
}

fn outgoing(request: &OutgoingRequest) -> Result<Request, EgressError> {
    let method = match request.method {
        Method::Get => egress::Method::GET,
        Method::Post => egress::Method::POST,
    };
    let mut out = Request::new(method, Target::parse(request.url.as_str())?)
        .within(request.timeout)
        .at_most(usize::try_from(request.max_bytes).unwrap_or(usize::MAX));
    for (name, value) in &request.secret_query {
        out = out.query(name.clone(), Secret::new(value.expose().to_owned()));
    }
    for (name, value) in &request.headers {
        out = out.header(name, Secret::new(value.expose().to_owned()))?;
    }
    if let Some((content_type, body)) = &request.body {
        let body = Secret::new(body.expose().to_owned());
        out = out.body(Body::Text { content_type, text: Arc::new(body) });
    }
    Ok(out)
}

const fn fetch_error(error: &EgressError) -> FetchError {
    match error {
        EgressError::Refused(_) => FetchError::RefusedAddress,
        EgressError::Request(_) => FetchError::Request,
        EgressError::Name { .. } => FetchError::Name,
        EgressError::Connect { .. } => FetchError::Connect,
        EgressError::Tls { .. } => FetchError::Tls,
        EgressError::Timeout { .. } => FetchError::Timeout,
        EgressError::TooLarge { .. } => FetchError::TooLarge,
        EgressError::Lost { .. } => FetchError::Broken,
        EgressError::Redirected { .. } => FetchError::Redirect,
    }
}
