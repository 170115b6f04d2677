//! Where a request goes: a URL parsed once, and the spellings that are refused before anything is asked of anybody.

use std::sync::Arc;

use draxis_commands::secret::Secret;
use url::{Host, Url};

use super::NotGlobal;
use super::gate::Channel;

/// Longer than any address of a real interface, shorter than a nuisance.
const URL_BYTES: usize = 8 * 1024;

/// Where a request goes.
pub struct Target(pub(super) Address);

pub(super) enum Address {
    Open(Url),
    /// The address itself is the credential, as with the incoming webhooks of chat systems.
    Secret(Arc<Secret>),
}

impl Target {
    /// Reads an address that may be shown and logged.
    pub fn parse(url: &str) -> Result<Self, Refused> {
        parse_url(url).map(|url| Self(Address::Open(url)))
    }

    /// An address that is itself a credential. It is read, and refused if need be, when the request is sent.
    pub fn secret(url: impl Into<Arc<Secret>>) -> Self {
        Self(Address::Secret(url.into()))
    }
}

/// The one parse. What is judged later is what was parsed here, and the same value is connected to.
pub(super) fn parse_url(text: &str) -> Result<Url, Refused> {
    if text.len() > URL_BYTES {
        return Err(Refused::TooLong);
    }
    let mut url = Url::parse(text.trim()).map_err(|_| Refused::Unreadable)?;
    channel(&url)?;
    host(&url)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::UserInfo);
    }
    if url.port() == Some(0) {
        return Err(Refused::Port);
    }
    url.set_fragment(None);
    Ok(url)
}

pub(super) fn host(url: &Url) -> Result<Host<&str>, Refused> {
    match url.host() {
        Some(Host::Domain(name)) if name.trim_matches('.').is_empty() => Err(Refused::Unreadable),
        Some(host) => Ok(host),
        None => Err(Refused::Unreadable),
    }
}

pub(super) fn channel(url: &Url) -> Result<Channel, Refused> {
    match url.scheme() {
        "https" => Ok(Channel::Encrypted),
        "http" => Ok(Channel::Plain),
        _ => Err(Refused::Scheme),
    }
}

/// Why nothing was sent. The text is for the person who wrote the address, so it names the kind of address a name
/// stands for, but not the address: what names mean inside is not theirs to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a URL with a host.
    #[error("the address cannot be read: write it as https://host/path")]
    Unreadable,
    /// Longer than 8 KiB.
    #[error("the address is longer than 8192 bytes: shorten it")]
    TooLong,
    /// Neither https nor http.
    #[error("only https is spoken: write the address as https://host/path")]
    Scheme,
    /// http to a place that was not opened for it.
    #[error("plain http is spoken only in networks the operator has allowed: use https, or ask the operator")]
    Plain,
    /// `https://user:password@host/`.
    #[error("the address carries a user name or password: take it out and enter it as a credential")]
    UserInfo,
    /// Port 0.
    #[error("port 0 cannot be connected to: leave the port out or give the real one")]
    Port,
    /// An answer is not global unicast and not allowed by configuration.
    #[error(
        "the host stands for {why}, which is not reached from here: use a public address, or ask the operator to allow the network"
    )]
    Address {
        /// What kind of address it is.
        why: NotGlobal,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parsed_is_what_will_be_connected_to() {
        let cases = [
            ("https://EXAMPLE.com", "https://example.com/"),
            ("https://example.com:443/a?b#c", "https://example.com/a?b"),
            ("https://example.com\\@127.0.0.1/", "https://example.com/@127.0.0.1/"),
            ("https://0x7f.1/", "https://127.0.0.1/"),
            ("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
            (" https://example.com/ ", "https://example.com/"),
        ];
        for (written, read) in cases {
            assert_eq!(parse_url(written).unwrap().as_str(), read);
        }
    }

    #[test]
    fn an_address_that_is_not_one_is_refused_with_the_reason() {
        let long = format!("https://example.com/{}", "a".repeat(URL_BYTES));
        let cases = [
            ("", Refused::Unreadable),
            ("example.com", Refused::Unreadable),
            ("//example.com", Refused::Unreadable),
            ("https://", Refused::Unreadable),
            ("https://./", Refused::Unreadable),
            ("https://[fe80::1%25eth0]/", Refused::Unreadable),
            ("https://256.256.256.256/", Refused::Unreadable),
            ("https://1.2.3.4.5/", Refused::Unreadable),
            ("https://example.com:99999/", Refused::Unreadable),
            ("https://exa mple.com/", Refused::Unreadable),
            ("file:///etc/passwd", Refused::Scheme),
            ("ftp://example.com/", Refused::Scheme),
            ("gopher://127.0.0.1:25/", Refused::Scheme),
            ("javascript:alert(1)", Refused::Scheme),
            ("data:text/plain,x", Refused::Scheme),
            ("unix:/var/run/docker.sock", Refused::Scheme),
            ("https://user@example.com/", Refused::UserInfo),
            ("https://user:pass@example.com/", Refused::UserInfo),
            ("https://example.com@127.0.0.1/", Refused::UserInfo),
            ("https://:pass@example.com/", Refused::UserInfo),
            ("https://example.com:0/", Refused::Port),
            (&long, Refused::TooLong),
        ];
        for (written, why) in cases {
            assert_eq!(parse_url(written).err(), Some(why), "{written}");
        }
    }
}
