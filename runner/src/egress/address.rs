//! Which addresses are not global unicast, and so are nobody's business to reach from here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGlobal {
    /// A cloud's own service that hands out credentials to whoever asks from inside.
    #[error("a cloud metadata service")]
    Metadata,
    /// This machine.
    #[error("this machine")]
    Loopback,
    /// `0.0.0.0/8` and `::`, which reach this machine on many systems.
    #[error("no particular address")]
    Unspecified,
    /// RFC 1918, RFC 4193, and the old site-local range.
    #[error("a private network")]
    Private,
    /// RFC 6598, behind a provider's translator.
    #[error("a provider's shared network")]
    Shared,
    /// RFC 3927, RFC 4291.
    #[error("the local link")]
    LinkLocal,
    /// One address, many listeners.
    #[error("a multicast group")]
    Multicast,
    /// RFC 2544, RFC 5180.
    #[error("a benchmarking network")]
    Benchmark,
    /// RFC 5737, RFC 3849, RFC 9637.
    #[error("a documentation network")]
    Documentation,
    /// An IPv6 address that carries an IPv4 one to a translator or tunnel: mapped, compatible, NAT64, 6to4, Teredo.
    #[error("an IPv4 address in the clothes of IPv6")]
    CarriesIpv4,
    /// Set aside by IANA, or not handed out to anybody.
    #[error("a reserved network")]
    Reserved,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// The groups named are the first ones; the rest are zero.
const fn v6(a: u16, b: u16, c: u16, d: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// IANA IPv4 special-purpose registry, and the metadata services that live outside it. The first match is the reason.
const V4: &[(Ipv4Net, NotGlobal)] = &[
    (v4(169, 254, 169, 254, 32), NotGlobal::Metadata), // AWS, Google, Azure, Oracle, DigitalOcean
    (v4(168, 63, 129, 16, 32), NotGlobal::Metadata), // Azure's wire server: a public address, reached only inside
    (v4(100, 100, 100, 200, 32), NotGlobal::Metadata), // Alibaba
    (v4(192, 0, 0, 192, 32), NotGlobal::Metadata),   // Oracle
    (v4(0, 0, 0, 0, 8), NotGlobal::Unspecified),
    (v4(10, 0, 0, 0, 8), NotGlobal::Private),
    (v4(100, 64, 0, 0, 10), NotGlobal::Shared),
    (v4(127, 0, 0, 0, 8), NotGlobal::Loopback),
    (v4(169, 254, 0, 0, 16), NotGlobal::LinkLocal),
    (v4(172, 16, 0, 0, 12), NotGlobal::Private),
    (v4(192, 0, 0, 0, 24), NotGlobal::Reserved),
    (v4(192, 0, 2, 0, 24), NotGlobal::Documentation),
    (v4(192, 88, 99, 0, 24), NotGlobal::Reserved), // 6to4 relays, RFC 7526
    (v4(192, 168, 0, 0, 16), NotGlobal::Private),
    (v4(198, 18, 0, 0, 15), NotGlobal::Benchmark),
    (v4(198, 51, 100, 0, 24), NotGlobal::Documentation),
    (v4(203, 0, 113, 0, 24), NotGlobal::Documentation),
    (v4(224, 0, 0, 0, 4), NotGlobal::Multicast),
    (v4(240, 0, 0, 0, 4), NotGlobal::Reserved), // and the broadcast address
];

/// All that IANA has handed out as global unicast; whatever is outside is refused even when it has no name below.
const GLOBAL_UNICAST_V6: Ipv6Net = v6(0x2000, 0, 0, 0, 3);

/// IANA IPv6 special-purpose registry. The first match is the reason.
const V6: &[(Ipv6Net, NotGlobal)] = &[
    (v6(0xfd00, 0x0ec2, 0, 0, 32), NotGlobal::Metadata), // AWS, fd00:ec2::254
    (v6(0xfd20, 0x00ce, 0, 0, 32), NotGlobal::Metadata), // Google, fd20:ce::254
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128), NotGlobal::Unspecified),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), NotGlobal::Loopback),
    (v6(0, 0, 0, 0, 64), NotGlobal::CarriesIpv4), // compatible, mapped (RFC 4291), translated (RFC 2765)
    (v6(0x64, 0xff9b, 0, 0, 32), NotGlobal::CarriesIpv4), // NAT64, RFC 6052 and RFC 8215
    (v6(0x2001, 0, 0, 0, 32), NotGlobal::CarriesIpv4), // Teredo, RFC 4380
    (v6(0x2001, 2, 0, 0, 48), NotGlobal::Benchmark),
    (v6(0x2001, 0, 0, 0, 23), NotGlobal::Reserved), // protocol assignments, RFC 2928
    (v6(0x2001, 0x0db8, 0, 0, 32), NotGlobal::Documentation),
    (v6(0x2002, 0, 0, 0, 16), NotGlobal::CarriesIpv4), // 6to4, RFC 3056
    (v6(0x3fff, 0, 0, 0, 20), NotGlobal::Documentation),
    (v6(0xfc00, 0, 0, 0, 7), NotGlobal::Private),
    (v6(0xfe80, 0, 0, 0, 10), NotGlobal::LinkLocal),
    (v6(0xfec0, 0, 0, 0, 10), NotGlobal::Private),
    (v6(0xff00, 0, 0, 0, 8), NotGlobal::Multicast),
];

/// Why this address is not global unicast; nothing when it is.
pub(super) fn not_global(address: IpAddr) -> Option<NotGlobal> {
    match address {
        IpAddr::V4(address) => V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, why)| *why),
        IpAddr::V6(address) => {
            let named = V6.iter().find(|(network, _)| network.contains(&address)).map(|(_, why)| *why);
            named.or((!GLOBAL_UNICAST_V6.contains(&address)).then_some(NotGlobal::Reserved))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_every_refused_network_are_refused_for_its_reason_or_a_nearer_one() {
        for (network, _) in V4 {
            assert!(not_global(network.network().into()).is_some(), "{network}");
            assert!(not_global(network.broadcast().into()).is_some(), "{network}");
        }
        for (network, _) in V6 {
            assert!(not_global(network.network().into()).is_some(), "{network}");
            assert!(not_global(network.broadcast().into()).is_some(), "{network}");
        }
    }

    #[test]
    fn each_kind_of_address_is_refused_for_its_own_reason() {
        let cases = [
            ("169.254.169.254", NotGlobal::Metadata),
            ("168.63.129.16", NotGlobal::Metadata),
            ("fd00:ec2::254", NotGlobal::Metadata),
            ("127.0.0.1", NotGlobal::Loopback),
            ("::1", NotGlobal::Loopback),
            ("0.0.0.0", NotGlobal::Unspecified),
            ("::", NotGlobal::Unspecified),
            ("172.31.255.255", NotGlobal::Private),
            ("fdff::1", NotGlobal::Private),
            ("100.127.255.255", NotGlobal::Shared),
            ("169.254.0.1", NotGlobal::LinkLocal),
            ("fe80::1", NotGlobal::LinkLocal),
            ("239.255.255.255", NotGlobal::Multicast),
            ("ff02::1", NotGlobal::Multicast),
            ("198.19.255.255", NotGlobal::Benchmark),
            ("2001:2::1", NotGlobal::Benchmark),
            ("203.0.113.7", NotGlobal::Documentation),
            ("3fff::1", NotGlobal::Documentation),
            ("::ffff:8.8.8.8", NotGlobal::CarriesIpv4),
            ("::8.8.8.8", NotGlobal::CarriesIpv4),
            ("::ffff:0:8.8.8.8", NotGlobal::CarriesIpv4),
            ("64:ff9b::8.8.8.8", NotGlobal::CarriesIpv4),
            ("64:ff9b:1::1", NotGlobal::CarriesIpv4),
            ("2001::1", NotGlobal::CarriesIpv4),
            ("2002:808:808::1", NotGlobal::CarriesIpv4),
            ("255.255.255.255", NotGlobal::Reserved),
            ("5f00::1", NotGlobal::Reserved),
            ("100::1", NotGlobal::Reserved),
            ("4000::1", NotGlobal::Reserved),
        ];
        for (text, why) in cases {
            assert_eq!(not_global(text.parse().unwrap()), Some(why), "{text}");
        }
    }

    #[test]
    fn the_neighbours_of_refused_networks_are_global() {
        let global = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2a00::1",
            "2606:4700::1111",
            "3ffe:ffff::1",
        ];
        for text in global {
            assert_eq!(not_global(text.parse().unwrap()), None, "{text}");
        }
    }
}
