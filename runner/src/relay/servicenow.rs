//! `ServiceNow`: a user with a password, or a bearer token.

mod create;
mod look_up;
mod status;

use std::sync::Arc;

use draxis_commands::secret::Secret;
use draxis_domain::relay::{Channel, ServiceNowSettings};
use serde_json::Value;

pub(super) use create::create;
pub(super) use look_up::look_up;
pub(super) use status::status;

use crate::egress::{Body, Egress, Request, Target};
use crate::relay::exchange::Far;
use crate::relay::trial::{Trial, ask, below};
use crate::relay::{EffectReference, RelayCredentials, RelayError};

const FAR: Far = Far {
    channel: Channel::ServiceNow,
    advice: "check the table's name, the group, and that the table requires no other fields",
};

/// Somebody's way into one instance.
pub(super) struct Door<'a> {
    settings: &'a ServiceNowSettings,
    secret: Arc<Secret>,
}

impl<'a> Door<'a> {
    pub(super) fn try_new(
        settings: &'a ServiceNowSettings,
        mut credentials: RelayCredentials,
    ) -> Result<Self, Trial> {
        let name = if settings.user.is_some() { "password" } else { "token" };
        Ok(Self { settings, secret: credentials.take(name)?.into() })
    }

    fn get(&self, path: &str) -> Result<Request, Trial> {
        self.request(path, Request::get)
    }

    fn post(&self, path: &str, document: Value) -> Result<Request, Trial> {
        let body = Body::Json { document, secrets: Vec::new() };
        self.request(path, |target| Request::post(target, body))
    }

    fn request(&self, path: &str, make: impl FnOnce(Target) -> Request) -> Result<Request, Trial> {
        let target = below(&self.settings.base_url, &format!("/api/now/table/{path}"))?;
        let secret = Arc::clone(&self.secret);
        let request = match &self.settings.user {
            Some(user) => make(target).basic(user.as_str(), secret)?,
            None => make(target).bearer(secret),
        };
        Ok(request.header("accept", "application/json")?)
    }

    /// A record as it came back, with its page.
    fn reference(&self, table: &str, record: &Value) -> Option<EffectReference> {
        let id = record.get("sys_id").and_then(Value::as_str).filter(|id| is_sys_id(id))?;
        let number = record.get("number").and_then(Value::as_str).filter(|number| is_number(number));
        Some(EffectReference {
            channel: FAR.channel,
            id: format!("{table}/{id}"),
            name: number.unwrap_or(id).to_owned(),
            url: Some(format!("{}/{table}.do?sys_id={id}", self.settings.base_url.as_str())),
        })
    }
}

fn is_sys_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_number(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A table's name goes into the address, so it is one and nothing else.
fn table(name: &str) -> Result<&str, RelayError> {
    let fits = (1..=80).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if fits {
        Ok(name)
    } else {
        Err(RelayError::content("the table's name is none: write it as ServiceNow does, such as incident"))
    }
}

/// One incident's id: whoever may open incidents may read one. An instance that hibernates answers with a page instead.
pub(super) async fn attempt(
    egress: &Egress,
    settings: &ServiceNowSettings,
    credentials: RelayCredentials,
) -> Result<(), Trial> {
    let request = Door::try_new(settings, credentials)?
        .get("incident")?
        .query("sysparm_limit", "1")
        .query("sysparm_fields", "sys_id");
    let answer = ask(egress, request).await?;
    if answer.get("result").is_some_and(Value::is_array) {
        Ok(())
    } else {
        Err(Trial::new("shape", "the answer is none of ServiceNow's table API: check the address"))
    }
}
