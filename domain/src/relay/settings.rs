//! A relay's settings, channel by channel: everything but the secrets.

use serde::{Deserialize, Serialize};

use crate::Email;
use crate::relay::Channel;
use crate::source::BaseUrl;

/// Everything about a channel that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "channel", rename_all = "lowercase")]
pub enum RelaySettings {
    /// Slack; the bot token or the incoming webhook's address is the credential.
    Slack(SlackSettings),
    /// Jira; the API token is the credential.
    Jira(JiraSettings),
    /// `ServiceNow`; the password or token is the credential.
    ServiceNow(ServiceNowSettings),
    /// Mail by SMTP; the password is the credential, where the server asks for one.
    Email(EmailSettings),
    /// A signed webhook; the signing secret is the credential.
    Webhook(WebhookSettings),
}

impl RelaySettings {
    /// Reads the settings of a channel from a request, where the route names the channel.
    pub fn read(channel: Channel, settings: serde_json::Value) -> Result<Self, serde_json::Error> {
        let mut fields = serde_json::Map::deserialize(settings)?;
        fields.insert("channel".to_owned(), channel.as_str().into());
        Self::deserialize(serde_json::Value::Object(fields))
    }

    /// The channel they are for.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Slack(_) => Channel::Slack,
            Self::Jira(_) => Channel::Jira,
            Self::ServiceNow(_) => Channel::ServiceNow,
            Self::Email(_) => Channel::Email,
            Self::Webhook(_) => Channel::Webhook,
        }
    }

    /// Whether a secret that was entered for these settings goes to the same place, as the same user, under those. A webhook's
    /// signing secret goes nowhere.
    pub fn leads_where(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Slack(a), Self::Slack(b)) => (a.mode, &a.base_url) == (b.mode, &b.base_url),
            (Self::Jira(a), Self::Jira(b)) => a == b,
            (Self::ServiceNow(a), Self::ServiceNow(b)) => a == b,
            (Self::Email(a), Self::Email(b)) => {
                (&a.host, a.port, a.encryption, &a.user) == (&b.host, b.port, b.encryption, &b.user)
            }
            (Self::Webhook(_), Self::Webhook(_)) => true,
            (Self::Slack(_) | Self::Jira(_) | Self::ServiceNow(_) | Self::Email(_) | Self::Webhook(_), _) => {
                false
            }
        }
    }

    /// Whether the channel cannot work without a secret. A mail server inside may ask for none.
    pub const fn needs_credentials(&self) -> bool {
        match self {
            Self::Slack(_) | Self::Jira(_) | Self::ServiceNow(_) | Self::Webhook(_) => true,
            Self::Email(email) => email.user.is_some(),
        }
    }
}

/// How Slack is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlackSettings {
    /// By which means.
    pub mode: SlackMode,
    /// Where to post when a step does not say; an incoming webhook is bound to one channel by Slack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_channel: Option<String>,
    /// Where Slack's API is, for a proxy of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<BaseUrl>,
}

/// By which means Slack is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlackMode {
    /// A bot token.
    Bot,
    /// An incoming webhook, whose address is itself the secret.
    Webhook,
}

/// How Jira is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JiraSettings {
    /// Where.
    pub base_url: BaseUrl,
    /// Whose API token it is; none for a personal access token of Jira Data Center.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Email>,
}

/// How `ServiceNow` is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceNowSettings {
    /// Where the instance is.
    pub base_url: BaseUrl,
    /// Who signs in; none for a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// How mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailSettings {
    /// The SMTP server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    #[serde(default)]
    pub encryption: Encryption,
    /// Who signs in, where the server asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whom mail comes from.
    pub from: Email,
    /// Where answers go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Email>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// TLS from the start, port 465.
    Tls,
    /// TLS after the greeting, refused without, port 587.
    #[default]
    StartTls,
    /// None, for a server on the same host or in tests.
    None,
}

/// Where a signed webhook goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookSettings {
    /// The address, without secrets in it: what is sent is signed instead.
    pub url: BaseUrl,
}
