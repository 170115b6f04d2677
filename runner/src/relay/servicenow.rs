//! `ServiceNow`: a user with a password, or a bearer token.

use draxis_domain::relay::ServiceNowSettings;
use serde_json::Value;

use crate::egress::{Egress, Request};
use crate::relay::RelayCredentials;
use crate::relay::trial::{Trial, ask, below};

/// One incident's id: whoever may open incidents may read one. An instance that hibernates answers with a page instead.
pub(super) async fn attempt(
    egress: &Egress,
    settings: &ServiceNowSettings,
    mut credentials: RelayCredentials,
) -> Result<(), Trial> {
    let request = Request::get(below(&settings.base_url, "/api/now/table/incident")?)
        .query("sysparm_limit", "1")
        .query("sysparm_fields", "sys_id")
        .header("accept", "application/json")?;
    let request = match &settings.user {
        Some(user) => request.basic(user.as_str(), credentials.take("password")?)?,
        None => request.bearer(credentials.take("token")?),
    };
    let answer = ask(egress, request).await?;
    if answer.get("result").is_some_and(Value::is_array) {
        Ok(())
    } else {
        Err(Trial::new("shape", "the answer is none of ServiceNow's table API: check the address"))
    }
}
