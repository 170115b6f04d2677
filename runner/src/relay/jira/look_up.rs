//! Looking for an effect's issue by its label.
//!
//! That nothing is found means something only where the project may be seen: Jira answers a search by somebody who may not,
//! or whose token has expired, with an empty list instead of a refusal (the latter with a word of it in a header).

use draxis_domain::workflow::JiraTicket;
use draxis_domain::workflow_run::EffectId;
use serde_json::Value;

use super::{Door, Edition, FAR, key, label};
use crate::egress::{Egress, Request};
use crate::relay::exchange::{answered, question};
use crate::relay::{LookUp, RelayError};

/// Looks for the issue.
pub(in crate::relay) async fn look_up(
    egress: &Egress,
    door: &Door<'_>,
    effect: &EffectId,
    ticket: &JiraTicket,
) -> Result<LookUp, RelayError> {
    let label = label(effect);
    let path = match door.edition() {
        Edition::Cloud => "/search/jql",
        Edition::DataCenter => "/search",
    };
    let request = door
        .get(path)?
        .query("jql", format!("labels = \"{label}\""))
        .query("fields", "labels")
        .query("maxResults", "10");
    let page = ask(egress, request).await?;
    let issues = page
        .get("issues")
        .and_then(Value::as_array)
        .ok_or(RelayError::Unreadable { channel: FAR.channel })?;
    if let Some(key) = first_with(issues, &label) {
        return Ok(LookUp::Found(door.reference(key)));
    }
    let sees = sees_project(egress, door, ticket).await?;
    Ok(if sees { LookUp::NotFound } else { LookUp::CannotKnow })
}

/// Asks as the one we are: an answer to nobody in particular is none.
async fn ask(egress: &Egress, request: Request) -> Result<Value, RelayError> {
    let response = question(egress, request, FAR).await?;
    let reason = response.header("x-seraph-loginreason").unwrap_or_default();
    if reason.contains("FAILED") || reason.contains("DENIED") {
        return Err(RelayError::Credentials);
    }
    answered(&response, FAR)
}

/// The first that was made, were there ever two. Each is asked for its label again: an answer to another question is no find.
fn first_with<'a>(issues: &'a [Value], label: &str) -> Option<&'a str> {
    let bears = |issue: &&Value| {
        let labels = issue.pointer("/fields/labels").and_then(Value::as_array);
        labels.is_some_and(|labels| labels.iter().any(|one| one.as_str() == Some(label)))
    };
    let keys = issues.iter().filter(bears).filter_map(|issue| key(issue.get("key")));
    keys.min_by_key(|key| (key.len(), *key))
}

async fn sees_project(egress: &Egress, door: &Door<'_>, ticket: &JiraTicket) -> Result<bool, RelayError> {
    let request = door
        .get("/mypermissions")?
        .query("projectKey", ticket.project.as_str())
        .query("permissions", "BROWSE_PROJECTS");
    let mine = match ask(egress, request).await {
        Ok(mine) => mine,
        // Jira does not tell a project that is not there from one that may not be seen.
        Err(RelayError::NotFound) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(mine.pointer("/permissions/BROWSE_PROJECTS/havePermission") == Some(&Value::Bool(true)))
}
