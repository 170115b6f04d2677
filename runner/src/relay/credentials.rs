//! Credentials of a relay: one secret a channel, sealed under its name.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use draxis_commands::secret::Secret;
use draxis_domain::relay::{RelaySettings, SlackMode};
use draxis_domain::{Rejection, Violation};
use serde_json::json;
use zeroize::Zeroizing;

use crate::relay::trial::Trial;

/// A relay's secret fields by name, as they come with a request and as they are sealed.
#[derive(Default)]
pub struct RelayCredentials(BTreeMap<String, Secret>);

/// What the signing secret of a webhook begins with (Standard Webhooks).
const SIGNING_PREFIX: &str = "whsec_";

/// The one secret that a channel set up so takes.
const fn wanted(settings: &RelaySettings) -> (&'static str, &'static str) {
    match settings {
        RelaySettings::Slack(slack) => match slack.mode {
            SlackMode::Bot => ("token", "the bot token, xoxb-…"),
            SlackMode::Webhook => ("url", "the incoming webhook's address, https://hooks.slack.com/…"),
        },
        RelaySettings::Jira(_) => ("token", "the API token, or a personal access token"),
        RelaySettings::ServiceNow(now) => {
            if now.user.is_some() {
                ("password", "the password of that user")
            } else {
                ("token", "the bearer token")
            }
        }
        RelaySettings::Email(_) => ("password", "the password of that user"),
        RelaySettings::Webhook(_) => {
            ("secret", "the signing secret: whsec_ and the base64 of 24 to 64 random bytes")
        }
    }
}

impl RelayCredentials {
    /// Takes what came with a request.
    pub const fn new(fields: BTreeMap<String, Secret>) -> Self {
        Self(fields)
    }

    /// Whether there is nothing to seal.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses fields that the channel does not take, and the lack of the one it does; each at its place, none repeated.
    pub fn check(&self, settings: &RelaySettings) -> Result<(), Rejection> {
        let (name, meaning) = wanted(settings);
        let mut violations = Vec::new();
        let mut complain = |field: &str, detail: String| {
            let field = field.replace('~', "~0").replace('/', "~1");
            violations.push(Violation { pointer: format!("/credentials/{field}"), detail });
        };
        for field in self.0.keys().filter(|field| *field != name) {
            complain(field, format!("this channel, set up so, takes {name}: {meaning}"));
        }
        match self.0.get(name) {
            None => complain(name, format!("is needed: {meaning}")),
            Some(secret) if secret.is_empty() => complain(name, "must not be empty".to_owned()),
            Some(secret) if name == "secret" && signing_key(secret).is_none() => {
                complain(name, format!("must be {meaning}"));
            }
            Some(_) => {}
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Rejection::Invalid { code: "relay.credentials_do_not_fit", violations })
        }
    }

    /// The one text that goes into the vault.
    pub fn seal(&self) -> Secret {
        let fields: BTreeMap<&str, &str> =
            self.0.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
        Secret::new(json!(fields).to_string())
    }

    /// Reads what [`Self::seal`] wrote.
    pub(super) fn open(secret: Option<&Secret>) -> Result<Self, Trial> {
        let Some(secret) = secret else { return Ok(Self::default()) };
        // The parser's own words would repeat what it read.
        serde_json::from_str(secret.expose())
            .map(Self)
            .map_err(|_| Trial::new("settings", "the sealed credentials do not read back: enter them again"))
    }

    /// Takes out the secret of this name.
    pub(super) fn take(&mut self, name: &str) -> Result<Secret, Trial> {
        self.0.remove(name).ok_or_else(|| {
            Trial::new(
                "settings",
                format!("the credential {name} is missing: set the relay up again with it"),
            )
        })
    }
}

/// The key that webhooks are signed with; none where the text is no signing secret.
pub(super) fn signing_key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let encoded = secret.expose().strip_prefix(SIGNING_PREFIX)?;
    let key = Zeroizing::new(BASE64.decode(encoded).ok()?);
    (24..=64).contains(&key.len()).then_some(key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use draxis_commands::secret::Secret;
    use draxis_domain::Rejection;
    use draxis_domain::relay::{Channel, RelaySettings};
    use serde_json::json;

    use super::RelayCredentials;

    fn credentials(fields: &[(&str, &str)]) -> RelayCredentials {
        let secret = |text: &str| Secret::new(text.to_owned());
        RelayCredentials(
            fields.iter().map(|(name, text)| ((*name).to_owned(), secret(text))).collect::<BTreeMap<_, _>>(),
        )
    }

    fn settings(channel: Channel, value: serde_json::Value) -> RelaySettings {
        RelaySettings::read(channel, value).unwrap()
    }

    #[test]
    fn each_channel_takes_its_own_secret_and_no_other() {
        let url = "https://far.example";
        let key = format!("whsec_{}", "A".repeat(32));
        let cases = [
            (settings(Channel::Slack, json!({"mode": "bot"})), "token", "xoxb-canary"),
            (settings(Channel::Slack, json!({"mode": "webhook"})), "url", "https://hooks.slack.com/canary"),
            (settings(Channel::Jira, json!({"baseUrl": url})), "token", "canary"),
            (settings(Channel::ServiceNow, json!({"baseUrl": url, "user": "ann"})), "password", "canary"),
            (settings(Channel::ServiceNow, json!({"baseUrl": url})), "token", "canary"),
            (settings(Channel::Webhook, json!({"url": url})), "secret", key.as_str()),
        ];
        for (settings, name, secret) in cases {
            assert!(credentials(&[(name, secret)]).check(&settings).is_ok(), "{name}");
            for wrong in [vec![], vec![(name, "")], vec![(name, secret), ("other", "canary")]] {
                let Err(Rejection::Invalid { violations, .. }) = credentials(&wrong).check(&settings) else {
                    panic!("{name} was taken");
                };
                assert!(violations.iter().all(|one| one.pointer.starts_with("/credentials/")));
                assert!(!format!("{violations:?}").contains("canary"));
            }
        }
    }

    #[test]
    fn a_signing_secret_has_the_form_that_receivers_know() {
        let webhook = settings(Channel::Webhook, json!({"url": "https://far.example"}));
        for wrong in ["canary", "whsec_", "whsec_AAAA", "whsec_%%%"] {
            assert!(credentials(&[("secret", wrong)]).check(&webhook).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_sealed_opens_again() {
        let sealed = credentials(&[("token", "x\"y")]).seal();
        let mut opened = RelayCredentials::open(Some(&sealed)).ok().unwrap();
        assert_eq!(opened.take("token").ok().unwrap().expose(), "x\"y");
        assert!(opened.take("token").is_err());
    }
}
