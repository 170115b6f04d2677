//! Writing a judged batch: one statement for its events and heads, one each for receipts and claims where there are any.
#![expect(clippy::as_conversions, reason = "sqlx's macros take a parameter's type in the form of a cast")]

use std::collections::BTreeSet;

use draxis_domain::TenantId;
use sqlx::PgConnection;

use crate::writer::batch::columns::{EventColumns, HeadColumns, ReceiptColumns};
use crate::writer::judge::{Judgement, Standing};

pub(super) async fn insert(
    connection: &mut PgConnection,
    standing: &Standing,
    judgement: &Judgement,
) -> Result<(), sqlx::Error> {
    if !judgement.events.is_empty() {
        insert_events(connection, standing, judgement).await?;
    }
    if !judgement.receipts.is_empty() {
        insert_receipts(connection, standing, judgement).await?;
    }
    if !judgement.released.is_empty() || !judgement.taken.is_empty() {
        settle_claims(connection, judgement).await?;
    }
    Ok(())
}

async fn insert_events(
    connection: &mut PgConnection,
    standing: &Standing,
    judgement: &Judgement,
) -> Result<(), sqlx::Error> {
    let touched: BTreeSet<TenantId> = judgement.events.iter().map(|row| row.tenant).collect();
    let heads = HeadColumns::of(standing.heads.iter().filter(|(tenant, _)| touched.contains(*tenant)));
    let events = EventColumns::of(&judgement.events);
    sqlx::query!(
        r#"WITH moved AS (
               UPDATE stream_heads AS h SET position = m.position, recorded_at = m.recorded_at
               FROM unnest($13::uuid[], $14::bigint[], $15::timestamptz[]) AS m (tenant_id, position, recorded_at)
               WHERE h.tenant_id = m.tenant_id)
           INSERT INTO events (tenant_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type,
                               event_version, payload, metadata, recorded_at, leaf_hash)
           SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
                                $8::int[], $9::json[], $10::json[], $11::timestamptz[], $12::bytea[])"#,
        &events.tenants,
        &events.positions,
        &events.ids,
        &events.aggregate_types as &[&str],
        &events.aggregate_ids as &[&str],
        &events.sequences,
        &events.types as &[&str],
        &events.versions,
        &events.payloads as &[&str],
        &events.metadatas as &[&str],
        &events.times,
        &events.leaf_hashes as &[&[u8]],
        &heads.tenants,
        &heads.positions,
        &heads.times,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_receipts(
    connection: &mut PgConnection,
    standing: &Standing,
    judgement: &Judgement,
) -> Result<(), sqlx::Error> {
    let receipts = ReceiptColumns::of(&judgement.receipts, standing);
    sqlx::query!(
        "INSERT INTO idempotency_keys (tenant_id, caller, key, request_hash, status, answer, version, position, recorded_at)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::bytea[], $7::bigint[],
                              $8::bigint[], $9::timestamptz[])",
        &receipts.tenants,
        &receipts.callers as &[&str],
        &receipts.keys as &[&str],
        &receipts.request_hashes as &[&[u8]],
        &receipts.statuses,
        &receipts.answers as &[&[u8]],
        &receipts.versions as &[Option<i64>],
        &receipts.positions,
        &receipts.times,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Releases first: a name may pass from one aggregate to another within one batch.
async fn settle_claims(connection: &mut PgConnection, judgement: &Judgement) -> Result<(), sqlx::Error> {
    if !judgement.released.is_empty() {
        let rows = &judgement.released;
        sqlx::query!(
            "DELETE FROM claims AS c USING unnest($1::uuid[], $2::text[], $3::text[]) AS r (tenant_id, kind, value)
             WHERE c.tenant_id = r.tenant_id AND c.kind = r.kind AND c.value = r.value",
            &rows.iter().map(|(tenant, ..)| tenant.uuid()).collect::<Vec<_>>(),
            &rows.iter().map(|(_, kind, _)| *kind).collect::<Vec<_>>() as &[&str],
            &rows.iter().map(|(.., value)| value.as_str()).collect::<Vec<_>>() as &[&str],
        )
        .execute(&mut *connection)
        .await?;
    }
    if !judgement.taken.is_empty() {
        let rows = &judgement.taken;
        sqlx::query!(
            "INSERT INTO claims (tenant_id, kind, value, aggregate_id)
             SELECT DISTINCT ON (a.tenant_id, a.kind, a.value) a.tenant_id, a.kind, a.value, a.aggregate_id
             FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
                  AS a (tenant_id, kind, value, aggregate_id, place)
             ORDER BY a.tenant_id, a.kind, a.value, a.place DESC
             ON CONFLICT ON CONSTRAINT claims_pk DO UPDATE SET aggregate_id = excluded.aggregate_id
                 WHERE claims.aggregate_id = excluded.aggregate_id",
            &rows.iter().map(|((tenant, ..), _)| tenant.uuid()).collect::<Vec<_>>(),
            &rows.iter().map(|((_, kind, _), _)| *kind).collect::<Vec<_>>() as &[&str],
            &rows.iter().map(|((.., value), _)| value.as_str()).collect::<Vec<_>>() as &[&str],
            &rows.iter().map(|(_, owner)| owner.as_str()).collect::<Vec<_>>() as &[&str],
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}
