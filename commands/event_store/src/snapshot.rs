//! Loading an aggregate: what is known of it, or its latest snapshot, and the events since, in one statement, or two where they
//! are many; a long tail leaves a new snapshot.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use draxis_domain::{EventSet, Root, Sequence, TenantId};
use futures_util::TryStreamExt;
use sqlx::PgPool;

use crate::copy::fields::Fields;
use crate::tenant_tx::TenantTx;

/// How many events may stand behind a snapshot before another one is worth its write.
const TAIL: usize = 64;

/// The form that snapshots have today; another one is passed over and the events are read from the first.
const SHAPE: i32 = 1;

/// The form that no snapshot has: all events are read.
const NO_SHAPE: i32 = 0;

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The database did not answer.
    #[error("the aggregate's events could not be read")]
    Database(#[from] sqlx::Error),
    /// A stored event does not read back.
    #[error("a stored event could not be understood")]
    Event(#[from] draxis_domain::DecodeError),
    /// The state could not be written as a snapshot.
    #[error("the aggregate could not be written as a snapshot")]
    Snapshot(#[from] serde_json::Error),
}

/// Loads the aggregate from the log: from where it is known on, since what was recorded never changes. An id without events is
/// the aggregate's absent state at sequence 0.
pub(crate) async fn load<A: Root>(
    pool: &PgPool,
    tenant: TenantId,
    id: &str,
    known: Option<(Sequence, A)>,
) -> Result<(Sequence, A), LoadError> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    let known = known.unwrap_or_else(nothing);
    let Folded { sequence, aggregate, tail, .. } = match fold(&mut transaction, id, (SHAPE, known)).await {
        // A program of another time wrote the snapshot: the events say the same at greater length.
        Err(LoadError::Snapshot(_)) => fold(&mut transaction, id, (NO_SHAPE, nothing())).await?,
        folded => folded?,
    };
    if tail > TAIL {
        save(&mut transaction, id, sequence, &aggregate).await?;
        transaction.commit().await?;
    }
    Ok((sequence, aggregate))
}

/// An aggregate before its first event.
fn nothing<A: Root>() -> (Sequence, A) {
    (Sequence::START, A::default())
}

/// How many events are asked for together with the snapshot; those behind them are copied out.
const FIRST: usize = 512;

/// An aggregate, and how many events stood behind the snapshot it began with.
struct Folded<A: Root> {
    sequence: Sequence,
    aggregate: A,
    tail: usize,
    /// Events that came before those that go before them. To the database, putting long rows in order costs more than all
    /// the rest; they lie nearly in order by themselves.
    early: BTreeMap<Sequence, A::Event>,
}

impl<A: Root> Folded<A> {
    fn take(&mut self, place: Sequence, event: A::Event) {
        self.tail = self.tail.saturating_add(1);
        if place != self.sequence.next() {
            self.early.insert(place, event);
            return;
        }
        self.apply(place, event);
        while let Some(next) = self.early.remove(&self.sequence.next()) {
            self.apply(self.sequence.next(), next);
        }
    }

    fn apply(&mut self, place: Sequence, event: A::Event) {
        self.sequence = place;
        self.aggregate.apply(event);
    }

    /// What is left waits for an event that is not there, which only tampering brings about, and which verifying names.
    fn end(mut self) -> Self {
        for (place, event) in std::mem::take(&mut self.early) {
            self.apply(place, event);
        }
        self
    }
}

/// Folds what stands behind what is known, or behind the snapshot of that shape where that one is further on: what is known may be
/// of long ago, and another process have gone on since.
async fn fold<A: Root>(
    transaction: &mut TenantTx,
    id: &str,
    (shape, (sequence, aggregate)): (i32, (Sequence, A)),
) -> Result<Folded<A>, LoadError> {
    let tenant = transaction.tenant().uuid();
    // The place after which events are read is a whole subquery: behind row-level security Postgres looks for nothing else than a
    // bare value in the index, and would read all of the aggregate's events to pass over those that are known.
    let mut rows = sqlx::query!(
        r#"WITH latest AS (SELECT sequence, state FROM snapshots
                           WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND shape = $4 AND sequence > $5)
           SELECT sequence AS "sequence!", NULL AS event_type, 0 AS "version!", state::text AS "body!" FROM latest
           UNION ALL
           (SELECT sequence, event_type, event_version, payload::text FROM events
            WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3
              AND sequence > (SELECT coalesce(max(sequence), $5) FROM latest)
            ORDER BY sequence LIMIT $6)"#,
        tenant,
        A::TYPE,
        id,
        shape,
        sequence.as_i64(),
        i64::try_from(FIRST).unwrap_or(i64::MAX)
    )
    .fetch(&mut **transaction);
    let mut folded = Folded { sequence, aggregate, tail: 0, early: BTreeMap::new() };
    while let Some(row) = rows.try_next().await? {
        let place = Sequence::from_i64(row.sequence);
        match row.event_type {
            None => (folded.sequence, folded.aggregate) = (place, serde_json::from_str(&row.body)?),
            Some(event_type) => {
                let version = u16::try_from(row.version).unwrap_or_default();
                folded.take(place, A::Event::decode(&event_type, version, &row.body)?);
            }
        }
    }
    drop(rows);
    if folded.tail >= FIRST {
        fold_rest(transaction, id, &mut folded).await?;
    }
    Ok(folded.end())
}

/// Folds all events behind those that were folded, as many as there are, read where they lie in what the database sends.
async fn fold_rest<A: Root>(
    transaction: &mut TenantTx,
    id: &str,
    folded: &mut Folded<A>,
) -> Result<(), LoadError> {
    // COPY takes no parameters: the text is rendered from a typed id, a constant, a number, and the aggregate's id in
    // hexadecimal, so that no character of it can mean anything.
    let copy = format!(
        "COPY (SELECT sequence, event_type, event_version, payload FROM events
               WHERE tenant_id = '{}' AND aggregate_type = '{}'
                 AND aggregate_id = convert_from(decode('{}', 'hex'), 'UTF8') AND sequence > {}) TO STDOUT (FORMAT binary)",
        transaction.tenant().uuid(),
        A::TYPE,
        HEXLOWER.encode(id.as_bytes()),
        folded.sequence.as_i64(),
    );
    transaction
        .copy_out(&copy, |row| {
            let mut fields = Fields::of(&row, 4)?;
            let place = Sequence::from_i64(fields.bigint()?);
            let event_type = fields.text()?;
            let version = u16::try_from(fields.integer()?).unwrap_or_default();
            folded.take(place, A::Event::decode(event_type, version, fields.text()?)?);
            Ok(fields.end()?)
        })
        .await
}

async fn save<A: Root>(
    transaction: &mut TenantTx,
    id: &str,
    sequence: Sequence,
    aggregate: &A,
) -> Result<(), LoadError> {
    let tenant = transaction.tenant().uuid();
    let state = serde_json::to_string(aggregate)?;
    sqlx::query!(
        "INSERT INTO snapshots (tenant_id, aggregate_type, aggregate_id, sequence, shape, state)
         VALUES ($1, $2, $3, $4, $5, $6::text::json)
         ON CONFLICT ON CONSTRAINT snapshots_pk DO UPDATE
             SET sequence = excluded.sequence, shape = excluded.shape, state = excluded.state
             WHERE snapshots.sequence <= excluded.sequence OR snapshots.shape <> excluded.shape",
        tenant,
        A::TYPE,
        id,
        sequence.as_i64(),
        SHAPE,
        state
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
