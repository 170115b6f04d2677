//! Rosters: who the members of a tenant are, kept for as long as nothing has happened on the platform's stream.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use draxis_domain::account::Role;
use draxis_domain::{AccountId, Position, TenantId};
use lru::LruCache;

/// Everybody who can sign in to a tenant, with their roles for it.
pub(crate) type Roster = BTreeMap<AccountId, BTreeSet<Role>>;

/// The rosters of a process, each with where the platform's stream stood before it was read; clones share them.
#[derive(Clone)]
pub(crate) struct Rosters(Arc<Mutex<LruCache<TenantId, (Position, Roster)>>>);

impl Rosters {
    pub(crate) fn new() -> Self {
        let most = NonZeroUsize::new(4_096).unwrap_or(NonZeroUsize::MIN);
        Self(Arc::new(Mutex::new(LruCache::new(most))))
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<TenantId, (Position, Roster)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The roster, where the platform's stream still stands where it stood.
    pub(super) fn at(&self, head: Position, tenant: TenantId) -> Option<Roster> {
        self.lock().get(&tenant).filter(|(position, _)| *position == head).map(|(_, roster)| roster.clone())
    }

    /// Keeps what was read after the platform's stream was seen there.
    pub(super) fn keep(&self, head: Position, tenant: TenantId, roster: &Roster) {
        self.lock().put(tenant, (head, roster.clone()));
    }
}
