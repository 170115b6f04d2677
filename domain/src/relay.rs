//! Relay: how a tenant's workflows reach the outside: one entry a channel. Settings stand here, secrets never do.

mod settings;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Moment, Name, Rejection, SecretId};
pub use settings::{
    EmailSettings, Encryption, JiraSettings, RelaySettings, ServiceNowSettings, SlackMode, SlackSettings,
    WebhookSettings,
};

/// A way out (product.md section 4). Also the aggregate's id: a tenant has one relay a channel.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Slack.
    Slack,
    /// Jira.
    Jira,
    /// `ServiceNow`.
    ServiceNow,
    /// Mail by SMTP.
    Email,
    /// A signed webhook (Standard Webhooks).
    Webhook,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Slack, Self::Jira, Self::ServiceNow, Self::Email, Self::Webhook];

    /// The word on the wire and in routes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Jira => "jira",
            Self::ServiceNow => "servicenow",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A relay as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Relay {
    /// Never configured.
    #[default]
    Absent,
    /// Set up.
    Configured(Box<RelayConfig>),
    /// Was set up once; its version goes on counting.
    Removed {
        /// The last version there was.
        version: u64,
    },
}

/// How a channel is set up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayConfig {
    /// Counts changes from 1; the `ETag`.
    pub version: u64,
    /// Everything but the secrets.
    pub settings: RelaySettings,
    /// Where the secrets lie, where there are any.
    pub secret: Option<SecretId>,
    /// The last test since it was set up so.
    pub tested: Option<RelayTested>,
}

/// What can be asked of a relay.
#[derive(Debug, Clone)]
pub enum RelayCommand {
    /// Sets it up, or anew.
    Configure {
        /// Everything but the secrets.
        settings: RelaySettings,
        /// Where newly sealed secrets lie; the old ones stay where none came with the command.
        secret: Option<SecretId>,
    },
    /// Notes what a test found.
    RecordTest {
        /// Whether the far side accepted it.
        outcome: TestOutcome,
    },
    /// Takes it away.
    Remove {
        /// The active workflows that need it. The caller sees to it that none comes to need it until this is recorded.
        needed_by: Vec<Name>,
    },
}

/// What a test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "result", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum TestOutcome {
    /// The far side accepted it.
    Passed,
    /// It did not get through.
    Failed {
        /// Which step failed: `name`, `tls`, `auth`, `permission`, `shape`.
        step: String,
        /// What to do; never text of the far side, never a secret.
        detail: String,
    },
}

events! {
    /// What happened to a relay.
    pub enum RelayEvent {
        /// It was set up, or anew.
        Configured(RelayConfigured) = "relay.configured" v 1,
        /// It was tested.
        Tested(RelayTested) = "relay.tested" v 1,
        /// It was taken away.
        Removed(RelayRemoved) = "relay.removed" v 1,
    }
}

/// It was set up, or anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayConfigured {
    /// The version this made.
    pub version: u64,
    /// Everything but the secrets.
    pub settings: RelaySettings,
    /// Where the secrets lie, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretId>,
    /// Whether they came with this change.
    #[serde(default)]
    pub secret_replaced: bool,
}

/// It was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelayTested {
    /// Which version was tested.
    pub version: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What was found.
    pub outcome: TestOutcome,
}

/// It was taken away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayRemoved {
    /// The channel that is no more.
    pub channel: Channel,
}

impl Relay {
    /// How it is set up, where it is.
    pub fn config(&self) -> Option<&RelayConfig> {
        match self {
            Self::Configured(config) => Some(config),
            Self::Absent | Self::Removed { .. } => None,
        }
    }

    /// The version a change must name; 0 where there was none.
    pub fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Configured(config) => config.version,
            Self::Removed { version } => *version,
        }
    }

    fn decide(&self, command: RelayCommand, moment: &Moment) -> Result<Vec<RelayEvent>, Rejection> {
        match (self, command) {
            (_, RelayCommand::Configure { settings, secret }) => self.configure(settings, secret, moment),
            (Self::Configured(config), RelayCommand::RecordTest { outcome }) => {
                let (version, at) = (config.version, moment.now);
                Ok(vec![RelayEvent::Tested(RelayTested { version, at, outcome })])
            }
            (Self::Absent | Self::Removed { .. }, RelayCommand::RecordTest { .. })
            | (Self::Absent, RelayCommand::Remove { .. }) => Err(Rejection::NotFound { noun: "relay" }),
            (Self::Removed { .. }, RelayCommand::Remove { .. }) => Ok(Vec::new()),
            (Self::Configured(config), RelayCommand::Remove { needed_by }) => {
                moment.must_match(config.version)?;
                if needed_by.is_empty() {
                    let channel = config.settings.channel();
                    return Ok(vec![RelayEvent::Removed(RelayRemoved { channel })]);
                }
                let names = needed_by.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
                Err(Rejection::conflict(
                    "relay.needed",
                    format!("active workflows go through this relay: {names}; pause or change them first"),
                ))
            }
        }
    }

    fn configure(
        &self,
        settings: RelaySettings,
        secret: Option<SecretId>,
        moment: &Moment,
    ) -> Result<Vec<RelayEvent>, Rejection> {
        moment.must_match(self.version())?;
        let current = self.config();
        if let Some(current) = current
            && current.settings.channel() != settings.channel()
        {
            return Err(Rejection::invalid(
                "relay.wrong_channel",
                "/settings/channel",
                format!("must be {}", current.settings.channel()),
            ));
        }
        let replaced = secret.is_some();
        // A secret goes only where it was meant to go when it was entered.
        let kept = current.filter(|config| config.settings.leads_where(&settings));
        let secret = secret.or_else(|| kept.and_then(|config| config.secret));
        if secret.is_none() && settings.needs_credentials() {
            let detail = "this channel cannot work without credentials; send them along";
            return Err(Rejection::invalid("relay.credentials_missing", "/credentials", detail));
        }
        if current.is_some_and(|current| !replaced && current.settings == settings) {
            return Ok(Vec::new());
        }
        let version = self.version().saturating_add(1);
        Ok(vec![RelayEvent::Configured(RelayConfigured {
            version,
            settings,
            secret,
            secret_replaced: replaced,
        })])
    }

    fn evolve(&mut self, event: RelayEvent) {
        *self = match (std::mem::take(self), event) {
            (_, RelayEvent::Configured(RelayConfigured { version, settings, secret, .. })) => {
                Self::Configured(Box::new(RelayConfig { version, settings, secret, tested: None }))
            }
            (Self::Configured(mut config), RelayEvent::Tested(tested)) => {
                config.tested = Some(tested);
                Self::Configured(config)
            }
            (Self::Configured(config), RelayEvent::Removed(_)) => Self::Removed { version: config.version },
            (unchanged, RelayEvent::Tested(_) | RelayEvent::Removed(_)) => unchanged,
        };
    }
}

aggregate!(Relay, "relay", RelayCommand, RelayEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use ulid::Ulid;

    use super::{Channel, Relay, RelayCommand, RelayEvent, RelaySettings, TestOutcome};
    use crate::{Actor, Moment, Name, Rejection, SecretId};

    fn slack(default: &str) -> RelaySettings {
        serde_json::from_value(json!({"channel": "slack", "mode": "bot", "defaultChannel": default})).unwrap()
    }

    fn give(relay: &mut Relay, command: RelayCommand) -> Result<Vec<RelayEvent>, Rejection> {
        let events = relay.decide(command, &Moment::new(DateTime::UNIX_EPOCH, Actor::Runner))?;
        events.iter().cloned().for_each(|event| relay.evolve(event));
        Ok(events)
    }

    fn configure(default: &str, sealed: Option<u128>) -> RelayCommand {
        let secret = sealed.map(|n| SecretId::new(Ulid(n)));
        RelayCommand::Configure { settings: slack(default), secret }
    }

    #[test]
    fn credentials_stay_until_others_are_sent() {
        let mut relay = Relay::default();
        assert!(matches!(
            give(&mut relay, configure("#a", None)),
            Err(Rejection::Invalid { code: "relay.credentials_missing", .. })
        ));
        give(&mut relay, configure("#a", Some(1))).unwrap();
        assert_eq!(give(&mut relay, configure("#a", None)).unwrap(), Vec::new());
        give(&mut relay, configure("#b", None)).unwrap();
        assert_eq!(relay.config().unwrap().secret, Some(SecretId::new(Ulid(1))));
        assert_eq!(give(&mut relay, configure("#b", Some(2))).unwrap().len(), 1, "new secrets are a change");
    }

    #[test]
    fn credentials_do_not_follow_to_another_address() {
        let jira = |host: &str| {
            RelaySettings::read(Channel::Jira, json!({"baseUrl": format!("https://{host}")})).unwrap()
        };
        let configure = |host, sealed: Option<u128>| RelayCommand::Configure {
            settings: jira(host),
            secret: sealed.map(|n| SecretId::new(Ulid(n))),
        };
        let mut relay = Relay::default();
        give(&mut relay, configure("acme.example", Some(1))).unwrap();
        assert!(matches!(
            give(&mut relay, configure("elsewhere.example", None)),
            Err(Rejection::Invalid { code: "relay.credentials_missing", .. })
        ));
        give(&mut relay, configure("elsewhere.example", Some(2))).unwrap();
    }

    #[test]
    fn one_that_active_workflows_need_is_not_removed_and_they_are_named() {
        let mut relay = Relay::default();
        give(&mut relay, configure("#a", Some(1))).unwrap();
        let needed_by = vec![Name::parse("Patch now").unwrap()];
        let refused = give(&mut relay, RelayCommand::Remove { needed_by }).unwrap_err();
        assert!(
            matches!(&refused, Rejection::Conflict { code: "relay.needed", detail } if detail.contains("Patch now"))
        );
        give(&mut relay, RelayCommand::Remove { needed_by: Vec::new() }).unwrap();
        assert_eq!(give(&mut relay, RelayCommand::Remove { needed_by: Vec::new() }).unwrap(), Vec::new());
        give(&mut relay, configure("#a", Some(3))).unwrap();
        assert_eq!(relay.config().unwrap().version, 2, "the version goes on counting");
    }

    #[test]
    fn a_test_counts_until_the_relay_is_changed() {
        let mut relay = Relay::default();
        give(&mut relay, configure("#a", Some(1))).unwrap();
        give(&mut relay, RelayCommand::RecordTest { outcome: TestOutcome::Passed }).unwrap();
        assert!(relay.config().unwrap().tested.is_some());
        give(&mut relay, configure("#b", None)).unwrap();
        assert!(relay.config().unwrap().tested.is_none());
    }

    #[test]
    fn settings_are_read_for_the_channel_that_the_route_names() {
        let read = |channel, value| RelaySettings::read(channel, value);
        let webhook = json!({"url": "https://hooks.acme.example/draxis"});
        assert_eq!(read(Channel::Webhook, webhook.clone()).unwrap().channel(), Channel::Webhook);
        assert!(read(Channel::Jira, webhook).is_err());
        assert!(
            read(Channel::Slack, json!({"mode": "bot", "token": "xoxb-1"})).is_err(),
            "a secret is no setting"
        );
        assert!(read(Channel::Webhook, json!({"url": "https://hooks.acme.example/?key=1"})).is_err());
    }

    #[test]
    fn a_channel_is_the_word_that_names_it() {
        for channel in Channel::ALL {
            assert_eq!(serde_json::to_value(channel).unwrap(), channel.as_str());
            assert_eq!(Channel::find(channel.as_str()), Some(channel));
        }
    }
}
