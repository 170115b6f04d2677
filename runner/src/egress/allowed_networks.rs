//! The networks an operator has opened by configuration although they are not global.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks that may be reached although they are private, and the only ones where plain http may be spoken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedNetworks(Vec<IpNet>);

impl AllowedNetworks {
    /// Exactly these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Nothing but the public internet.
    pub fn none() -> Self {
        Self::default()
    }

    /// This machine alone, for tests and the demo.
    pub fn loopback() -> Self {
        let host = |address: IpAddr| IpNet::from(address);
        let Ok(v4) = IpNet::new(IpAddr::from([127, 0, 0, 0]), 8) else { return Self::none() };
        Self(vec![v4, host(std::net::Ipv6Addr::LOCALHOST.into())])
    }

    /// Networks in CIDR notation or single addresses, separated by commas: `10.20.0.0/16, 192.0.2.7`.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(parse_network).collect::<Result<_, _>>().map(Self)
    }

    /// An IPv6 address that carries an IPv4 one is reached only when allowed as such: allowing 10.0.0.0/8 does not
    /// allow what a translator would make of it.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn parse_network(entry: &str) -> Result<IpNet, NetworkError> {
    let network = entry.parse().or_else(|_| entry.parse().map(|address: IpAddr| IpNet::from(address)));
    let network: IpNet = network.map_err(|_| NetworkError::Unreadable { entry: entry.to_owned() })?;
    if network.addr() != network.network() {
        return Err(NetworkError::HostBits { entry: entry.to_owned(), network: network.trunc() });
    }
    Ok(network)
}

/// Why a list of networks cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither a network nor an address.
    #[error("`{entry}` is not a network: write it like 10.20.0.0/16 or fd12::/16, names are not taken")]
    Unreadable {
        /// What was written.
        entry: String,
    },
    /// An address inside the network instead of its first one: perhaps another length was meant.
    #[error(
        "`{entry}` names an address inside a network: write {network} for the network, or the address alone"
    )]
    HostBits {
        /// What was written.
        entry: String,
        /// The network it lies in.
        network: IpNet,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_read() {
        let allowed = AllowedNetworks::parse(" 10.20.0.0/16, 192.168.1.7,fd12::/16,").unwrap();
        for (address, expected) in [
            ("10.20.255.1", true),
            ("10.21.0.0", false),
            ("192.168.1.7", true),
            ("192.168.1.8", false),
            ("fd12::9", true),
        ] {
            assert_eq!(allowed.contains(address.parse().unwrap()), expected, "{address}");
        }
        assert_eq!(AllowedNetworks::parse("").unwrap(), AllowedNetworks::none());
    }

    #[test]
    fn a_name_or_a_slip_in_the_length_is_refused() {
        assert!(matches!(AllowedNetworks::parse("jira.corp"), Err(NetworkError::Unreadable { .. })));
        assert!(matches!(AllowedNetworks::parse("10.0.0.0/33"), Err(NetworkError::Unreadable { .. })));
        assert!(matches!(AllowedNetworks::parse("10.0.0.7/8"), Err(NetworkError::HostBits { .. })));
    }

    #[test]
    fn allowing_an_address_does_not_allow_its_mapped_form() {
        let allowed = AllowedNetworks::loopback();
        assert!(allowed.contains("127.0.0.1".parse().unwrap()));
        assert!(!allowed.contains("::ffff:127.0.0.1".parse().unwrap()));
    }
}
