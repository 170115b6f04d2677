//! How a record stands: its state as people see it.

use serde_json::Value;

use super::{Door, FAR, is_sys_id, table};
use crate::egress::Egress;
use crate::relay::exchange::{answered, one_line, question};
use crate::relay::{EffectReference, RelayError};

/// A state is called something shorter.
const STATE: usize = 100;

/// Asks for the state.
pub(in crate::relay) async fn status(
    egress: &Egress,
    door: &Door<'_>,
    reference: &EffectReference,
) -> Result<String, RelayError> {
    let (name, id) = reference.id.split_once('/').ok_or(RelayError::NotFound)?;
    let name = table(name)?;
    if !is_sys_id(id) {
        return Err(RelayError::NotFound);
    }
    let request = door
        .get(&format!("{name}/{id}"))?
        .query("sysparm_fields", "state")
        .query("sysparm_display_value", "true");
    let record = answered(&question(egress, request, FAR).await?, FAR)?;
    let state = record.pointer("/result/state").and_then(Value::as_str);
    state.map(|name| one_line(name, STATE)).ok_or(RelayError::Unreadable { channel: FAR.channel })
}
