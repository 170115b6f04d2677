//! The log as commands see it: aggregates loaded from what is known and what the log has beyond it, and the one writer.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_es::AggregateError;
use draxis_domain::{EventSet as _, Position, Rejection, Root, Sequence, TenantId};

use crate::cache::AggregateCache;
use crate::clock::Ids;
use crate::database::Pools;
use crate::known_heads::KnownHeads;
use crate::lookup::{self, Those};
use crate::read::StoredEvent;
use crate::repository::unreadable;
use crate::snapshot;
use crate::tenant_tx::TenantTx;
use crate::writer::Writer;

/// What all commands of a process share: where to read, who writes, what was used lately.
#[derive(Clone)]
pub struct TenantLog {
    pub(crate) pools: Pools,
    pub(crate) writer: Writer,
    pub(crate) cache: AggregateCache,
    pub(crate) heads: KnownHeads,
    pub(crate) ids: Arc<dyn Ids>,
}

impl TenantLog {
    /// A log with a cache of some ten thousand aggregates.
    pub fn new(pools: Pools, writer: Writer, ids: Arc<dyn Ids>) -> Self {
        let most = NonZeroUsize::new(16_384).unwrap_or(NonZeroUsize::MIN);
        Self { pools, writer, cache: AggregateCache::new(most), heads: KnownHeads::new(most), ids }
    }

    /// The pools it reads from.
    pub const fn pools(&self) -> &Pools {
        &self.pools
    }

    /// The writer it appends through.
    pub const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The aggregate as the log has it now: what the cache knows, and everything recorded since; for rules that look at another
    /// aggregate.
    pub async fn load<A: Root + 'static>(
        &self,
        tenant: TenantId,
        id: &str,
    ) -> Result<A, AggregateError<Rejection>> {
        let (known, asked_at) = (self.cache.get::<A>(tenant, id), Instant::now());
        let (sequence, aggregate) =
            snapshot::load(&self.pools.app, tenant, id, known).await.map_err(unreadable)?;
        self.cache.put(tenant, id, (sequence, asked_at), aggregate.clone());
        Ok(aggregate)
    }

    /// The aggregate as the log had it no longer ago than that; what this process has written since is in it.
    pub async fn load_recent<A: Root + 'static>(
        &self,
        tenant: TenantId,
        id: &str,
        age: Duration,
    ) -> Result<A, AggregateError<Rejection>> {
        match self.cache.recent::<A>(tenant, id, age) {
            Some(aggregate) => Ok(aggregate),
            None => self.load(tenant, id).await,
        }
    }

    /// The aggregate as it was when it was last seen here, if it was: a hint at what the log will say.
    pub fn known<A: Root + 'static>(&self, tenant: TenantId, id: &str) -> Option<A> {
        self.cache.get::<A>(tenant, id).map(|(_, aggregate)| aggregate)
    }

    /// The aggregate as it stood once it had come to that place, or later: of the log is asked only where less is known.
    pub async fn load_reached<A: Root + 'static>(
        &self,
        tenant: TenantId,
        id: &str,
        place: Sequence,
    ) -> Result<A, AggregateError<Rejection>> {
        match self.cache.get::<A>(tenant, id) {
            Some((sequence, aggregate)) if sequence >= place => Ok(aggregate),
            Some(_) | None => self.load(tenant, id).await,
        }
    }

    /// The aggregate as events that this process has just recorded have left it, or later: of the log is asked only where something
    /// lies between what is known and them.
    pub async fn load_left<A: Root + 'static>(
        &self,
        (tenant, id): (TenantId, &str),
        recorded: &[StoredEvent],
    ) -> Result<A, AggregateError<Rejection>> {
        let (known, asked_at) = (self.cache.get::<A>(tenant, id), Instant::now());
        let (from, mut aggregate) = known.unwrap_or_default();
        let mut sequence = from;
        for event in recorded.iter().skip_while(|event| event.sequence <= from) {
            if event.sequence != sequence.next() {
                return self.load(tenant, id).await;
            }
            let decoded = A::Event::decode(&event.event_type, event.version, &event.payload);
            aggregate.apply(decoded.map_err(|error| unreadable(error.into()))?);
            sequence = event.sequence;
        }
        // What was known already is no newer for having been asked for here.
        if sequence > from {
            self.cache.put(tenant, id, (sequence, asked_at), aggregate.clone());
        }
        Ok(aggregate)
    }

    /// Has the next command take the aggregate for one without events, unless more is known of it: its append finds out.
    pub fn presume_absent<A: Root + 'static>(&self, tenant: TenantId, id: &str) {
        self.cache.presume_absent::<A>(tenant, id);
    }

    /// A place that the stream has reached: its head, or one that it has left behind.
    pub async fn reached(&self, tenant: TenantId) -> Result<Position, sqlx::Error> {
        match self.heads.get(tenant) {
            Some(position) => Ok(position),
            None => crate::read::head(&self.pools.app, tenant).await,
        }
    }

    /// Many aggregates of one type as the log has them now; for rules that look at all there are of a kind.
    pub async fn load_those<A: Root>(
        &self,
        tenant: TenantId,
        those: Those<'_>,
    ) -> Result<BTreeMap<String, A>, AggregateError<Rejection>> {
        let mut transaction =
            TenantTx::begin(&self.pools.app, tenant).await.map_err(|error| unreadable(error.into()))?;
        lookup::fold_those(&mut transaction, those).await.map_err(unreadable)
    }
}
