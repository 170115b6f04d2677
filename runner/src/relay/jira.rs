//! Jira: an API token of a user in the cloud, or a personal access token in a data center.

use draxis_domain::relay::JiraSettings;
use serde_json::Value;

use crate::egress::{Egress, Request};
use crate::relay::RelayCredentials;
use crate::relay::trial::{Trial, ask, below};

/// Who am I: the one question that takes any right and changes nothing.
pub(super) async fn attempt(
    egress: &Egress,
    settings: &JiraSettings,
    mut credentials: RelayCredentials,
) -> Result<(), Trial> {
    let token = credentials.take("token")?;
    let request = match &settings.user {
        Some(user) => {
            Request::get(below(&settings.base_url, "/rest/api/3/myself")?).basic(user.as_str(), token)?
        }
        // Data Center has version 2 alone, and takes its tokens as bearers.
        None => Request::get(below(&settings.base_url, "/rest/api/2/myself")?).bearer(token),
    };
    let me = ask(egress, request.header("accept", "application/json")?).await?;
    let named = ["accountId", "key", "name"].iter().any(|field| me.get(field).is_some_and(Value::is_string));
    if named { Ok(()) } else { Err(Trial::new("shape", "the answer is none of Jira's: check the address")) }
}
