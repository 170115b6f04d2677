//! How an issue stands: the name of its status, as people see it.

use serde_json::Value;

use super::{Door, FAR, key};
use crate::egress::Egress;
use crate::relay::exchange::{answered, one_line, question};
use crate::relay::{EffectReference, RelayError};

/// A status is called something shorter.
const STATUS: usize = 100;

/// Asks for the status.
pub(in crate::relay) async fn status(
    egress: &Egress,
    door: &Door<'_>,
    reference: &EffectReference,
) -> Result<String, RelayError> {
    let id = Value::from(reference.id.as_str());
    let key = key(Some(&id)).ok_or(RelayError::NotFound)?;
    let request = door.get(&format!("/issue/{key}"))?.query("fields", "status");
    let issue = answered(&question(egress, request, FAR).await?, FAR)?;
    let status = issue.pointer("/fields/status/name").and_then(Value::as_str);
    status.map(|name| one_line(name, STATUS)).ok_or(RelayError::Unreadable { channel: FAR.channel })
}
