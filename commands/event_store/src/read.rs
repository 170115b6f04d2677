//! Reading a stream: in position order, one tenant at a time.

use chrono::{DateTime, Utc};
use cqrs_es::EventEnvelope;
use draxis_domain::{EventSet, Position, Root, Sequence, TenantId};
use draxis_proof::record::{RecordFields, UtcMicros};
use futures_util::TryStreamExt;
use sqlx::PgPool;

use crate::metadata::CqrsMetadata;
use crate::snapshot::LoadError;
use crate::tenant_tx::TenantTx;

/// An event exactly as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the stream.
    pub position: Position,
    /// Its id, a ULID.
    pub event_id: String,
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// Its place in the aggregate.
    pub sequence: Sequence,
    /// The wire name.
    pub event_type: String,
    /// The payload's version.
    pub version: u16,
    /// The payload, byte for byte.
    pub payload: String,
    /// The metadata, byte for byte.
    pub metadata: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The RFC 6962 leaf hash of its record, as stored.
    pub leaf_hash: Vec<u8>,
}

impl StoredEvent {
    /// The parts of the record, borrowed. None where the stored texts cannot stand in one, which only tampering brings about.
    pub fn fields(&self, tenant: TenantId) -> Option<RecordFields<'_>> {
        Some(RecordFields {
            tenant_id: draxis_proof::record::Ulid::new(tenant.ulid().0),
            position: self.position.get(),
            event_id: draxis_proof::record::Ulid::parse(&self.event_id).ok()?,
            event_type: &self.event_type,
            version: u32::from(self.version),
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence.get(),
            recorded_at: UtcMicros::try_new(self.recorded_at.timestamp_micros()).ok()?,
            metadata: &self.metadata,
            payload: &self.payload,
        })
    }

    /// The record: the bytes that were hashed, which are also the exported line.
    pub fn record(&self, tenant: TenantId) -> Option<Vec<u8>> {
        self.fields(tenant)?.bytes().ok()
    }
}

/// An event as a statement gives it.
pub(crate) struct EventRow {
    pub(crate) position: i64,
    pub(crate) event_id: String,
    pub(crate) aggregate_type: String,
    pub(crate) aggregate_id: String,
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    pub(crate) event_version: i32,
    pub(crate) payload: String,
    pub(crate) metadata: String,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) leaf_hash: Vec<u8>,
}

impl From<EventRow> for StoredEvent {
    fn from(row: EventRow) -> Self {
        Self {
            position: Position::from_i64(row.position),
            event_id: row.event_id,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            sequence: Sequence::from_i64(row.sequence),
            event_type: row.event_type,
            version: u16::try_from(row.event_version).unwrap_or_default(),
            payload: row.payload,
            metadata: row.metadata,
            recorded_at: row.recorded_at,
            leaf_hash: row.leaf_hash,
        }
    }
}

/// What part of a stream is asked for; every limit that is absent admits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Positions up to and including this one.
    pub until: Option<Position>,
    /// Recorded at or after.
    pub from_time: Option<DateTime<Utc>>,
    /// Recorded before.
    pub to_time: Option<DateTime<Utc>>,
    /// Of aggregates of this type.
    pub aggregate_type: Option<String>,
    /// Of this aggregate.
    pub aggregate_id: Option<String>,
    /// Of this wire name.
    pub event_type: Option<String>,
    /// By this actor, in its wire form.
    pub actor: Option<String>,
    /// Belonging to this run or request.
    pub correlation: Option<String>,
}

/// Events after a position that the filter admits, in order, at most `limit`.
pub async fn read_events(
    transaction: &mut TenantTx,
    after: Position,
    filter: &EventFilter,
    limit: u32,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events
           WHERE tenant_id = $1 AND position > $2 AND position <= $3
             AND ($4::timestamptz IS NULL OR recorded_at >= $4) AND ($5::timestamptz IS NULL OR recorded_at < $5)
             AND ($6::text IS NULL OR aggregate_type = $6) AND ($7::text IS NULL OR aggregate_id = $7)
             AND ($8::text IS NULL OR event_type = $8) AND ($9::text IS NULL OR metadata ->> 'actor' = $9)
             AND ($10::text IS NULL OR metadata ->> 'correlation' = $10)
           ORDER BY position LIMIT $11"#,
        tenant,
        after.as_i64(),
        filter.until.map_or(i64::MAX, Position::as_i64),
        filter.from_time,
        filter.to_time,
        filter.aggregate_type,
        filter.aggregate_id,
        filter.event_type,
        filter.actor,
        filter.correlation,
        i64::from(limit)
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}

/// Events after a position, in order, at most `limit`: the reading of whoever folds the whole stream.
pub async fn read_on(
    transaction: &mut TenantTx,
    after: Position,
    limit: u32,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT $3"#,
        tenant,
        after.as_i64(),
        i64::from(limit)
    )
    .fetch(&mut **transaction)
    .map_ok(StoredEvent::from)
    .try_collect()
    .await
}

/// The position of a stream's last event; 0 where it has none.
pub async fn head(pool: &PgPool, tenant: TenantId) -> Result<Position, sqlx::Error> {
    TenantTx::head(pool, tenant).await
}

/// Which aggregate holds a unique name, by the log's own account.
pub async fn claim_owner(
    transaction: &mut TenantTx,
    kind: &str,
    value: &str,
) -> Result<Option<String>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query_scalar!(
        "SELECT aggregate_id FROM claims WHERE tenant_id = $1 AND kind = $2 AND value = $3",
        tenant,
        kind,
        value
    )
    .fetch_optional(&mut **transaction)
    .await
}

/// The streams after a tenant id, with their heads, in order: what the sweeper and the sealer walk through.
pub async fn stream_positions(
    pool: &PgPool,
    after: TenantId,
    limit: i32,
) -> Result<Vec<(TenantId, Position)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT tenant_id AS "tenant_id!", head AS "head!" FROM stream_positions($1, $2)"#,
        after.uuid(),
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), Position::from_i64(row.head))).collect())
}

/// All events of one aggregate in cqrs-es's envelopes.
pub(crate) async fn envelopes<A: Root>(
    pool: &PgPool,
    tenant: TenantId,
    id: &str,
) -> Result<Vec<EventEnvelope<A>>, LoadError> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    let rows = sqlx::query!(
        r#"SELECT sequence, event_type, event_version, payload::text AS "payload!", metadata::text AS "metadata!"
           FROM events WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 ORDER BY sequence"#,
        tenant.uuid(),
        A::TYPE,
        id
    )
    .fetch_all(&mut *transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            let version = u16::try_from(row.event_version).unwrap_or_default();
            Ok(EventEnvelope {
                aggregate_id: id.to_owned(),
                sequence: usize::try_from(row.sequence).unwrap_or_default(),
                payload: A::Event::decode(&row.event_type, version, &row.payload)?,
                metadata: serde_json::from_str::<CqrsMetadata>(&row.metadata)?,
            })
        })
        .collect()
}
