//! Snapshots of the folded risk model: where a look at the past begins, instead of at the first event.
//!
//! A snapshot belongs to a generation of the rows it was taken of, is taken in the transaction that folded them that far, and
//! goes when they go. All of them may be deleted at any time: the past then folds from further back, and says the same.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use draxis_domain::Position;
use draxis_event_store::TenantTx;

use crate::error::ReadError;
use crate::past::AsOf;
use crate::projection::Projection;
use crate::risk_model::{RiskModel, RiskModelRow};

/// How many events lie between two snapshots, more or less: they are taken at the end of a batch.
const EVERY: u64 = 10_000;

/// The table they are kept in.
pub(crate) const TABLE: &str = "risk_model_snapshots";

/// Which snapshot: of which generation of the rows, at which position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) generation: i32,
    pub(crate) position: Position,
}

/// The risk model at a position.
pub(crate) struct Snapshot {
    pub(crate) position: Position,
    pub(crate) rows: BTreeMap<String, RiskModelRow>,
}

/// Whether one is taken of rows that were folded from one position to another.
pub(crate) const fn is_due(from: Position, to: Position) -> bool {
    from.get() / EVERY != to.get() / EVERY
}

/// Keeps the rows of a generation as they stand in this transaction, folded up to an event.
pub(crate) async fn keep(
    transaction: &mut TenantTx,
    generation: i32,
    position: Position,
    recorded_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "INSERT INTO risk_model_snapshots (tenant_id, generation, position, recorded_at, body)
         SELECT $1, $2, $3, $4, coalesce(json_object_agg(key, body), '{}') FROM risk_model
         WHERE tenant_id = $1 AND generation = $2
         ON CONFLICT DO NOTHING",
        tenant,
        generation,
        position.as_i64(),
        recorded_at
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}

/// The last snapshot that holds no more than a place in the past; none where there is none in this program's version.
pub(crate) async fn nearest(transaction: &mut TenantTx, as_of: AsOf) -> Result<Option<Snapshot>, ReadError> {
    let tenant = transaction.tenant().uuid();
    let (position, time) = match as_of {
        AsOf::Position(position) => (Some(position.as_i64()), None),
        AsOf::Time(time) => (None, Some(time)),
    };
    let found = sqlx::query!(
        r#"SELECT s.position, s.body::text AS "body!" FROM risk_model_snapshots AS s
           JOIN projection_checkpoints AS c
               ON c.tenant_id = $1 AND c.projection = 'risk_model' AND c.serving AND c.version = $2
               AND c.generation = s.generation
           WHERE s.tenant_id = $1 AND ($3::bigint IS NULL OR s.position <= $3)
             AND ($4::timestamptz IS NULL OR s.recorded_at <= $4)
           ORDER BY s.position DESC LIMIT 1"#,
        tenant,
        RiskModel::VERSION,
        position,
        time
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(found) = found else { return Ok(None) };
    // Megabytes of a large tenant: read off the async threads.
    let rows = tokio::task::spawn_blocking(move || serde_json::from_str(&found.body)).await?;
    let position = Position::from_i64(found.position);
    match rows {
        Ok(rows) => Ok(Some(Snapshot { position, rows })),
        Err(source) => Err(ReadError::Row {
            projection: RiskModel::TABLE.name(),
            key: format!("snapshot/{position}"),
            source,
        }),
    }
}

/// Every snapshot of the rows that serve in this program's version, the oldest first.
pub(crate) async fn all(transaction: &mut TenantTx) -> Result<Vec<Kept>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query!(
        "SELECT s.generation, s.position FROM risk_model_snapshots AS s
         JOIN projection_checkpoints AS c
             ON c.tenant_id = $1 AND c.projection = 'risk_model' AND c.serving AND c.version = $2
             AND c.generation = s.generation
         WHERE s.tenant_id = $1 ORDER BY s.position",
        tenant,
        RiskModel::VERSION
    )
    .fetch_all(&mut **transaction)
    .await?;
    let kept = |generation, position| Kept { generation, position: Position::from_i64(position) };
    Ok(rows.into_iter().map(|row| kept(row.generation, row.position)).collect())
}

/// A snapshot as it is stored; none where it is gone.
pub(crate) async fn body(transaction: &mut TenantTx, of: Kept) -> Result<Option<String>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query_scalar!(
        r#"SELECT body::text AS "body!" FROM risk_model_snapshots
           WHERE tenant_id = $1 AND generation = $2 AND position = $3"#,
        tenant,
        of.generation,
        of.position.as_i64()
    )
    .fetch_optional(&mut **transaction)
    .await
}

/// Removes snapshots of generations whose rows are gone: those before the one that serves, and what was given up after it.
pub(crate) async fn sweep_out(transaction: &mut TenantTx) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "DELETE FROM risk_model_snapshots WHERE tenant_id = $1 AND generation <
             (SELECT generation FROM projection_checkpoints
              WHERE tenant_id = $1 AND projection = 'risk_model' AND serving)",
        tenant
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "DELETE FROM risk_model_snapshots WHERE tenant_id = $1 AND generation >
             (SELECT max(generation) FROM projection_checkpoints
              WHERE tenant_id = $1 AND projection = 'risk_model')",
        tenant
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}
