//! At hand: the rows that a tenant's last catching-up left in memory, so that the next one need not read them again.
//!
//! They are taken for what is stored only where they stand at the very checkpoint that the next transaction has locked: whoever
//! moved it meanwhile has made them void.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use draxis_domain::TenantId;
use lru::LruCache;

use crate::live::advance::Growing;
use crate::projection::Log;
use crate::store::Checkpoint;

/// Of how many tenants rows are at hand.
const TENANTS: usize = 64;

/// How many rows of one tenant may stay at hand: some megabytes.
const ROWS: usize = 1_000;

/// The rows at hand of the tenants that were caught up last.
pub(super) struct AtHand<E>(Mutex<LruCache<TenantId, Vec<Growing<E>>>>);

impl<E> Default for AtHand<E> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(TENANTS).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl<E> fmt::Debug for AtHand<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtHand").finish_non_exhaustive()
    }
}

impl<E: Log> AtHand<E> {
    fn lock(&self) -> MutexGuard<'_, LruCache<TenantId, Vec<Growing<E>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is at hand of these checkpoints, which the transaction has locked; where it is not of all of them, nothing. It is gone
    /// from here until it is put back.
    pub(super) fn take(&self, tenant: TenantId, checkpoints: &[Checkpoint]) -> Vec<Growing<E>> {
        let known = self.lock().pop(&tenant).unwrap_or_default();
        if known.len() == checkpoints.len() && Growing::stand_at(&known, checkpoints) {
            known
        } else {
            Growing::all_of(checkpoints)
        }
    }

    /// Keeps what was written and committed, where that is not so much that it would weigh.
    pub(super) fn put_back(&self, tenant: TenantId, growing: Vec<Growing<E>>) {
        if growing.iter().map(Growing::at_hand).sum::<usize>() <= ROWS {
            self.lock().put(tenant, growing);
        }
    }
}
