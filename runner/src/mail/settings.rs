//! Which mail server is used, and how.

use std::net::IpAddr;
use std::sync::Arc;

use draxis_commands::secret::Secret;
use url::Host;

use super::{MailAddress, SettingsError};
use crate::egress::Channel;

/// How the connection is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte, usually on port 465 (RFC 8314).
    Implicit,
    /// TLS after the greeting, usually on port 587; without it nothing is sent (RFC 3207).
    StartTls,
    /// None: only inside networks the operator has allowed.
    Plain,
}

impl MailSecurity {
    pub(super) fn channel(self) -> Channel {
        match self {
            Self::Implicit | Self::StartTls => Channel::Encrypted,
            Self::Plain => Channel::Plain,
        }
    }
}

/// Whom the mail server knows us as.
pub struct MailLogin {
    /// The user name.
    pub user: String,
    /// The password, opened when logging in.
    pub password: Arc<Secret>,
}

/// Which mail server is used, and how.
pub struct MailSettings {
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) security: MailSecurity,
    pub(super) login: Option<MailLogin>,
    pub(super) from: MailAddress,
}

impl MailSettings {
    /// A server by name or address, and who writes.
    pub fn try_new(
        host: &str,
        port: u16,
        security: MailSecurity,
        from: MailAddress,
    ) -> Result<Self, SettingsError> {
        if port == 0 {
            return Err(SettingsError::Port);
        }
        Ok(Self { host: parse_host(host.trim())?, port, security, login: None, from })
    }

    /// Logs in before sending.
    #[must_use]
    pub fn login(mut self, login: MailLogin) -> Self {
        self.login = Some(login);
        self
    }

    /// The domain of whoever writes, which Message-IDs are made in.
    pub(super) fn domain(&self) -> String {
        self.from.domain()
    }

    pub(super) fn host(&self) -> Host<&str> {
        match &self.host {
            Host::Domain(name) => Host::Domain(name),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        }
    }

    /// The name its certificate must be for.
    pub(super) fn tls_name(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }
}

/// Read like the host of a URL, so that the odd spellings of an address are seen for what they are.
fn parse_host(text: &str) -> Result<Host<String>, SettingsError> {
    if let Ok(IpAddr::V6(address)) = text.parse() {
        return Ok(Host::Ipv6(address));
    }
    let host = Host::parse(text).map_err(|source| SettingsError::Host { source })?;
    if matches!(&host, Host::Domain(name) if name.trim_matches('.').is_empty()) {
        return Err(SettingsError::NoHost);
    }
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_like_the_host_of_a_url() {
        let from = || MailAddress::parse("ann@example.com").unwrap();
        for (text, host) in [
            ("MAIL.example.com", "mail.example.com"),
            ("0x7f.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            let settings = MailSettings::try_new(text, 587, MailSecurity::StartTls, from()).ok().unwrap();
            assert_eq!(settings.host.to_string(), host);
        }
        for text in
            ["", ".", "mail.example.com:25", "https://mail.example.com", "a b", "user@mail.example.com"]
        {
            assert!(MailSettings::try_new(text, 587, MailSecurity::StartTls, from()).is_err(), "{text:?}");
        }
        assert!(MailSettings::try_new("mail.example.com", 0, MailSecurity::Plain, from()).is_err());
    }
}
