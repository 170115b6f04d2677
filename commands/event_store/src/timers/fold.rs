//! What the fold reads and writes: rows and checkpoint in one tenant transaction, the checkpoint's row locked first.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use draxis_domain::{EventId, Position, TenantId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::tenant_tx::TenantTx;
use crate::timers::claim::{ClaimDurability, ClaimedTimer, millis};
use crate::timers::{StoredTimer, TimerName};

/// Where a tenant's fold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerCheckpoint {
    /// At this position, by the same fold; at the start where it is to be made anew, from no rows.
    At(Position),
    /// A newer program folds this tenant: this one must leave it alone.
    Newer,
}

/// Locks the tenant's checkpoint until the transaction ends. Rows of an older version of the fold are removed on the way.
pub async fn lock_timer_checkpoint(
    transaction: &mut TenantTx,
    version: i32,
) -> Result<TimerCheckpoint, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let found = if let Some(found) = find_checkpoint(transaction).await? {
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
        find_checkpoint(transaction).await?.ok_or(sqlx::Error::RowNotFound)?
    };
    if found.version == version {
        return Ok(TimerCheckpoint::At(Position::from_i64(found.position)));
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
    Ok(TimerCheckpoint::At(Position::START))
}

/// A checkpoint as it is stored.
struct Found {
    version: i32,
    position: i64,
}

/// The tenant's checkpoint, locked; none before its first fold.
async fn find_checkpoint(transaction: &mut TenantTx) -> Result<Option<Found>, sqlx::Error> {
    sqlx::query_as!(
        Found,
        "SELECT version, position FROM timer_checkpoints WHERE tenant_id = $1 FOR UPDATE",
        transaction.tenant().uuid()
    )
    .fetch_optional(&mut **transaction)
    .await
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

/// Writes rows. One that is due at another time, or because of another event, is to be done anew. Answers with those that are
/// the writer's own, claimed for what such a claim is worth. Where there was a row, the number is drawn once it is locked: it is
/// above that of whoever claimed it while this one waited.
#[expect(clippy::as_conversions, reason = "sqlx's way to say that elements of an array may be null")]
pub async fn put_timers(
    transaction: &mut TenantTx,
    timers: &[PutTimer],
    durability: ClaimDurability,
) -> Result<Vec<ClaimedTimer>, sqlx::Error> {
    let tenant = transaction.tenant();
    let (kinds, subjects) = columns(&timers.iter().map(|put| &put.name).collect::<Vec<_>>());
    let due: Vec<_> = timers.iter().map(|put| put.timer.due_at).collect();
    let causes: Vec<_> = timers.iter().map(|put| put.timer.cause.to_string()).collect();
    let memos: Vec<_> = timers.iter().map(|put| put.timer.memo.clone()).collect();
    let leases: Vec<_> = timers.iter().map(|put| put.lease.map(millis)).collect();
    let rows = sqlx::query!(
        "INSERT INTO timers AS t (tenant_id, kind, subject, due_at, cause, memo, fence, held_until)
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
         RETURNING kind, subject, due_at, fence",
        tenant.uuid(),
        &kinds,
        &subjects,
        &due as &[Option<DateTime<Utc>>],
        &causes,
        &memos,
        &leases as &[Option<i64>],
        durability.synchronous_commit()
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

/// Says up to where the rows are folded and when the first of these kinds is due: what claiming looks at first.
pub async fn move_timer_checkpoint(
    transaction: &mut TenantTx,
    position: Position,
    kinds: &[String],
) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "UPDATE timer_checkpoints SET position = $2, next_due_at = (
             SELECT min(first.due_at) FROM unnest($3::text[]) AS k (kind) CROSS JOIN LATERAL (
                 SELECT t.due_at FROM timers AS t
                 WHERE t.tenant_id = $1 AND t.kind = k.kind AND NOT t.done AND t.due_at IS NOT NULL
                 ORDER BY t.due_at LIMIT 1) AS first)
         WHERE tenant_id = $1",
        tenant,
        position.as_i64(),
        kinds
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
