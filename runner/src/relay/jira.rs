//! Jira: an API token of a user in the cloud, or a personal access token in a data center.

mod adf;
mod create;
mod look_up;
mod status;

use std::sync::Arc;

use draxis_commands::secret::Secret;
use draxis_domain::relay::{Channel, JiraSettings};
use draxis_domain::workflow_run::EffectId;
use serde_json::Value;

pub(super) use create::create;
pub(super) use look_up::look_up;
pub(super) use status::status;

use crate::egress::{Body, Egress, Request, Target};
use crate::relay::RelayCredentials;
use crate::relay::exchange::Far;
use crate::relay::trial::{Trial, ask, below};

const FAR: Far = Far {
    channel: Channel::Jira,
    advice: "check the project's key, the issue type, the priority, and that the project requires no other fields",
};

/// Which of Jira's interfaces is spoken: Data Center has version 2 alone, and takes its tokens as bearers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edition {
    Cloud,
    DataCenter,
}

impl Edition {
    const fn of(settings: &JiraSettings) -> Self {
        if settings.user.is_some() { Self::Cloud } else { Self::DataCenter }
    }

    const fn root(self) -> &'static str {
        match self {
            Self::Cloud => "/rest/api/3",
            Self::DataCenter => "/rest/api/2",
        }
    }
}

/// Somebody's way into one Jira.
pub(super) struct Door<'a> {
    settings: &'a JiraSettings,
    token: Arc<Secret>,
}

impl<'a> Door<'a> {
    pub(super) fn try_new(
        settings: &'a JiraSettings,
        mut credentials: RelayCredentials,
    ) -> Result<Self, Trial> {
        Ok(Self { settings, token: credentials.take("token")?.into() })
    }

    fn edition(&self) -> Edition {
        Edition::of(self.settings)
    }

    fn get(&self, path: &str) -> Result<Request, Trial> {
        self.request(path, Request::get)
    }

    fn post(&self, path: &str, document: Value) -> Result<Request, Trial> {
        let body = Body::Json { document, secrets: Vec::new() };
        self.request(path, |target| Request::post(target, body))
    }

    fn request(&self, path: &str, make: impl FnOnce(Target) -> Request) -> Result<Request, Trial> {
        let target = below(&self.settings.base_url, &format!("{}{path}", self.edition().root()))?;
        let token = Arc::clone(&self.token);
        let request = match &self.settings.user {
            Some(user) => make(target).basic(user.as_str(), token)?,
            None => make(target).bearer(token),
        };
        Ok(request.header("accept", "application/json")?)
    }

    /// An issue's page; none where the address is the gateway of scoped tokens, which serves no pages.
    fn page(&self, key: &str) -> Option<String> {
        let base = self.settings.base_url.as_str();
        (!base.contains("://api.atlassian.com")).then(|| format!("{base}/browse/{key}"))
    }
}

/// The label an effect's issue is found by.
fn label(effect: &EffectId) -> String {
    format!("draxis-{effect}")
}

/// An issue's key as Jira writes it; whatever else comes back goes into no address and no text.
fn key(value: Option<&Value>) -> Option<&str> {
    let key = value?.as_str()?;
    let (project, number) = key.rsplit_once('-')?;
    let fits = key.len() <= 255
        && !project.is_empty()
        && project.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(key)
}

/// Who am I: the one question that takes any right and changes nothing.
pub(super) async fn attempt(
    egress: &Egress,
    settings: &JiraSettings,
    credentials: RelayCredentials,
) -> Result<(), Trial> {
    let me = ask(egress, Door::try_new(settings, credentials)?.get("/myself")?).await?;
    let named = ["accountId", "key", "name"].iter().any(|field| me.get(field).is_some_and(Value::is_string));
    if named { Ok(()) } else { Err(Trial::new("shape", "the answer is none of Jira's: check the address")) }
}
