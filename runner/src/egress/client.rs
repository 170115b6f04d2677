//! Sending: judge, connect to what was judged, read within bounds.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

use super::gate::GatedNames;
use super::open::{Opened, open};
use super::target::{channel, host};
use super::{
    BuildError, Channel, EgressConfig, EgressError, Gate, Limits, Method, Request, Resolver, Response,
    Timeouts, tls,
};

const USER_AGENT: &str = concat!("draxis/", env!("CARGO_PKG_VERSION"));
/// Connections kept to one host: enough to page through a vendor's lists without a handshake a page.
const IDLE_A_HOST: usize = 4;
const IDLE_TIME: Duration = Duration::from_secs(30);

/// The one client for everything the program asks of other systems over http.
pub struct Egress {
    gate: Gate,
    clients: Clients,
    timeouts: Timeouts,
    limits: Limits,
}

/// One http client for each way of travelling; which networks are open depends on the way.
struct Clients {
    /// Questions, over connections that are kept.
    asking: Client,
    /// Errands, each over a connection of its own: one that was kept may be dead at the other end, and writing into
    /// it would make an effect ambiguous for nothing (hazard H3).
    acting: Client,
    /// Plain http, inside the allowed networks alone.
    plain: Client,
}

impl Egress {
    /// A client with an operator's decisions and somebody to ask about names.
    pub fn new(config: &EgressConfig, resolver: Arc<dyn Resolver>) -> Result<Self, BuildError> {
        let timeouts = config.timeouts;
        if timeouts.connect.is_zero() || timeouts.idle.is_zero() || timeouts.connect >= timeouts.total {
            return Err(BuildError::Timeouts);
        }
        let gate = Gate::new(config.allow.clone(), resolver);
        let tls = tls::client_config(&config.extra_roots)?;
        let build = |channel, idle| {
            builder(&gate, channel, timeouts)
                .tls_backend_preconfigured(tls.clone())
                .pool_max_idle_per_host(idle)
                .build()
                .map_err(|source| BuildError::Client { source })
        };
        let clients = Clients {
            asking: build(Channel::Encrypted, IDLE_A_HOST)?,
            acting: build(Channel::Encrypted, 0)?,
            plain: build(Channel::Plain, 0)?,
        };
        Ok(Self { gate, clients, timeouts, limits: config.limits })
    }

    /// Sends a request and reads its answer. Any status but a redirect is an answer.
    pub async fn send(&self, request: Request) -> Result<Response, EgressError> {
        self.send_hearing(request, &mut |_| {}).await
    }

    /// The same for an answer that comes piece by piece: the pieces of one that succeeds are heard as they come, within the same
    /// bounds.
    pub async fn send_hearing(
        &self,
        request: Request,
        hear: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<Response, EgressError> {
        let Opened { url, headers, body } = open(&request)?;
        let channel = channel(&url)?;
        self.gate.judge_literal(&host(&url)?, channel)?;
        let total = request.within.map_or(self.timeouts.total, |within| within.min(self.timeouts.total));
        let sending = self
            .client(channel, &request.method)
            .request(request.method, url)
            .headers(headers)
            .body(body)
            .timeout(total)
            .send();
        let answer = sending.await.map_err(EgressError::instead_of_answer)?;
        let limit = request.at_most.map_or(self.limits.body_bytes, |bytes| bytes.min(self.limits.body_bytes));
        read(answer, limit, hear).await
    }

    fn client(&self, channel: Channel, method: &Method) -> &Client {
        match channel {
            Channel::Plain => &self.clients.plain,
            Channel::Encrypted if method.is_safe() => &self.clients.asking,
            Channel::Encrypted => &self.clients.acting,
        }
    }
}

fn builder(gate: &Gate, channel: Channel, timeouts: Timeouts) -> ClientBuilder {
    Client::builder()
        .dns_resolver(GatedNames { gate: gate.clone(), channel })
        .https_only(channel == Channel::Encrypted)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .gzip(true)
        .http1_only()
        .user_agent(USER_AGENT)
        .pool_idle_timeout(IDLE_TIME)
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.idle)
}

async fn read(
    mut answer: reqwest::Response,
    limit: usize,
    hear: &mut (dyn FnMut(&[u8]) + Send),
) -> Result<Response, EgressError> {
    let status = answer.status();
    // 304 is the one answer of its hundred that leads nowhere.
    if status.is_redirection() && status != reqwest::StatusCode::NOT_MODIFIED {
        return Err(EgressError::Redirected { status });
    }
    let headers = std::mem::take(answer.headers_mut());
    let mut body = BytesMut::new();
    // Counted piece by piece and after decompression, so that a bomb is put down after its first pieces.
    while let Some(piece) = answer.chunk().await.map_err(EgressError::within_answer)? {
        if body.len().saturating_add(piece.len()) > limit {
            return Err(EgressError::TooLarge { status, limit });
        }
        if status.is_success() {
            hear(&piece);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Response::new(status, headers, body.freeze()))
}
