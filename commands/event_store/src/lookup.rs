//! Looking up by what the log itself says: names that are held, aggregates of a kind, one aggregate's past.

use std::collections::BTreeMap;

use draxis_domain::{EventSet, Position, Root};

use crate::read::{EventRow, StoredEvent};
use crate::snapshot::LoadError;
use crate::tenant_tx::TenantTx;

/// Every name of a kind that is held in the stream, each with the aggregate that holds it, in the order of the names.
pub async fn claims_of(transaction: &mut TenantTx, kind: &str) -> Result<Vec<(String, String)>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query!(
        "SELECT value, aggregate_id FROM claims WHERE tenant_id = $1 AND kind = $2 ORDER BY value",
        tenant,
        kind
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(|row| (row.value, row.aggregate_id)).collect())
}

/// The ids of all aggregates of a type, in their order: those that have a first event.
pub async fn aggregate_ids(
    transaction: &mut TenantTx,
    aggregate_type: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query_scalar!(
        "SELECT aggregate_id FROM events WHERE tenant_id = $1 AND aggregate_type = $2 AND sequence = 1 ORDER BY aggregate_id",
        tenant,
        aggregate_type
    )
    .fetch_all(&mut **transaction)
    .await
}

/// The events of one aggregate that bear one of these names, up to a position, in order. By the aggregate's own index, so
/// that a long stream does not matter.
pub async fn read_aggregate_until(
    transaction: &mut TenantTx,
    (aggregate_type, id): (&str, &str),
    event_types: &[String],
    until: Position,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events
           WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND event_type = ANY($4) AND position <= $5
           ORDER BY sequence"#,
        tenant,
        aggregate_type,
        id,
        event_types,
        until.as_i64()
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}

/// Which of a type's aggregates are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Those<'a> {
    /// All of them.
    All,
    /// Those of which an event's payload has this value at the end of this path.
    Naming(&'a [&'a str], &'a str),
}

/// Many aggregates of one type as the log has them now, by one reading of all their events: for types whose aggregates are
/// few and short.
pub(crate) async fn fold_those<A: Root>(
    transaction: &mut TenantTx,
    those: Those<'_>,
) -> Result<BTreeMap<String, A>, LoadError> {
    let tenant = transaction.tenant().uuid();
    let (path, value) = match those {
        Those::All => (None, None),
        Those::Naming(path, value) => {
            (Some(path.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>()), Some(value))
        }
    };
    let rows = sqlx::query!(
        r#"SELECT aggregate_id, event_type, event_version, payload::text AS "payload!" FROM events
           WHERE tenant_id = $1 AND aggregate_type = $2
             AND ($3::text[] IS NULL OR aggregate_id IN (
                 SELECT e.aggregate_id FROM events AS e
                 WHERE e.tenant_id = $1 AND e.aggregate_type = $2 AND e.payload #>> $3 = $4))
           ORDER BY aggregate_id, sequence"#,
        tenant,
        A::TYPE,
        path.as_deref(),
        value
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut folded: BTreeMap<String, A> = BTreeMap::new();
    for row in rows {
        let version = u16::try_from(row.event_version).unwrap_or_default();
        let event = A::Event::decode(&row.event_type, version, &row.payload)?;
        folded.entry(row.aggregate_id).or_default().apply(event);
    }
    Ok(folded)
}
