//! Trying Slack without posting anything.

use std::sync::Arc;

use bytes::Bytes;
use draxis_commands::secret::Secret;
use draxis_domain::relay::SlackSettings;
use serde_json::Value;

use super::refusal::NOT_ACCEPTED;
use super::{Door, method};
use crate::egress::{Body, Egress, Request, Target};
use crate::relay::RelayCredentials;
use crate::relay::trial::{Trial, accepted, ask};

pub(in crate::relay) async fn attempt(
    egress: &Egress,
    settings: &SlackSettings,
    credentials: RelayCredentials,
) -> Result<(), Trial> {
    match Door::try_new(settings, credentials)? {
        Door::Bot { settings, token } => bot(egress, settings, token).await,
        Door::Webhook { url } => webhook(egress, url).await,
    }
}

/// `auth.test` says whose token it is and does nothing else.
async fn bot(egress: &Egress, settings: &SlackSettings, token: Arc<Secret>) -> Result<(), Trial> {
    let request = Request::post(method(settings, "auth.test")?, Body::Form(Vec::new())).bearer(token);
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

/// An empty message is refused by an address that works (400) and posts nothing; one that does not is not found or forbidden.
async fn webhook(egress: &Egress, url: Arc<Secret>) -> Result<(), Trial> {
    let body = Body::Bytes { content_type: "application/json", bytes: Bytes::from_static(b"{}") };
    let response = egress.send(Request::post(Target::secret(url), body)).await?;
    if response.status().as_u16() == 400 {
        return Ok(());
    }
    accepted(&response)
}
