//! Slack: a bot token at its API, or an incoming webhook whose address is the secret.

use bytes::Bytes;
use draxis_domain::relay::{SlackMode, SlackSettings};
use draxis_domain::source::BaseUrl;
use serde_json::Value;

use crate::egress::{Body, Egress, Request, Target};
use crate::relay::RelayCredentials;
use crate::relay::trial::{Trial, accepted, ask, below};

const API: &str = "https://slack.com";

/// Errors of `auth.test` that say that the token itself is good for nothing.
const NOT_ACCEPTED: [&str; 6] =
    ["invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission"];

pub(super) async fn attempt(
    egress: &Egress,
    settings: &SlackSettings,
    credentials: RelayCredentials,
) -> Result<(), Trial> {
    match settings.mode {
        SlackMode::Bot => bot(egress, settings, credentials).await,
        SlackMode::Webhook => webhook(egress, credentials).await,
    }
}

/// `auth.test` says whose token it is and does nothing else.
async fn bot(
    egress: &Egress,
    settings: &SlackSettings,
    mut credentials: RelayCredentials,
) -> Result<(), Trial> {
    let target = match &settings.base_url {
        Some(base) => below(base, "/api/auth.test")?,
        None => api("/api/auth.test")?,
    };
    let request = Request::post(target, Body::Form(Vec::new())).bearer(credentials.take("token")?);
    let answer = ask(egress, request).await?;
    if answer.get("ok") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    // Slack's own words are a closed list; only whether one of ours is among them is said.
    match answer.get("error").and_then(Value::as_str) {
        Some(error) if NOT_ACCEPTED.contains(&error) => Err(Trial::new(
            "auth",
            "Slack does not accept the token: install the app again and enter its token",
        )),
        Some(_) => Err(Trial::new("far_side", "Slack refuses the request: check the app's settings")),
        None => Err(Trial::new("shape", "the answer is none of Slack's: check the address")),
    }
}

fn api(path: &str) -> Result<Target, Trial> {
    let base = BaseUrl::parse(API).map_err(|error| Trial::new("settings", error.to_string()))?;
    below(&base, path)
}

/// An empty message is refused by an address that works (400) and posts nothing; one that does not is not found or forbidden.
async fn webhook(egress: &Egress, mut credentials: RelayCredentials) -> Result<(), Trial> {
    let body = Body::Bytes { content_type: "application/json", bytes: Bytes::from_static(b"{}") };
    let response = egress.send(Request::post(Target::secret(credentials.take("url")?), body)).await?;
    if response.status().as_u16() == 400 {
        return Ok(());
    }
    accepted(&response)
}
