//! The platform's stream, written by postgres-es as published through the view `cqrs_events`.

use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::persist::{EventStoreAggregateContext, PersistedEventStore};
use cqrs_es::{AggregateContext, AggregateError, EventEnvelope, EventStore};
use data_encoding::HEXLOWER;
use draxis_domain::{Rejection, Root, TenantId};
use postgres_es::PostgresEventRepository;
use serde::Serialize;
use sqlx::PgPool;

use crate::append::AppendError;
use crate::metadata::CqrsMetadata;
use crate::repository::{CommandKey, Respond};
use crate::{Answer, Committed, Pools, is_out_of_reach};

/// cqrs-es's own event store over postgres-es, for one command on one stream. What the trigger behind the view must know
/// besides the events (names to claim, the receipt) travels in the metadata, and the trigger takes it out again.
pub struct PlatformRepository<A: Root> {
    inner: PersistedEventStore<PostgresEventRepository, A>,
    bound: PgPool,
    readers: PgPool,
    stream: TenantId,
    key: Option<CommandKey>,
    respond: Respond<A>,
    committed: Arc<Mutex<Option<Committed>>>,
}

/// What goes into the key's row.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptForTrigger<'a> {
    caller: &'a str,
    key: &'a str,
    request_hash: String,
    status: u16,
    answer: String,
    version: Option<u64>,
    events: usize,
}

impl<A: Root> PlatformRepository<A> {
    /// A store for one attempt at a command on the platform's stream.
    pub fn new(pools: &Pools, key: Option<CommandKey>, respond: Respond<A>) -> Self {
        Self::on_stream(&pools.platform_stream, &pools.app, TenantId::PLATFORM, key, respond)
    }

    /// The same on any stream, over a pool bound to it (`Database::stream_pool`): how the two writers are compared.
    pub fn on_stream(
        pool: &PgPool,
        readers: &PgPool,
        stream: TenantId,
        key: Option<CommandKey>,
        respond: Respond<A>,
    ) -> Self {
        // The view has no snapshots; none are asked for by an event store.
        let repository = PostgresEventRepository::new(pool.clone()).with_tables("cqrs_events", "snapshots");
        let inner = PersistedEventStore::new_event_store(repository);
        Self {
            inner,
            bound: pool.clone(),
            readers: readers.clone(),
            stream,
            key,
            respond,
            committed: Arc::default(),
        }
    }

    /// Where the outcome appears once the command has been committed.
    pub fn outcome(&self) -> crate::repository::Outcome {
        crate::repository::Outcome::over(&self.committed)
    }

    /// A command without events reaches no trigger, so its key's row is written here.
    async fn keep_receipt(&self, answer: &Answer) -> Result<(), AggregateError<Rejection>> {
        let Some(CommandKey { caller, key, request }) = &self.key else { return Ok(()) };
        let kept = sqlx::query!(
            "INSERT INTO idempotency_keys (tenant_id, caller, key, request_hash, status, answer, version, position, recorded_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, coalesce(max(h.position), 0), greatest(clock_timestamp(), max(h.recorded_at))
             FROM stream_heads AS h WHERE h.tenant_id = $1 HAVING hold_key($1, $2, $3)
             ON CONFLICT DO NOTHING",
            self.stream.uuid(),
            caller,
            key,
            request.0.as_slice(),
            i16::try_from(answer.status).unwrap_or(500),
            answer.body,
            answer.version.and_then(|version| i64::try_from(version).ok())
        )
        .execute(&self.bound)
        .await
        .map_err(|error| told_apart(AggregateError::UnexpectedError(Box::new(error))))?;
        // Another process was first under this key, or is at it: what it answered is found at one of the next turns.
        if kept.rows_affected() == 0 { Err(AggregateError::AggregateConflict) } else { Ok(()) }
    }

    fn instruct(
        &self,
        events: &[A::Event],
        answer: &Answer,
        metadata: &mut CqrsMetadata,
    ) -> Result<(), serde_json::Error> {
        let claims: Vec<_> = events.iter().flat_map(A::claims).collect();
        if !claims.is_empty() {
            metadata.insert("claims".to_owned(), serde_json::to_string(&claims)?);
        }
        if let Some(CommandKey { caller, key, request }) = &self.key {
            let receipt = ReceiptForTrigger {
                caller,
                key,
                request_hash: HEXLOWER.encode(&request.0),
                status: answer.status,
                answer: HEXLOWER.encode(&answer.body),
                version: answer.version,
                events: events.len(),
            };
            metadata.insert("receipt".to_owned(), serde_json::to_string(&receipt)?);
        }
        Ok(())
    }
}

impl<A: Root> EventStore<A> for PlatformRepository<A> {
    type AC = EventStoreAggregateContext<A>;

    async fn load_events(&self, id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<Rejection>> {
        self.inner.load_events(id).await
    }

    async fn load_aggregate(&self, id: &str) -> Result<Self::AC, AggregateError<Rejection>> {
        self.inner.load_aggregate(id).await
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        mut context: Self::AC,
        mut metadata: CqrsMetadata,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<Rejection>> {
        let answer = (self.respond)(context.aggregate());
        self.instruct(&events, &answer, &mut metadata)
            .map_err(|error| AggregateError::UnexpectedError(Box::new(error)))?;
        let envelopes = if events.is_empty() {
            self.keep_receipt(&answer).await?;
            Vec::new()
        } else {
            self.inner.commit(events, context, metadata).await.map_err(told_apart)?
        };
        let position = crate::read::head(&self.readers, self.stream).await.map_err(|error| {
            match envelopes.as_slice() {
                [] => AggregateError::DatabaseConnectionError(Box::new(error)),
                // They stand in the stream; only where is not known.
                [..] => unknown(),
            }
        })?;
        let done = Committed { position, answer, events: Vec::new(), repeated: false };
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        Ok(envelopes)
    }
}

/// Whether the commit holds is not known here. The same idempotency key finds out.
fn unknown() -> AggregateError<Rejection> {
    AggregateError::UnexpectedError(Box::new(AppendError::Unknown))
}

/// postgres-es takes any unique violation for a lost race; the trigger's own refusals bear codes of their own. Where the wire
/// broke or the server went down, the commit may have been under way.
fn told_apart(error: AggregateError<Rejection>) -> AggregateError<Rejection> {
    let inner = match error {
        AggregateError::DatabaseConnectionError(_) => return unknown(),
        AggregateError::UnexpectedError(inner) => inner,
        AggregateError::UserError(_)
        | AggregateError::AggregateConflict
        | AggregateError::DeserializationError(_) => return error,
    };
    // Without a connection nothing was begun.
    let without = |error: &sqlx::Error| matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed);
    if inner.downcast_ref::<sqlx::Error>().is_some_and(|error| is_out_of_reach(error) && !without(error)) {
        return unknown();
    }
    let refusal =
        inner.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error).and_then(|refused| {
            match refused.code().as_deref() {
                Some("DX001") => Some(AggregateError::UserError(Rejection::Taken {
                    kind: claimed_kind(refused.message()),
                })),
                Some("DX002") => Some(AggregateError::UnexpectedError(Box::new(AppendError::Conflict))),
                Some("DX003") => Some(AggregateError::UnexpectedError(Box::new(AppendError::InFlight))),
                Some(_) | None => None,
            }
        });
    refusal.unwrap_or(AggregateError::UnexpectedError(inner))
}

/// The kind of name that was taken, from the trigger's message.
fn claimed_kind(message: &str) -> &'static str {
    use draxis_domain::{account::Account, kri::Kri, tenant::Tenant};

    [Tenant::SLUG, Account::FIRST, Account::SUPERADMIN_REMOVAL, Kri::SLUG_CLAIM]
        .into_iter()
        .find(|kind| *kind == message)
        .unwrap_or("name")
}
