//! Opening a record, with the correlation id that it is found by.

use draxis_domain::workflow::ServiceNowTicket;
use draxis_domain::workflow_run::EffectId;
use serde_json::{Map, Value, json};

use super::{Door, FAR, is_sys_id, table};
use crate::egress::Egress;
use crate::relay::exchange::{Setback, confirmed, cut, errand, one_line, unreadable};
use crate::relay::{EffectReference, RelayError};

/// As long as `task.short_description` is.
const SUMMARY: usize = 160;
/// As long as `task.description` is.
const DESCRIPTION: usize = 4000;

/// Opens the record.
pub(in crate::relay) async fn create(
    egress: &Egress,
    door: &Door<'_>,
    effect: &EffectId,
    (ticket, summary, description): (&ServiceNowTicket, &str, Option<&str>),
) -> Result<EffectReference, Setback> {
    let table = table(&ticket.table)?;
    let fields = fields(effect, (ticket, summary, description))?;
    let request = door
        .post(table, Value::Object(fields))?
        .query("sysparm_fields", "sys_id,number")
        .query("sysparm_exclude_reference_link", "true");
    // A group is written as people call it; only then are all values read so.
    let request = match &ticket.assignment_group {
        Some(group) if !is_sys_id(group) => request.query("sysparm_input_display_value", "true"),
        Some(_) | None => request,
    };
    let created = confirmed(&errand(egress, request, FAR).await?, FAR)?;
    created.get("result").and_then(|record| door.reference(table, record)).ok_or_else(|| unreadable(FAR))
}

fn fields(
    effect: &EffectId,
    (ticket, summary, description): (&ServiceNowTicket, &str, Option<&str>),
) -> Result<Map<String, Value>, RelayError> {
    let summary = one_line(summary, SUMMARY);
    if summary.is_empty() {
        return Err(RelayError::content("the ticket has no title: give the step's summary a text"));
    }
    let given = [
        ("short_description", Some(summary)),
        ("correlation_id", Some(effect.to_string())),
        ("correlation_display", Some("Draxis".to_owned())),
        ("description", description.map(|text| cut(text, DESCRIPTION))),
        ("assignment_group", ticket.assignment_group.clone()),
        ("urgency", ticket.urgency.clone()),
        ("impact", ticket.impact.clone()),
    ];
    let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Ok(given.collect())
}
