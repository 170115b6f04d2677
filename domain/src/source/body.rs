//! What a source is: its vendor, address, schedule and the KRIs it is asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{KriSlug, Name};

/// What kind of system a source is (product.md section 2).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SourceType {
    /// A vulnerability scanner.
    Vulnerability,
    /// An identity provider.
    Identity,
    /// Endpoint protection.
    Endpoint,
    /// A cloud platform.
    Cloud,
    /// A security event store.
    Siem,
    /// Mail protection.
    Email,
    /// A network device.
    Network,
    /// Awareness training.
    Training,
    /// Application security.
    Appsec,
    /// A ticketing system.
    Ticketing,
    /// A governance, risk and compliance tool.
    Grc,
    /// Anything else that speaks JSON, Prometheus, CSV or pushes.
    Generic,
}

impl SourceBody {
    /// Whether another body asks the same vendor at the same address.
    pub fn leads_where(&self, other: &Self) -> bool {
        self.vendor == other.vendor && self.base_url == other.base_url
    }
}

impl SourceType {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Identity => "identity",
            Self::Endpoint => "endpoint",
            Self::Cloud => "cloud",
            Self::Siem => "siem",
            Self::Email => "email",
            Self::Network => "network",
            Self::Training => "training",
            Self::Appsec => "appsec",
            Self::Ticketing => "ticketing",
            Self::Grc => "grc",
            Self::Generic => "generic",
        }
    }
}

/// How often a source is read.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Once an hour.
    Hourly,
    /// Once a day.
    #[default]
    Daily,
    /// Once a week.
    Weekly,
    /// Only when somebody asks.
    Manual,
}

impl Schedule {
    /// The interval between two readings; none where only a person asks.
    pub const fn interval(self) -> Option<chrono::Duration> {
        match self {
            Self::Hourly => Some(chrono::Duration::hours(1)),
            Self::Daily => Some(chrono::Duration::days(1)),
            Self::Weekly => Some(chrono::Duration::days(7)),
            Self::Manual => None,
        }
    }
}

/// The id of a connector manifest, such as `tenable-io`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vendor(String);

/// A text that is no vendor id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a vendor id from GET /api/integrations/catalog, such as tenable-io")]
pub struct VendorError;

text_schema!(Vendor, "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
text_schema!(BaseUrl, "format": "uri", "maxLength": 2048);

impl Vendor {
    /// Checks the form; whether there is such a connector is for the catalog to say.
    pub fn parse(text: &str) -> Result<Self, VendorError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let formed = (1..=63).contains(&text.len())
            && text.starts_with(plain)
            && text.ends_with(plain)
            && text.chars().all(|c| plain(c) || c == '-');
        if formed { Ok(Self(text.to_owned())) } else { Err(VendorError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Vendor {
    type Error = VendorError;

    fn try_from(text: String) -> Result<Self, VendorError> {
        Self::parse(&text)
    }
}

impl From<Vendor> for String {
    fn from(vendor: Vendor) -> Self {
        vendor.0
    }
}

/// Where a source is reached: an http or https address without credentials, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(String);

/// A text that is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not http or https.
    #[error("must be an address such as https://cloud.tenable.com")]
    Form,
    /// Carries a user name, password, query or fragment: these belong to the credentials, which are sealed.
    #[error("must not carry a user name, password, query or fragment; put secrets into credentials")]
    Sensitive,
}

impl BaseUrl {
    /// Checks the form; whether the address may be reached is for the egress client to say (hazards H7).
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else { return Err(BaseUrlError::Form) };
        let authority = rest.split('/').next().unwrap_or_default();
        if !matches!(scheme, "http" | "https")
            || authority.is_empty()
            || text.len() > 2048
            || text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\')
        {
            return Err(BaseUrlError::Form);
        }
        if rest.contains(['@', '?', '#']) {
            return Err(BaseUrlError::Sensitive);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// What is served on a socket, for whoever is on the same machine.
    pub fn of_socket(address: std::net::SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }

    /// The text, without a closing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: String) -> Result<Self, BaseUrlError> {
        Self::parse(&text)
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.0
    }
}

/// What a source is, as commands and events carry it. Credentials and extra config are sealed in the vault under the
/// source's id and never stand here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceBody {
    /// What people call it.
    pub name: Name,
    /// What kind of system it is.
    pub source_type: SourceType,
    /// The connector that reads it.
    pub vendor: Vendor,
    /// Where it is reached; none for sources that push or upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<BaseUrl>,
    /// How often it is read.
    #[serde(default)]
    pub schedule: Schedule,
    /// KRIs it is not asked for, such as those of a module that is not licensed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unticked: BTreeSet<KriSlug>,
}

#[cfg(test)]
mod tests {
    use super::{BaseUrl, BaseUrlError};

    #[test]
    fn a_base_url_carries_no_secret() {
        assert_eq!(BaseUrl::parse("https://acme.okta.com/").unwrap().as_str(), "https://acme.okta.com");
        for wrong in ["https://user:pw@x.example", "https://x.example/?key=1", "https://x.example/#a"] {
            assert_eq!(BaseUrl::parse(wrong), Err(BaseUrlError::Sensitive), "{wrong}");
        }
        for wrong in
            ["", "x.example", "ftp://x.example", "https://", "https:///x", "https://x y", "https://x\\y"]
        {
            assert_eq!(BaseUrl::parse(wrong), Err(BaseUrlError::Form), "{wrong}");
        }
    }
}
