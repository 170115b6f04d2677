//! cqrs-es's event store over a tenant's stream: loads from cache, snapshot and events, commits through the writer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cqrs_es::{AggregateContext, AggregateError, EventEnvelope, EventStore};
use draxis_domain::{EventId, Metadata, Position, Rejection, Root, Sequence, TenantId};

use crate::append::{Append, AppendError, Appended, Decision, Unless};
use crate::companion::{Accompany, numbered};
use crate::metadata::CqrsMetadata;
use crate::receipt::{Answer, Receipt, RequestHash};
use crate::snapshot::{self, LoadError};
use crate::tenant_log::TenantLog;

/// A command's key, before its answer is known.
#[derive(Debug, Clone)]
pub struct CommandKey {
    /// Who asks.
    pub caller: String,
    /// The `Idempotency-Key`.
    pub key: String,
    /// What is asked.
    pub request: RequestHash,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The position a later query must see.
    pub position: Position,
    /// The answer to give.
    pub answer: Answer,
    /// The ids of the events appended, in order; none where nothing was new.
    pub events: Vec<EventId>,
    /// Whether the same command had been answered before.
    pub repeated: bool,
}

/// How a command's answer is made of the state it leaves, before it is known to hold.
pub type Respond<A> = Box<dyn Fn(&A) -> Answer + Send + Sync>;

/// cqrs-es's [`EventStore`] for one command on one tenant's stream.
pub struct TenantEventRepository<A: Root> {
    log: TenantLog,
    tenant: TenantId,
    key: Option<CommandKey>,
    respond: Respond<A>,
    cache: CacheUse,
    unless: Option<Unless>,
    accompany: Option<Accompany<A>>,
    committed: Arc<Mutex<Option<Committed>>>,
}

/// An aggregate as loaded for a command.
pub struct Loaded<A> {
    id: String,
    aggregate: A,
    sequence: Sequence,
    cached: bool,
}

impl<A: Root> AggregateContext<A> for Loaded<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl<A: Root + 'static> TenantEventRepository<A> {
    /// A store for one attempt at a command.
    pub fn new(
        log: &TenantLog,
        tenant: TenantId,
        key: Option<CommandKey>,
        respond: Respond<A>,
        cache: CacheUse,
    ) -> Self {
        let (log, committed) = (log.clone(), Arc::default());
        Self { log, tenant, key, respond, cache, unless: None, accompany: None, committed }
    }

    /// The same for a decision that events of other aggregates could overtake.
    #[must_use]
    pub fn unless(self, unless: Option<Unless>) -> Self {
        Self { unless, ..self }
    }

    /// The same where another aggregate may begin with what is decided. It is taken for one without events: where it is not, that
    /// is a conflict, and nothing is recorded of either.
    #[must_use]
    pub fn accompanied(self, accompany: Option<Accompany<A>>) -> Self {
        Self { accompany, ..self }
    }

    /// Where the outcome appears once the command has been committed.
    pub fn outcome(&self) -> Outcome {
        Outcome::over(&self.committed)
    }

    fn answer(&self, aggregate: &A) -> Answer {
        (self.respond)(aggregate)
    }

    async fn append(
        &self,
        loaded: &Loaded<A>,
        events: &[A::Event],
        metadata: &CqrsMetadata,
    ) -> Result<Committed, AggregateError<Rejection>> {
        let (new, asked_at) = (numbered(self.log.ids.as_ref(), events).map_err(unexpected)?, Instant::now());
        let ids: Vec<EventId> = new.iter().map(|event| event.event_id).collect();
        let companion = self.accompany.as_ref().map_or(Ok(None), |accompany| accompany(events, &ids))?;
        let answer = self.answer(&loaded.aggregate);
        let receipt = self.key.clone().map(|CommandKey { caller, key, request }| Receipt {
            caller,
            key,
            request,
            answer: answer.clone(),
        });
        let own = Decision {
            aggregate_type: A::TYPE,
            aggregate_id: loaded.id.clone(),
            expected: loaded.sequence,
            events: new,
            claims: events.iter().flat_map(A::claims).collect(),
            metadata: ordered(metadata)?,
        };
        let besides = companion.iter().map(|companion| companion.decision.clone());
        let decisions = std::iter::once(own).chain(besides).collect();
        let append = Append { tenant: self.tenant, decisions, receipt, unless: self.unless };
        match self.log.writer.append(append).await {
            Ok(Appended::Recorded { position, .. }) => {
                self.log.heads.reached(self.tenant, position);
                if let Some(companion) = companion {
                    self.log.cache.put_companion(self.tenant, companion, asked_at);
                }
                Ok(Committed { position, answer, events: ids, repeated: false })
            }
            Ok(Appended::Repeated(before)) => Ok(Committed {
                position: before.position,
                answer: before.answer,
                events: Vec::new(),
                repeated: true,
            }),
            Err(AppendError::Conflict) => Err(AggregateError::AggregateConflict),
            Err(AppendError::Taken(kind)) => Err(AggregateError::UserError(Rejection::Taken { kind })),
            Err(error) => Err(unexpected(error)),
        }
    }

    /// A command without news and without a key writes nothing, but its answer still carries the position it speaks of.
    async fn nothing_new(&self, loaded: &Loaded<A>) -> Result<Committed, AggregateError<Rejection>> {
        let position = crate::read::head(&self.log.pools.app, self.tenant)
            .await
            .map_err(|error| AggregateError::DatabaseConnectionError(Box::new(error)))?;
        let answer = self.answer(&loaded.aggregate);
        Ok(Committed { position, answer, events: Vec::new(), repeated: false })
    }
}

/// What a command may be decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// A cached state. The append's check makes a stale one harmless.
    Trusted,
    /// A cached state and what was recorded since: the last attempt was overtaken.
    LoadedOn,
    /// The log alone, and the cache forgets: should it know of what is not there, as after a database was set back, nothing
    /// else would come to anything.
    Bypassed,
}

/// Where a command's outcome appears.
pub struct Outcome(Arc<Mutex<Option<Committed>>>);

impl Outcome {
    pub(crate) fn over(committed: &Arc<Mutex<Option<Committed>>>) -> Self {
        Self(Arc::clone(committed))
    }

    /// The outcome, once there is one.
    pub fn take(&self) -> Option<Committed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<A: Root + 'static> EventStore<A> for TenantEventRepository<A> {
    type AC = Loaded<A>;

    async fn load_events(&self, id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<Rejection>> {
        crate::read::envelopes::<A>(&self.log.pools.app, self.tenant, id).await.map_err(unreadable)
    }

    async fn load_aggregate(&self, id: &str) -> Result<Loaded<A>, AggregateError<Rejection>> {
        let known = match self.cache {
            CacheUse::Trusted | CacheUse::LoadedOn => self.log.cache.get::<A>(self.tenant, id),
            CacheUse::Bypassed => {
                self.log.cache.forget::<A>(self.tenant, id);
                None
            }
        };
        let (cached, (sequence, aggregate)) = match (self.cache, known) {
            (CacheUse::Trusted, Some(known)) => (true, known),
            (_, known) => {
                let loaded = snapshot::load(&self.log.pools.app, self.tenant, id, known).await;
                (false, loaded.map_err(unreadable)?)
            }
        };
        Ok(Loaded { id: id.to_owned(), aggregate, sequence, cached })
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        loaded: Loaded<A>,
        metadata: CqrsMetadata,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<Rejection>> {
        if events.is_empty() && loaded.cached {
            // "It already holds" is only as true as the state it was read from.
            return Err(AggregateError::AggregateConflict);
        }
        let asked_at = Instant::now();
        let done = if events.is_empty() && self.key.is_none() {
            self.nothing_new(&loaded).await
        } else {
            self.append(&loaded, &events, &metadata).await
        };
        let done = done?;
        let first = loaded.sequence;
        if !done.repeated {
            let sequence = first.plus(u64::try_from(events.len()).unwrap_or(u64::MAX));
            self.log.cache.put(self.tenant, &loaded.id, (sequence, asked_at), loaded.aggregate);
        }
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        let envelope = |(payload, place): (A::Event, u64)| EventEnvelope {
            aggregate_id: loaded.id.clone(),
            sequence: usize::try_from(first.plus(place).get()).unwrap_or(usize::MAX),
            payload,
            metadata: metadata.clone(),
        };
        Ok(events.into_iter().zip(1..).map(envelope).collect())
    }
}

/// The metadata as it is recorded: our own order, whatever the map's.
fn ordered(metadata: &CqrsMetadata) -> Result<String, AggregateError<Rejection>> {
    serde_json::to_value(metadata)
        .and_then(serde_json::from_value::<Metadata>)
        .and_then(|metadata| serde_json::to_string(&metadata))
        .map_err(unexpected)
}

fn unexpected(error: impl std::error::Error + Send + Sync + 'static) -> AggregateError<Rejection> {
    AggregateError::UnexpectedError(Box::new(error))
}

pub(crate) fn unreadable(error: LoadError) -> AggregateError<Rejection> {
    match error {
        LoadError::Database(error) => AggregateError::DatabaseConnectionError(Box::new(error)),
        LoadError::Event(_) | LoadError::Snapshot(_) => AggregateError::DeserializationError(Box::new(error)),
    }
}
