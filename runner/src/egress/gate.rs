//! The gate: a host goes in, addresses that may be connected to come out, and nothing resolves again after it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use super::address::not_global;
use super::{AllowedNetworks, Refused, Resolver};

/// Whether what is said can be read on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Inside TLS: every global address, and the allowed networks.
    Encrypted,
    /// In the open: the allowed networks alone.
    Plain,
}

/// Judges addresses, and resolves names so that what is judged is what is used.
#[derive(Clone)]
pub(crate) struct Gate {
    allow: AllowedNetworks,
    resolver: Arc<dyn Resolver>,
}

impl Gate {
    pub(crate) fn new(allow: AllowedNetworks, resolver: Arc<dyn Resolver>) -> Self {
        Self { allow, resolver }
    }

    /// The addresses behind a host, all of them judged. One bad answer refuses the name: whoever mixes them means harm
    /// or has made a mistake, and which one a connection would take is not ours to choose.
    pub(crate) async fn addresses(
        &self,
        host: Host<&str>,
        channel: Channel,
    ) -> Result<Vec<IpAddr>, GateError> {
        let answers = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(address)],
            Host::Ipv6(address) => vec![IpAddr::V6(address)],
            Host::Domain(name) => self.resolve(name).await?,
        };
        for answer in &answers {
            self.judge(*answer, channel)?;
        }
        Ok(answers)
    }

    /// Judges a host that is an address already. A connector asks no resolver about those, so they are judged before.
    pub(super) fn judge_literal(&self, host: &Host<&str>, channel: Channel) -> Result<(), Refused> {
        match host {
            Host::Ipv4(address) => self.judge(IpAddr::V4(*address), channel),
            Host::Ipv6(address) => self.judge(IpAddr::V6(*address), channel),
            Host::Domain(_) => Ok(()),
        }
    }

    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, GateError> {
        let answers = self.resolver.resolve(name).await.map_err(|source| GateError::Name { source })?;
        if answers.is_empty() {
            return Err(GateError::Name { source: io::Error::from(io::ErrorKind::NotFound) });
        }
        Ok(answers)
    }

    fn judge(&self, address: IpAddr, channel: Channel) -> Result<(), Refused> {
        if self.allow.contains(address) {
            return Ok(());
        }
        match (not_global(address), channel) {
            (Some(why), _) => Err(Refused::Address { why }),
            (None, Channel::Plain) => Err(Refused::Plain),
            (None, Channel::Encrypted) => Ok(()),
        }
    }
}

/// The gate as the http client's resolver: the client asks it when it opens a connection, once, and connects to what
/// it answers.
pub(super) struct GatedNames {
    pub(super) gate: Gate,
    pub(super) channel: Channel,
}

impl Resolve for GatedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (gate, channel) = (self.gate.clone(), self.channel);
        Box::pin(async move {
            let addresses = gate.addresses(Host::Domain(name.as_str()), channel).await?;
            // Port 0 stands for the port of the URL.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// Why a host gave no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GateError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the name could not be resolved")]
    Name {
        #[source]
        source: io::Error,
    },
}
