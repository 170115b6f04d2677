//! Recently used aggregates at their sequence: only ever an optimisation. The append's check makes a stale one harmless, and
//! whoever would refuse or skip because of a cached state loads it fresh first.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use draxis_domain::{Root, Sequence, TenantId};
use lru::LruCache;

use crate::companion::Companion;

type Key = (TenantId, &'static str, String);
type State = Arc<dyn Any + Send + Sync>;

/// What is known of an aggregate.
#[derive(Clone)]
struct Known {
    sequence: Sequence,
    state: State,
    /// When the log said so last; never where it is only presumed.
    said_at: Option<Instant>,
}

/// A bounded cache, shared by all commands of a process.
#[derive(Clone)]
pub(crate) struct AggregateCache {
    states: Arc<Mutex<LruCache<Key, Known>>>,
}

impl AggregateCache {
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        Self { states: Arc::new(Mutex::new(LruCache::new(most))) }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Key, Known>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get<A: Root + 'static>(&self, tenant: TenantId, id: &str) -> Option<(Sequence, A)> {
        let known = self.lock().get(&(tenant, A::TYPE, id.to_owned())).cloned()?;
        known.state.downcast_ref::<A>().map(|aggregate| (known.sequence, aggregate.clone()))
    }

    /// The aggregate as the log had it no longer ago than that.
    pub(crate) fn recent<A: Root + 'static>(&self, tenant: TenantId, id: &str, age: Duration) -> Option<A> {
        let known = self.lock().get(&(tenant, A::TYPE, id.to_owned())).cloned()?;
        let recent = known.said_at.is_some_and(|at| at.elapsed() <= age);
        known.state.downcast_ref::<A>().filter(|_| recent).cloned()
    }

    /// Remembers the state at that sequence, as the log had it then, unless one further on is known: whoever loaded it may have
    /// been overtaken since.
    pub(crate) fn put<A: Root + 'static>(
        &self,
        tenant: TenantId,
        id: &str,
        (sequence, said_at): (Sequence, Instant),
        aggregate: A,
    ) {
        self.keep(
            tenant,
            id,
            Known { sequence, state: Arc::new(aggregate), said_at: Some(said_at) },
            A::TYPE,
        );
    }

    /// Remembers an aggregate that has begun beside another.
    pub(crate) fn put_companion(&self, tenant: TenantId, companion: Companion, said_at: Instant) {
        let Companion { decision, state } = companion;
        let known = Known { sequence: decision.leaves_at(), state, said_at: Some(said_at) };
        self.keep(tenant, &decision.aggregate_id, known, decision.aggregate_type);
    }

    /// Takes it for one without events, unless more is known.
    pub(crate) fn presume_absent<A: Root + 'static>(&self, tenant: TenantId, id: &str) {
        let state: State = Arc::new(A::default());
        self.keep(tenant, id, Known { sequence: Sequence::START, state, said_at: None }, A::TYPE);
    }

    fn keep(&self, tenant: TenantId, id: &str, known: Known, kind: &'static str) {
        let (key, mut states) = ((tenant, kind, id.to_owned()), self.lock());
        let newer = |before: &Known| (before.sequence, before.said_at) <= (known.sequence, known.said_at);
        if states.peek(&key).is_none_or(newer) {
            states.put(key, known);
        }
    }

    pub(crate) fn forget<A: Root>(&self, tenant: TenantId, id: &str) {
        self.lock().pop(&(tenant, A::TYPE, id.to_owned()));
    }
}
