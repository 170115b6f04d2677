//! Where streams stood when this process last wrote to them: a place that a stream has reached for good, though it may be further
//! on by now.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use draxis_domain::{Position, TenantId};
use lru::LruCache;

/// A bounded memory of positions, shared by all commands of a process.
#[derive(Clone)]
pub(crate) struct KnownHeads(Arc<Mutex<LruCache<TenantId, Position>>>);

impl KnownHeads {
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(most))))
    }

    /// The furthest place that is known of a stream.
    pub(crate) fn get(&self, tenant: TenantId) -> Option<Position> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied()
    }

    /// Commits are told of in any order: what is further on stays.
    pub(crate) fn reached(&self, tenant: TenantId, position: Position) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.peek(&tenant).is_none_or(|known| *known < position) {
            heads.put(tenant, position);
        }
    }
}
