//! Slack: a bot token at its API, or an incoming webhook whose address is the secret.

mod history;
mod post;
mod refusal;
mod trial;

use std::sync::Arc;

use draxis_commands::secret::Secret;
use draxis_domain::relay::{Channel, SlackMode, SlackSettings};
use draxis_domain::source::BaseUrl;

pub(super) use history::look_up;
pub(super) use post::post;
pub(super) use trial::attempt;

use crate::egress::Target;
use crate::relay::RelayCredentials;
use crate::relay::exchange::Far;
use crate::relay::trial::{Trial, below};

const API: &str = "https://slack.com";

const FAR: Far =
    Far { channel: Channel::Slack, advice: "check the channel, the text and the app's settings" };

/// Under which type the effect's id is kept beside a message, where only apps see it.
const METADATA: &str = "draxis_effect";

/// Somebody's way into one workspace.
pub(super) enum Door<'a> {
    /// Through the API.
    Bot { settings: &'a SlackSettings, token: Arc<Secret> },
    /// Through the one address that posts into one channel.
    Webhook { url: Arc<Secret> },
}

impl<'a> Door<'a> {
    pub(super) fn try_new(
        settings: &'a SlackSettings,
        mut credentials: RelayCredentials,
    ) -> Result<Self, Trial> {
        Ok(match settings.mode {
            SlackMode::Bot => Self::Bot { settings, token: credentials.take("token")?.into() },
            SlackMode::Webhook => Self::Webhook { url: credentials.take("url")?.into() },
        })
    }
}

/// A method of the API, where the settings say that it is.
fn method(settings: &SlackSettings, name: &str) -> Result<Target, Trial> {
    let path = format!("/api/{name}");
    match &settings.base_url {
        Some(base) => below(base, &path),
        None => {
            below(&BaseUrl::parse(API).map_err(|error| Trial::new("settings", error.to_string()))?, &path)
        }
    }
}
