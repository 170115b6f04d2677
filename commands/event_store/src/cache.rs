//! Recently used aggregates at their sequence: only ever an optimisation. The append's check makes a stale one harmless, and
//! whoever would refuse or skip because of a cached state loads it fresh first.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use draxis_domain::{Root, Sequence, TenantId};
use lru::LruCache;

type Key = (TenantId, &'static str, String);
type State = Arc<dyn Any + Send + Sync>;

/// A bounded cache, shared by all commands of a process.
#[derive(Clone)]
pub(crate) struct AggregateCache {
    states: Arc<Mutex<LruCache<Key, (Sequence, State)>>>,
}

impl AggregateCache {
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        Self { states: Arc::new(Mutex::new(LruCache::new(most))) }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Key, (Sequence, State)>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get<A: Root + 'static>(&self, tenant: TenantId, id: &str) -> Option<(Sequence, A)> {
        let (sequence, state) = self.lock().get(&(tenant, A::TYPE, id.to_owned())).cloned()?;
        state.downcast_ref::<A>().map(|aggregate| (sequence, aggregate.clone()))
    }

    /// Remembers the state at that sequence, unless one further on is known: whoever loaded it may have been overtaken since.
    pub(crate) fn put<A: Root + 'static>(
        &self,
        tenant: TenantId,
        id: &str,
        sequence: Sequence,
        aggregate: A,
    ) {
        let (key, mut states) = ((tenant, A::TYPE, id.to_owned()), self.lock());
        if states.peek(&key).is_none_or(|(known, _)| *known <= sequence) {
            states.put(key, (sequence, Arc::new(aggregate)));
        }
    }

    pub(crate) fn forget<A: Root>(&self, tenant: TenantId, id: &str) {
        self.lock().pop(&(tenant, A::TYPE, id.to_owned()));
    }
}
