//! Opening and reading issues.

use serde_json::{Value, json};

use super::{FarJira, ISSUE_TYPES, JiraIssue, PRIORITIES, Sight, missing, refused};
use crate::far_systems::http::{HttpReply, HttpRequest};

impl FarJira {
    pub(super) fn create(&mut self, request: &HttpRequest, version: &str) -> HttpReply {
        let Some(document) = request.json() else { return HttpReply::text(415, "Unsupported Media Type") };
        let fields = document.get("fields").unwrap_or(&Value::Null);
        let wrong = self.mistakes(fields, version);
        if !wrong.is_empty() {
            return refused(&wrong);
        }
        let text = |pointer: &str| fields.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let project = text("/project/key").unwrap_or_default();
        let Some(counter) = self.counters.get_mut(&project) else { return refused(&[PROJECT]) };
        *counter = counter.saturating_add(1);
        let key = format!("{project}-{counter}");
        let id = self.issues.len().saturating_add(10_000).to_string();
        let unseen = self.dice.below(self.lag.saturating_add(1));
        self.issues.push(JiraIssue {
            id: id.clone(),
            key: key.clone(),
            issue_type: text("/issuetype/name").unwrap_or_default(),
            summary: text("/summary").unwrap_or_default(),
            description: fields.get("description").cloned().unwrap_or_default(),
            labels: labels(fields).unwrap_or_default(),
            priority: text("/priority/name"),
            status: "To Do".to_owned(),
            unseen: if self.held { u64::MAX } else { unseen },
        });
        let this = format!("/rest/api/{version}/issue/{id}");
        HttpReply::json(201, &json!({ "id": id, "key": key, "self": this }))
    }

    fn mistakes(&self, fields: &Value, version: &str) -> Vec<(&'static str, &'static str)> {
        let text = |pointer: &str| fields.pointer(pointer).and_then(Value::as_str);
        let mut wrong = Vec::new();
        if !text("/project/key").is_some_and(|key| self.counters.contains_key(key)) {
            wrong.push(PROJECT);
        }
        if !text("/issuetype/name").is_some_and(|name| ISSUE_TYPES.contains(&name)) {
            wrong.push(("issuetype", "Specify a valid issue type"));
        }
        if fields.get("priority").is_some()
            && !text("/priority/name").is_some_and(|name| PRIORITIES.contains(&name))
        {
            wrong.push(("priority", "The priority selected is invalid."));
        }
        match text("/summary") {
            None => wrong.push(("summary", "You must specify a summary of the issue.")),
            Some(summary) if summary.trim().is_empty() => {
                wrong.push(("summary", "You must specify a summary of the issue."));
            }
            Some(summary) if summary.contains(['\n', '\r']) => {
                wrong.push(("summary", "The summary is invalid because it contains newline characters."));
            }
            Some(summary) if summary.chars().count() > 255 => {
                wrong.push(("summary", "Summary can't exceed 255 characters."));
            }
            Some(_) => {}
        }
        if labels(fields).is_none() {
            wrong.push(("labels", "A label can't contain spaces and is at most 255 characters long."));
        }
        if !fields.get("description").is_none_or(|text| well_formed(text, version)) {
            wrong.push(("description", "Operation value must be an Atlassian Document"));
        }
        wrong
    }

    pub(super) fn issue(&self, key: &str) -> HttpReply {
        let found = self.issues.iter().find(|issue| issue.key == key || issue.id == key);
        let Some(issue) = found.filter(|_| self.sight == Sight::Full) else { return missing() };
        HttpReply::json(
            200,
            &json!({ "id": issue.id, "key": issue.key, "fields": { "status": { "name": issue.status } } }),
        )
    }
}

const PROJECT: (&str, &str) = ("project", "valid project is required");

fn labels(fields: &Value) -> Option<Vec<String>> {
    let Some(labels) = fields.get("labels") else { return Some(Vec::new()) };
    let label = |one: &Value| {
        let label = one.as_str()?;
        let fits = !label.is_empty() && !label.contains(char::is_whitespace) && label.chars().count() <= 255;
        fits.then(|| label.to_owned())
    };
    labels.as_array()?.iter().map(label).collect()
}

/// Version 3 takes a document, version 2 a text.
fn well_formed(description: &Value, version: &str) -> bool {
    if description.to_string().len() > 32_767 {
        return false;
    }
    if version == "2" {
        return description.is_string();
    }
    description.get("type") == Some(&json!("doc"))
        && description.get("version") == Some(&json!(1))
        && description.get("content").and_then(Value::as_array).is_some_and(|nodes| nodes.iter().all(node))
}

fn node(node: &Value) -> bool {
    let known = node.get("type").and_then(Value::as_str).is_some_and(|kind| {
        kind != "text" || node.get("text").and_then(Value::as_str).is_some_and(|text| !text.is_empty())
    });
    let inner = node
        .get("content")
        .is_none_or(|nodes| nodes.as_array().is_some_and(|nodes| nodes.iter().all(self::node)));
    known && inner
}
