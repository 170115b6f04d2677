//! What a batch stands on, looked up under the locked heads: sequences, receipts, names, and what has overtaken a decision.

use std::collections::{BTreeMap, BTreeSet};

use draxis_domain::{Claim, Position, Sequence, TenantId};
use sqlx::PgConnection;

use crate::append::Unless;
use crate::receipt::Answered;
use crate::writer::batch::Batch;
use crate::writer::batch::columns::KeyColumns;
use crate::writer::judge::Standing;
use crate::writer::sequences::Sequences;

impl Batch<'_> {
    /// Everything that judging needs to know besides the heads.
    pub(super) async fn look_up(
        &self,
        connection: &mut PgConnection,
        standing: &mut Standing,
        remembered: &Sequences,
    ) -> Result<(), sqlx::Error> {
        self.find_sequences(connection, standing, remembered).await?;
        self.find_receipts(connection, standing).await?;
        self.find_claims(connection, standing).await?;
        self.find_overtaken(connection, standing, remembered).await
    }

    async fn find_sequences(
        &self,
        connection: &mut PgConnection,
        standing: &mut Standing,
        remembered: &Sequences,
    ) -> Result<(), sqlx::Error> {
        let mut unknown = BTreeSet::new();
        for (tenant, decision) in self.decisions() {
            let aggregate = decision.aggregate();
            let head = standing.heads.get(&tenant).map_or(Position::START, |head| head.position);
            match remembered.recall(tenant, head, &aggregate) {
                Some(sequence) => {
                    standing.sequences.insert((tenant, aggregate), sequence);
                }
                // A stream without events has no aggregates.
                None if head == Position::START => {}
                None => {
                    unknown.insert((tenant, aggregate));
                }
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let tenants: Vec<_> = unknown.iter().map(|(tenant, _)| tenant.uuid()).collect();
        let types: Vec<String> = unknown.iter().map(|(_, (kind, _))| (*kind).to_owned()).collect();
        let ids: Vec<String> = unknown.iter().map(|(_, (_, id))| id.clone()).collect();
        let found = sqlx::query_scalar!(
            r#"SELECT coalesce((SELECT max(e.sequence) FROM events AS e
                                WHERE e.tenant_id = a.tenant_id AND e.aggregate_type = a.aggregate_type
                                  AND e.aggregate_id = a.aggregate_id), 0) AS "sequence!"
               FROM unnest($1::uuid[], $2::text[], $3::text[])
                    WITH ORDINALITY AS a (tenant_id, aggregate_type, aggregate_id, place)
               ORDER BY a.place"#,
            &tenants,
            &types,
            &ids
        )
        .fetch_all(connection)
        .await?;
        standing.sequences.extend(unknown.into_iter().zip(found.into_iter().map(Sequence::from_i64)));
        Ok(())
    }

    async fn find_receipts(
        &self,
        connection: &mut PgConnection,
        standing: &mut Standing,
    ) -> Result<(), sqlx::Error> {
        let KeyColumns { tenants, callers, keys } = self.keys();
        if keys.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query!(
            "SELECT k.tenant_id, k.caller, k.key, k.request_hash, k.status, k.answer, k.version, k.position
             FROM unnest($1::uuid[], $2::text[], $3::text[]) AS a (tenant_id, caller, key)
             JOIN idempotency_keys AS k ON k.tenant_id = a.tenant_id AND k.caller = a.caller AND k.key = a.key",
            &tenants,
            &callers,
            &keys
        )
        .fetch_all(connection)
        .await?;
        for row in rows {
            let answered =
                Answered::from_columns(&row.request_hash, row.status, row.answer, row.version, row.position);
            standing.receipts.insert((row.tenant_id.into(), row.caller, row.key), answered);
        }
        Ok(())
    }

    async fn find_claims(
        &self,
        connection: &mut PgConnection,
        standing: &mut Standing,
    ) -> Result<(), sqlx::Error> {
        let mut asked: BTreeMap<(TenantId, String), BTreeSet<&'static str>> = BTreeMap::new();
        for (tenant, decision) in self.decisions() {
            for claim in &decision.claims {
                let (Claim::Take(name) | Claim::Release(name)) = claim;
                asked.entry((tenant, name.value.clone())).or_default().insert(name.kind);
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let names = || asked.iter().flat_map(|(name, kinds)| kinds.iter().map(move |kind| (name, *kind)));
        let tenants: Vec<_> = names().map(|((tenant, _), _)| tenant.uuid()).collect();
        let kinds: Vec<String> = names().map(|(_, kind)| kind.to_owned()).collect();
        let values: Vec<String> = names().map(|((_, value), _)| value.clone()).collect();
        let rows = sqlx::query!(
            "SELECT c.tenant_id, c.kind, c.value, c.aggregate_id
             FROM unnest($1::uuid[], $2::text[], $3::text[]) AS a (tenant_id, kind, value)
             JOIN claims AS c ON c.tenant_id = a.tenant_id AND c.kind = a.kind AND c.value = a.value",
            &tenants,
            &kinds,
            &values
        )
        .fetch_all(connection)
        .await?;
        for row in rows {
            let name = (TenantId::from(row.tenant_id), row.value);
            let kind = asked.get(&name).and_then(|kinds| kinds.iter().find(|kind| **kind == row.kind));
            if let Some(kind) = kind {
                standing.claims.insert((name.0, kind, name.1), row.aggregate_id);
            }
        }
        Ok(())
    }

    /// Asked for one by one, where it is not remembered: few decisions stand on more than their own aggregate.
    async fn find_overtaken(
        &self,
        connection: &mut PgConnection,
        standing: &mut Standing,
        remembered: &Sequences,
    ) -> Result<(), sqlx::Error> {
        for append in self.appends() {
            let Some(unless) = append.unless else { continue };
            let head = standing.heads.get(&append.tenant).map_or(Position::START, |head| head.position);
            let overtaken = match remembered.overtaken(append.tenant, head, unless) {
                Some(overtaken) => overtaken,
                None => is_overtaken(connection, append.tenant, unless).await?,
            };
            if overtaken {
                standing.overtaken.insert((append.tenant, unless));
            }
        }
        Ok(())
    }
}

async fn is_overtaken(
    connection: &mut PgConnection,
    tenant: TenantId,
    unless: Unless,
) -> Result<bool, sqlx::Error> {
    let names: Vec<String> = unless.events.iter().map(|name| (*name).to_owned()).collect();
    sqlx::query_scalar!(
        r#"SELECT coalesce((SELECT true FROM events WHERE tenant_id = $1 AND position > $2 AND event_type = ANY($3)
                            ORDER BY position LIMIT 1), false) AS "overtaken!""#,
        tenant.uuid(),
        unless.since.as_i64(),
        &names
    )
    .fetch_one(connection)
    .await
}
