//! What the fold reads and writes: rows and checkpoint in one tenant transaction, the checkpoint's row locked first.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use draxis_domain::{EventId, Position, TenantId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::read::{EventRow, StoredEvent, read_on};
use crate::tenant_tx::TenantTx;
use crate::timers::claim::{ClaimDurability, ClaimedTimer, millis};
use crate::timers::{StoredTimer, TimerName};

/// Where a tenant's fold stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerCheckpoint {
    /// At this position, by the same fold, and what was recorded next; at the start where it is to be made anew, from no rows.
    At(Position, Vec<StoredEvent>),
    /// A newer program folds this tenant: this one must leave it alone.
    Newer,
}

/// Locks the tenant's checkpoint until the transaction ends, and reads what follows it, at most `limit` events. Rows of an older
/// version of the fold are removed on the way.
pub async fn lock_timer_checkpoint(
    transaction: &mut TenantTx,
    version: i32,
    limit: u32,
) -> Result<TimerCheckpoint, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let found = if let Some(found) = find_checkpoint(transaction, limit).await? {
        found
    } else {
        sqlx::query!(
            "INSERT INTO timer_checkpoints (tenant_id, version, position) VALUES ($1, $2, 0)
             ON CONFLICT ON CONSTRAINT timer_checkpoints_pk DO NOTHING",
            tenant,
            version
        )
        .execute(&mut **transaction)
        .await?;
        find_checkpoint(transaction, limit).await?.ok_or(sqlx::Error::RowNotFound)?
    };
    if found.version == version {
        return Ok(TimerCheckpoint::At(found.position, found.next));
    }
    if found.version > version {
        return Ok(TimerCheckpoint::Newer);
    }
    sqlx::query!("DELETE FROM timers WHERE tenant_id = $1", tenant).execute(&mut **transaction).await?;
    sqlx::query!(
        "UPDATE timer_checkpoints SET version = $2, position = 0, next_due_at = NULL WHERE tenant_id = $1",
        tenant,
        version
    )
    .execute(&mut **transaction)
    .await?;
    Ok(TimerCheckpoint::At(Position::START, read_on(transaction, Position::START, limit).await?))
}

/// A checkpoint as it is stored, and what follows it.
struct Found {
    version: i32,
    position: Position,
    next: Vec<StoredEvent>,
}

/// The tenant's checkpoint, locked, and what follows it, in one statement; none before its first fold. Where it waited for the lock,
/// it sees the place that the other fold has come to, and of the events behind it those that were there before it waited: whoever
/// folds because of an event asks after that was recorded.
async fn find_checkpoint(transaction: &mut TenantTx, limit: u32) -> Result<Option<Found>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH here AS MATERIALIZED (SELECT version, position FROM timer_checkpoints WHERE tenant_id = $1 FOR UPDATE)
           SELECT h.version AS "version!", h.position AS "here!", e.position AS "position?", e.event_id AS "event_id?",
                  e.aggregate_type AS "aggregate_type?", e.aggregate_id AS "aggregate_id?", e.sequence AS "sequence?",
                  e.event_type AS "event_type?", e.event_version AS "event_version?", e.payload AS "payload?",
                  e.metadata AS "metadata?", e.recorded_at AS "recorded_at?", e.leaf_hash AS "leaf_hash?"
           FROM here AS h LEFT JOIN LATERAL (
               SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                      payload::text AS payload, metadata::text AS metadata, recorded_at, leaf_hash
               FROM events WHERE tenant_id = $1 AND position > h.position ORDER BY position LIMIT $2) AS e ON true
           ORDER BY e.position"#,
        transaction.tenant().uuid(),
        i64::from(limit)
    )
    .fetch_all(&mut **transaction)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (version, position) = (first.version, Position::from_i64(first.here));
    let next = rows.into_iter().filter_map(|row| {
        let event = EventRow {
            position: row.position?,
            event_id: row.event_id?,
            aggregate_type: row.aggregate_type?,
            aggregate_id: row.aggregate_id?,
            sequence: row.sequence?,
            event_type: row.event_type?,
            event_version: row.event_version?,
            payload: row.payload?,
            metadata: row.metadata?,
            recorded_at: row.recorded_at?,
            leaf_hash: row.leaf_hash?,
        };
        Some(StoredEvent::from(event))
    });
    Ok(Some(Found { version, position, next: next.collect() }))
}

/// The rows of these names, where there are any.
pub async fn load_timers(
    transaction: &mut TenantTx,
    names: &[TimerName],
) -> Result<BTreeMap<TimerName, StoredTimer>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let (kinds, subjects) = columns(&names.iter().collect::<Vec<_>>());
    let rows = sqlx::query!(
        r#"SELECT t.kind, t.subject, t.due_at, t.cause, t.memo::text AS "memo!"
           FROM timers AS t JOIN unnest($2::text[], $3::text[]) AS n (kind, subject) ON t.kind = n.kind AND t.subject = n.subject
           WHERE t.tenant_id = $1"#,
        tenant,
        &kinds,
        &subjects
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            let timer = StoredTimer { due_at: row.due_at, cause: cause(&row.cause)?, memo: row.memo };
            Ok((TimerName { kind: row.kind, subject: row.subject }, timer))
        })
        .collect()
}

/// A row to write.
#[derive(Debug, Clone)]
pub struct PutTimer {
    /// What it is of.
    pub name: TimerName,
    /// What the fold makes of it.
    pub timer: StoredTimer,
    /// How long it is the writer's own, who takes it up at once instead of claiming it: only for one that is due anew.
    pub lease: Option<Duration>,
}

/// How far a tenant's rows are folded.
#[derive(Debug, Clone, Copy)]
pub struct TimerProgress<'a> {
    /// Up to here.
    pub position: Position,
    /// The kinds that are claimed: when the first of them is due is what claiming looks at first.
    pub kinds: &'a [String],
}

/// Writes rows, and how far they are folded. One that is due at another time, or because of another event, is to be done anew.
/// Answers with those that are the writer's own, claimed for what such a claim is worth. Where there was a row, the number is drawn
/// once it is locked: it is above that of whoever claimed it while this one waited.
#[expect(clippy::as_conversions, reason = "sqlx's way to say that elements of an array may be null")]
pub async fn put_timers(
    transaction: &mut TenantTx,
    timers: &[PutTimer],
    folded: TimerProgress<'_>,
    durability: ClaimDurability,
) -> Result<Vec<ClaimedTimer>, sqlx::Error> {
    let tenant = transaction.tenant();
    let (kinds, subjects) = columns(&timers.iter().map(|put| &put.name).collect::<Vec<_>>());
    let due: Vec<_> = timers.iter().map(|put| put.timer.due_at).collect();
    let causes: Vec<_> = timers.iter().map(|put| put.timer.cause.to_string()).collect();
    let memos: Vec<_> = timers.iter().map(|put| put.timer.memo.clone()).collect();
    let leases: Vec<_> = timers.iter().map(|put| put.lease.map(millis)).collect();
    // The rows as they were before are what the last part of the statement sees in the table.
    let rows = sqlx::query!(
        r#"WITH put AS (
             INSERT INTO timers AS t (tenant_id, kind, subject, due_at, cause, memo, fence, held_until)
             SELECT $1, n.kind, n.subject, n.due_at, n.cause, n.memo::json,
                 CASE WHEN n.lease_ms IS NULL THEN 0 ELSE nextval('timer_fences') END,
                 CASE WHEN n.lease_ms IS NULL THEN '-infinity' ELSE clock_timestamp() + n.lease_ms * interval '1 millisecond' END
             FROM set_config('synchronous_commit', $8, true), unnest(
                 $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::bigint[]
             ) AS n (kind, subject, due_at, cause, memo, lease_ms)
             ON CONFLICT ON CONSTRAINT timers_pk DO UPDATE SET
                 due_at = excluded.due_at, cause = excluded.cause, memo = excluded.memo,
                 done = t.done AND (t.due_at, t.cause) IS NOT DISTINCT FROM (excluded.due_at, excluded.cause),
                 failures = CASE WHEN (t.due_at, t.cause) IS NOT DISTINCT FROM (excluded.due_at, excluded.cause)
                                 THEN t.failures ELSE 0 END,
                 held_until = CASE WHEN (t.due_at, t.cause) IS NOT DISTINCT FROM (excluded.due_at, excluded.cause)
                                   THEN t.held_until ELSE excluded.held_until END,
                 fence = CASE WHEN excluded.fence = 0 THEN t.fence ELSE nextval('timer_fences') END
             RETURNING kind, subject, due_at, fence, done),
           moved AS (
             UPDATE timer_checkpoints SET position = $9, next_due_at = least(
                 (SELECT min(put.due_at) FROM put WHERE NOT put.done),
                 (SELECT min(first.due_at) FROM unnest($10::text[]) AS k (kind) CROSS JOIN LATERAL (
                     SELECT t.due_at FROM timers AS t
                     WHERE t.tenant_id = $1 AND t.kind = k.kind AND NOT t.done AND t.due_at IS NOT NULL
                       AND (t.kind, t.subject) NOT IN (SELECT put.kind, put.subject FROM put)
                     ORDER BY t.due_at LIMIT 1) AS first))
             WHERE tenant_id = $1)
           SELECT kind AS "kind!", subject AS "subject!", due_at, fence AS "fence!" FROM put"#,
        tenant.uuid(),
        &kinds,
        &subjects,
        &due as &[Option<DateTime<Utc>>],
        &causes,
        &memos,
        &leases as &[Option<i64>],
        durability.synchronous_commit(),
        folded.position.as_i64(),
        folded.kinds
    )
    .fetch_all(&mut **transaction)
    .await?;
    let leased: BTreeSet<_> = timers.iter().filter(|put| put.lease.is_some()).map(|put| &put.name).collect();
    let written = rows.into_iter().filter_map(|row| {
        let name = TimerName { kind: row.kind, subject: row.subject };
        Some(ClaimedTimer { tenant, name, due_at: row.due_at?, fence: row.fence })
    });
    Ok(written.filter(|claimed| leased.contains(&claimed.name)).collect())
}

/// Removes rows.
pub async fn remove_timers(transaction: &mut TenantTx, names: &[TimerName]) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let (kinds, subjects) = columns(&names.iter().collect::<Vec<_>>());
    sqlx::query!(
        "DELETE FROM timers AS t USING unnest($2::text[], $3::text[]) AS n (kind, subject)
         WHERE t.tenant_id = $1 AND t.kind = n.kind AND t.subject = n.subject",
        tenant,
        &kinds,
        &subjects
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// What the fold knows of each timer of a kind, by what it is about: as JSON text.
pub async fn timer_memos(
    pool: &PgPool,
    tenant: TenantId,
    kind: &str,
) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    let rows = sqlx::query!(
        r#"SELECT subject, memo::text AS "memo!" FROM timers WHERE tenant_id = $1 AND kind = $2"#,
        tenant.uuid(),
        kind
    )
    .fetch_all(&mut *transaction)
    .await?;
    Ok(rows.into_iter().map(|row| (row.subject, row.memo)).collect())
}

/// All timers of a tenant as the fold left them.
pub async fn timers_of(
    pool: &PgPool,
    tenant: TenantId,
) -> Result<BTreeMap<TimerName, StoredTimer>, sqlx::Error> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    let tenant: Uuid = tenant.uuid();
    let rows = sqlx::query!(
        r#"SELECT kind, subject, due_at, cause, memo::text AS "memo!" FROM timers WHERE tenant_id = $1"#,
        tenant
    )
    .fetch_all(&mut *transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            let timer = StoredTimer { due_at: row.due_at, cause: cause(&row.cause)?, memo: row.memo };
            Ok((TimerName { kind: row.kind, subject: row.subject }, timer))
        })
        .collect()
}

fn columns(names: &[&TimerName]) -> (Vec<String>, Vec<String>) {
    names.iter().map(|name| (name.kind.clone(), name.subject.clone())).unzip()
}

pub(super) fn cause(text: &str) -> Result<EventId, sqlx::Error> {
    text.parse().map_err(|error| sqlx::Error::Decode(Box::<ulid::DecodeError>::new(error)))
}
