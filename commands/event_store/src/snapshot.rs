//! Loading an aggregate: its latest snapshot and the events since, in one statement; a long tail leaves a new snapshot.

use draxis_domain::{EventSet, Root, Sequence, TenantId};
use futures_util::TryStreamExt;
use sqlx::PgPool;

use crate::tenant_tx::TenantTx;

/// How many events may stand behind a snapshot before another one is worth its write.
const TAIL: usize = 256;

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

/// Loads the aggregate from the log; an id without events is the aggregate's absent state at sequence 0.
pub(crate) async fn load<A: Root>(
    pool: &PgPool,
    tenant: TenantId,
    id: &str,
) -> Result<(Sequence, A), LoadError> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    let Folded { sequence, aggregate, tail } = match fold::<A>(&mut transaction, id, SHAPE).await {
        // A program of another time wrote the snapshot: the events say the same at greater length.
        Err(LoadError::Snapshot(_)) => fold(&mut transaction, id, NO_SHAPE).await?,
        folded => folded?,
    };
    if tail > TAIL {
        save(&mut transaction, id, sequence, &aggregate).await?;
        transaction.commit().await?;
    }
    Ok((sequence, aggregate))
}

/// An aggregate, and how many events stood behind the snapshot it began with.
struct Folded<A> {
    sequence: Sequence,
    aggregate: A,
    tail: usize,
}

async fn fold<A: Root>(transaction: &mut TenantTx, id: &str, shape: i32) -> Result<Folded<A>, LoadError> {
    let tenant = transaction.tenant().uuid();
    let mut rows = sqlx::query!(
        r#"WITH latest AS (SELECT sequence, state FROM snapshots
                           WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND shape = $4)
           SELECT sequence AS "sequence!", NULL AS event_type, 0 AS "version!", state::text AS "body!" FROM latest
           UNION ALL
           SELECT sequence, event_type, event_version, payload::text FROM events
           WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3
             AND sequence > coalesce((SELECT sequence FROM latest), 0)"#,
        tenant,
        A::TYPE,
        id,
        shape
    )
    .fetch(&mut **transaction);
    let (mut sequence, mut aggregate) = (Sequence::START, A::default());
    let mut events: Vec<(Sequence, A::Event)> = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let place = Sequence::from_i64(row.sequence);
        match row.event_type {
            None => (sequence, aggregate) = (place, serde_json::from_str(&row.body)?),
            Some(event_type) => {
                let version = u16::try_from(row.version).unwrap_or_default();
                events.push((place, A::Event::decode(&event_type, version, &row.body)?));
            }
        }
    }
    // Read while the database is still sending them, in whatever order, and put in order here: to it, sorting long rows
    // costs more than everything else.
    events.sort_by_key(|(place, _)| *place);
    let tail = events.len();
    for (place, event) in events {
        sequence = place;
        aggregate.apply(event);
    }
    Ok(Folded { sequence, aggregate, tail })
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
