//! Looking for an effect's record by its correlation id.
//!
//! `ServiceNow` leaves a condition on a field that it does not know out of the query, and rows that may not be read out of the
//! answer, without a word of either: so each row is asked again, and what was left out is counted.

use draxis_domain::workflow::ServiceNowTicket;
use draxis_domain::workflow_run::EffectId;
use serde_json::Value;

use super::{Door, FAR, table};
use crate::egress::{Egress, Response};
use crate::relay::exchange::{answered, question};
use crate::relay::{LookUp, RelayError};

/// Looks for the record.
pub(in crate::relay) async fn look_up(
    egress: &Egress,
    door: &Door<'_>,
    effect: &EffectId,
    ticket: &ServiceNowTicket,
) -> Result<LookUp, RelayError> {
    let table = table(&ticket.table)?;
    let request = door
        .get(table)?
        .query("sysparm_query", format!("correlation_id={effect}^ORDERBYsys_created_on"))
        .query("sysparm_fields", "sys_id,number,correlation_id")
        .query("sysparm_exclude_reference_link", "true")
        .query("sysparm_limit", "10");
    let response = question(egress, request, FAR).await?;
    let answer = answered(&response, FAR)?;
    let rows = answer
        .get("result")
        .and_then(Value::as_array)
        .ok_or(RelayError::Unreadable { channel: FAR.channel })?;
    let id = effect.to_string();
    let ours = |row: &&Value| row.get("correlation_id").and_then(Value::as_str) == Some(id.as_str());
    if let Some(found) = rows.iter().filter(ours).find_map(|row| door.reference(table, row)) {
        return Ok(LookUp::Found(found));
    }
    let nothing_left_out = rows.is_empty() && counted(&response) == 0;
    Ok(if nothing_left_out { LookUp::NotFound } else { LookUp::CannotKnow })
}

/// How many rows there are, those that may not be read included.
fn counted(response: &Response) -> u64 {
    response.header("x-total-count").and_then(|count| count.trim().parse().ok()).unwrap_or_default()
}
