//! Searching issues by a label, through an index that may lag.

use serde_json::{Value, json};

use super::{FarJira, JiraIssue, Sight};
use crate::far_systems::http::{HttpReply, HttpRequest};

impl FarJira {
    /// `labels = "…"`: as much of JQL as is asked here. Whoever may not see issues finds none.
    pub(super) fn search(&mut self, request: &HttpRequest) -> HttpReply {
        let jql = request.query.get("jql").map(String::as_str).unwrap_or_default();
        let Some(label) = asked_label(jql) else {
            let message = "Error in the JQL Query: only labels = \"…\" is known here.";
            return HttpReply::json(400, &json!({ "errorMessages": [message], "errors": {} }));
        };
        if self.sight == Sight::None {
            return nothing_found();
        }
        let mut found = Vec::new();
        for issue in self.issues.iter_mut().filter(|issue| issue.labels.iter().any(|one| one == label)) {
            if issue.unseen == 0 {
                found.push(shown(issue));
            } else if issue.unseen != u64::MAX {
                issue.unseen = issue.unseen.saturating_sub(1);
            }
        }
        HttpReply::json(200, &json!({ "issues": found, "isLast": true }))
    }

    pub(super) fn permissions(&self, request: &HttpRequest, sight: Sight) -> HttpReply {
        let project = request.query.get("projectKey").map(String::as_str).unwrap_or_default();
        if !self.counters.contains_key(project) {
            let message = format!("No project could be found with key '{project}'.");
            return HttpReply::json(404, &json!({ "errorMessages": [message], "errors": {} }));
        }
        let browse = json!({ "id": "10", "key": "BROWSE_PROJECTS", "havePermission": sight == Sight::Full });
        HttpReply::json(200, &json!({ "permissions": { "BROWSE_PROJECTS": browse } }))
    }
}

pub(super) fn nothing_found() -> HttpReply {
    HttpReply::json(200, &json!({ "issues": [], "isLast": true }))
}

fn asked_label(jql: &str) -> Option<&str> {
    jql.strip_prefix("labels = \"")?.strip_suffix('"')
}

/// The new search answers with ids alone unless asked for fields; ours asks for the labels.
fn shown(issue: &JiraIssue) -> Value {
    json!({ "id": issue.id, "key": issue.key, "fields": { "labels": issue.labels } })
}
