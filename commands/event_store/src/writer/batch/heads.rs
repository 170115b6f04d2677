//! The heads of a batch's streams: locked in one order, and remembered where the batch left them.

use std::collections::{BTreeMap, BTreeSet};

use draxis_domain::{Position, TenantId};
use futures_util::future::BoxFuture;
use sqlx::postgres::PgRow;
use sqlx::{Executor, PgConnection, Row};

use crate::writer::judge::{Head, Standing};
use crate::writer::sequences::Sequences;

/// Statements without parameters, by the simple protocol, in one round trip.
pub(super) fn simply<'a>(
    connection: &'a mut PgConnection,
    statements: &'a str,
) -> BoxFuture<'a, Result<Vec<PgRow>, sqlx::Error>> {
    connection.fetch_all(statements)
}

/// What a connection must know before its first batch: how heads are locked, in one order, so that two processes never wait
/// for each other in a circle.
pub(super) const PREPARE: &str = "PREPARE lock_heads (uuid[]) AS
    SELECT tenant_id, position, recorded_at FROM stream_heads WHERE tenant_id = ANY ($1) ORDER BY tenant_id FOR UPDATE";

/// How the transaction begins: it names exactly the batch's tenants, and the writer role's policies admit those only.
pub(super) fn begin(tenants: &BTreeSet<TenantId>) -> String {
    format!("BEGIN; SET LOCAL draxis.tenant_ids = '{}'; ", rendered(tenants))
}

/// Texts of typed ids, rendered in this one place (see `TenantTx`).
fn rendered(tenants: &BTreeSet<TenantId>) -> String {
    let ids: Vec<String> = tenants.iter().map(|tenant| tenant.uuid().to_string()).collect();
    ids.join(",")
}

/// Locks the heads, in one round trip with what is still to be said before; makes those that are missing.
pub(super) async fn lock_heads(
    connection: &mut PgConnection,
    before: &str,
    tenants: &BTreeSet<TenantId>,
) -> Result<BTreeMap<TenantId, Head>, sqlx::Error> {
    let lock = format!("EXECUTE lock_heads ('{{{}}}')", rendered(tenants));
    let heads = select_heads(connection, &format!("{before}{lock}")).await?;
    if heads.len() == tenants.len() {
        return Ok(heads);
    }
    sqlx::query!(
        "INSERT INTO stream_heads (tenant_id, position, recorded_at)
         SELECT a.tenant_id, 0, 'epoch' FROM unnest($1::uuid[]) AS a (tenant_id) ORDER BY a.tenant_id
         ON CONFLICT DO NOTHING",
        &tenants.iter().map(|tenant| tenant.uuid()).collect::<Vec<_>>()
    )
    .execute(&mut *connection)
    .await?;
    select_heads(connection, &lock).await
}

async fn select_heads(
    connection: &mut PgConnection,
    statements: &str,
) -> Result<BTreeMap<TenantId, Head>, sqlx::Error> {
    let rows = simply(connection, statements).await?;
    rows.iter()
        .map(|row| {
            let position = Position::from_i64(row.try_get(1)?);
            let head = Head { position, recorded_at: row.try_get(2)? };
            Ok((TenantId::from(row.try_get::<sqlx::types::Uuid, _>(0)?), head))
        })
        .collect()
}

/// Remembers where a committed batch left its streams; answers with those that moved.
pub(super) fn note_heads(
    before: &BTreeMap<TenantId, Head>,
    standing: Standing,
    remembered: &mut Sequences,
) -> BTreeMap<TenantId, Position> {
    let mut by_tenant: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
    for ((tenant, aggregate), sequence) in standing.sequences {
        by_tenant.entry(tenant).or_default().push((aggregate, sequence));
    }
    let mut names: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
    for (tenant, name) in standing.new {
        names.entry(tenant).or_default().push(name);
    }
    let mut moved = BTreeMap::new();
    for (tenant, head) in standing.heads {
        let was = before.get(&tenant).map_or(Position::START, |head| head.position);
        let sequences = by_tenant.remove(&tenant).unwrap_or_default();
        let names = names.remove(&tenant).unwrap_or_default();
        remembered.remember(tenant, (was, head), (sequences.into_iter(), names.into_iter()));
        if head.position != was {
            moved.insert(tenant, head.position);
        }
    }
    moved
}
