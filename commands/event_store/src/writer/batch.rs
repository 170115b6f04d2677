//! One transaction: lock the heads, look up what the commands stand on, judge, insert everything with one statement.

mod insert;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use draxis_domain::{Claim, Position, Sequence, TenantId};
use futures_util::future::BoxFuture;
use sqlx::postgres::PgRow;
use sqlx::{Executor, PgConnection, Row};

use crate::append::{Append, AppendError, Appended};
use crate::clock::Clock;
use crate::receipt::Answered;
use crate::writer::judge::{Head, Judgement, Standing};
use crate::writer::queue::Pending;
use crate::writer::sequences::Sequences;

/// Why a whole batch was not committed.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    /// Nothing was sent for commit: repeating it is safe.
    #[error("the batch could not be written")]
    NotBegun(#[source] sqlx::Error),
    /// The database refused it: one of the commands is guilty.
    #[error("the database refused the batch")]
    Refused(#[source] sqlx::Error),
    /// The commit was under way.
    #[error("the connection broke during the commit")]
    Unknown(#[source] sqlx::Error),
}

impl BatchError {
    /// Whether the database itself said no, so that trying each command alone finds the guilty one.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// What each command of the batch is told.
    pub(super) const fn for_caller(&self) -> AppendError {
        match self {
            Self::NotBegun(_) => AppendError::Overloaded,
            Self::Refused(_) => AppendError::Refused,
            Self::Unknown(_) => AppendError::Unknown,
        }
    }

    fn before_commit(error: sqlx::Error) -> Self {
        // Class 57 and 53 are the server's own trouble (shut down, timed out, full), 40 a lost race between transactions.
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let own_trouble =
            code.is_none_or(|code| ["57", "53", "40", "55"].iter().any(|class| code.starts_with(class)));
        if own_trouble { Self::NotBegun(error) } else { Self::Refused(error) }
    }
}

/// What a committed batch did.
pub(super) struct Outcome {
    pub(super) results: Vec<Result<Appended, AppendError>>,
    pub(super) heads: BTreeMap<TenantId, Position>,
}

/// Commands about to be committed together.
pub(super) struct Batch<'a> {
    clock: &'a dyn Clock,
    pending: &'a [Pending],
    committing: AtomicBool,
}

impl<'a> Batch<'a> {
    pub(super) const fn new(clock: &'a dyn Clock, pending: &'a [Pending]) -> Self {
        Self { clock, pending, committing: AtomicBool::new(false) }
    }

    /// What it means that the batch was given up where it stood, because the database took too long.
    pub(super) fn given_up(&self) -> BatchError {
        let slow = sqlx::Error::PoolTimedOut;
        if self.committing.load(Ordering::Relaxed) {
            BatchError::Unknown(slow)
        } else {
            BatchError::NotBegun(slow)
        }
    }

    pub(super) async fn commit(
        &self,
        connection: &mut PgConnection,
        remembered: &mut Sequences,
    ) -> Result<Outcome, BatchError> {
        let written = self.write(connection, remembered).await;
        if let Err(BatchError::Refused(_)) = &written {
            // The connection stays in use; where even this fails, its next use does.
            drop(simply(connection, "ROLLBACK").await);
        }
        written
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        remembered: &mut Sequences,
    ) -> Result<Outcome, BatchError> {
        let tenants: BTreeSet<TenantId> = self.appends().map(|append| append.tenant).collect();
        let (before, standing, judgement) =
            self.judge(connection, &tenants, remembered).await.map_err(BatchError::before_commit)?;
        insert::insert(connection, &standing, &judgement).await.map_err(BatchError::before_commit)?;
        self.committing.store(true, Ordering::Relaxed);
        simply(connection, "COMMIT").await.map_err(BatchError::Unknown)?;
        let heads = note_heads(&before, standing, remembered);
        Ok(Outcome { results: judgement.results, heads })
    }

    fn appends(&self) -> impl Iterator<Item = &Append> {
        self.pending.iter().map(|pending| &pending.append)
    }

    async fn judge(
        &self,
        connection: &mut PgConnection,
        tenants: &BTreeSet<TenantId>,
        remembered: &Sequences,
    ) -> Result<(BTreeMap<TenantId, Head>, Standing, Judgement), sqlx::Error> {
        let heads = lock_heads(connection, tenants).await?;
        let mut standing = Standing { heads: heads.clone(), ..Standing::default() };
        self.find_sequences(connection, &mut standing, remembered).await?;
        self.find_receipts(connection, &mut standing).await?;
        self.find_claims(connection, &mut standing).await?;
        self.find_overtaken(connection, &mut standing).await?;
        // Read under the lock, so that a wait for it does not make events look older than they are.
        let now = self.clock.now();
        let mut judgement = Judgement::default();
        for append in self.appends() {
            standing.judge(append, now, &mut judgement);
        }
        Ok((heads, standing, judgement))
    }

    async fn find_sequences(
        &self,
        connection: &mut PgConnection,
        standing: &mut Standing,
        remembered: &Sequences,
    ) -> Result<(), sqlx::Error> {
        let mut unknown = BTreeSet::new();
        for append in self.appends() {
            let aggregate = (append.aggregate_type, append.aggregate_id.clone());
            let head = standing.heads.get(&append.tenant).map_or(Position::START, |head| head.position);
            match remembered.recall(append.tenant, head, &aggregate) {
                Some(sequence) => {
                    standing.sequences.insert((append.tenant, aggregate), sequence);
                }
                // A stream without events has no aggregates.
                None if head == Position::START => {}
                None => {
                    unknown.insert((append.tenant, aggregate));
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
        let keyed: Vec<_> = self
            .appends()
            .filter_map(|append| append.receipt.as_ref().map(|receipt| (append.tenant, receipt)))
            .collect();
        if keyed.is_empty() {
            return Ok(());
        }
        let tenants: Vec<_> = keyed.iter().map(|(tenant, _)| tenant.uuid()).collect();
        let callers: Vec<String> = keyed.iter().map(|(_, receipt)| receipt.caller.clone()).collect();
        let keys: Vec<String> = keyed.iter().map(|(_, receipt)| receipt.key.clone()).collect();
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
        for append in self.appends() {
            for claim in &append.claims {
                let (Claim::Take(name) | Claim::Release(name)) = claim;
                asked.entry((append.tenant, name.value.clone())).or_default().insert(name.kind);
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

    /// Asked for one by one: few decisions stand on more than their own aggregate.
    async fn find_overtaken(
        &self,
        connection: &mut PgConnection,
        standing: &mut Standing,
    ) -> Result<(), sqlx::Error> {
        for append in self.appends() {
            let Some(unless) = append.unless else { continue };
            let names: Vec<String> = unless.events.iter().map(|name| (*name).to_owned()).collect();
            let overtaken = sqlx::query_scalar!(
                r#"SELECT EXISTS (SELECT FROM events WHERE tenant_id = $1 AND position > $2 AND event_type = ANY($3))
                          AS "overtaken!""#,
                append.tenant.uuid(),
                unless.since.as_i64(),
                &names
            )
            .fetch_one(&mut *connection)
            .await?;
            if overtaken {
                standing.overtaken.insert((append.tenant, unless));
            }
        }
        Ok(())
    }
}

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

/// Begins the transaction and locks the heads in one round trip; makes those that are missing.
async fn lock_heads(
    connection: &mut PgConnection,
    tenants: &BTreeSet<TenantId>,
) -> Result<BTreeMap<TenantId, Head>, sqlx::Error> {
    // The transaction names exactly the batch's tenants, and the writer role's policies admit those only. The text is
    // rendered from typed ids, in this one place (see `TenantTx`).
    let ids: Vec<String> = tenants.iter().map(|tenant| tenant.uuid().to_string()).collect();
    let ids = ids.join(",");
    let lock = format!("EXECUTE lock_heads ('{{{ids}}}')");
    let begin = format!("BEGIN; SET LOCAL draxis.tenant_ids = '{ids}'; {lock}");
    let heads = select_heads(connection, &begin).await?;
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

fn note_heads(
    before: &BTreeMap<TenantId, Head>,
    standing: Standing,
    remembered: &mut Sequences,
) -> BTreeMap<TenantId, Position> {
    let mut by_tenant: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
    for ((tenant, aggregate), sequence) in standing.sequences {
        by_tenant.entry(tenant).or_default().push((aggregate, sequence));
    }
    let mut moved = BTreeMap::new();
    for (tenant, head) in standing.heads {
        let was = before.get(&tenant).map_or(Position::START, |head| head.position);
        let sequences = by_tenant.remove(&tenant).unwrap_or_default();
        remembered.remember(tenant, (was, head.position), sequences.into_iter());
        if head.position != was {
            moved.insert(tenant, head.position);
        }
    }
    moved
}
