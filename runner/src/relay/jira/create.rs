//! Opening an issue, with the label that it is found by.

use draxis_domain::workflow::{Destination, JiraTicket};
use draxis_domain::workflow_run::EffectId;
use serde_json::{Map, Value, json};

use super::{Door, Edition, FAR, adf, key, label};
use crate::egress::Egress;
use crate::relay::exchange::{Setback, confirmed, cut, errand, one_line, unreadable};
use crate::relay::{EffectReference, RelayError};

/// As long as Jira's summary may be.
const SUMMARY: usize = 255;
/// Jira takes 32,767 characters, what escapes and marks add to them included.
const DESCRIPTION: usize = 16_000;
/// As long as Jira's label may be.
const LABEL: usize = 255;

/// Opens the issue.
pub(in crate::relay) async fn create(
    egress: &Egress,
    door: &Door<'_>,
    effect: &EffectId,
    (ticket, summary, description): (&JiraTicket, &str, Option<&str>),
) -> Result<EffectReference, Setback> {
    let fields = fields(door.edition(), effect, (ticket, summary, description))?;
    let response = errand(egress, door.post("/issue", json!({ "fields": fields }))?, FAR).await?;
    let created = confirmed(&response, FAR)?;
    let key = key(created.get("key")).ok_or_else(|| unreadable(FAR))?;
    Ok(door.reference(key))
}

impl Door<'_> {
    pub(super) fn reference(&self, key: &str) -> EffectReference {
        EffectReference {
            channel: FAR.channel,
            id: key.to_owned(),
            name: key.to_owned(),
            url: self.page(key),
        }
    }
}

fn fields(
    edition: Edition,
    effect: &EffectId,
    (ticket, summary, description): (&JiraTicket, &str, Option<&str>),
) -> Result<Map<String, Value>, RelayError> {
    let summary = one_line(summary, SUMMARY);
    if summary.is_empty() {
        return Err(RelayError::content("the ticket has no title: give the step's summary a text"));
    }
    let mut labels: Vec<String> = ticket.labels.iter().map(|text| one_word(text)).collect();
    labels.retain(|label| !label.is_empty());
    labels.push(label(effect));
    let mut fields = Map::new();
    fields.insert("project".to_owned(), json!({ "key": ticket.project }));
    fields.insert("issuetype".to_owned(), json!({ "name": ticket.issue_type }));
    fields.insert("summary".to_owned(), json!(summary));
    fields.insert("labels".to_owned(), json!(labels));
    if let Some(text) = description.filter(|text| !text.trim().is_empty()) {
        let text = cut(text, DESCRIPTION);
        let description = match edition {
            Edition::Cloud => adf::document(&text),
            Edition::DataCenter => json!(Destination::JiraWiki.escape(&text)),
        };
        fields.insert("description".to_owned(), description);
    }
    if let Some(priority) = &ticket.priority {
        fields.insert("priority".to_owned(), json!({ "name": priority }));
    }
    Ok(fields)
}

/// Jira's labels are single words.
fn one_word(text: &str) -> String {
    cut(&text.split_whitespace().collect::<Vec<_>>().join("-"), LABEL)
}
