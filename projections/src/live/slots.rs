//! One catching-up at a time for each tenant in a process: whoever waits for it shares what it brought.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use draxis_domain::{Position, TenantId};

/// The place of one tenant.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// How often it was caught up: a round that began after one asked has seen all that it asked for.
    pub(super) rounds: AtomicU64,
    /// What the last round reached; held while one is under way.
    pub(super) reached: tokio::sync::Mutex<Position>,
}

impl Slot {
    pub(super) fn round(&self) -> u64 {
        self.rounds.load(Ordering::Acquire)
    }

    pub(super) fn count(&self) {
        self.rounds.fetch_add(1, Ordering::AcqRel);
    }
}

/// The tenants that somebody is catching up right now.
#[derive(Debug, Default)]
pub(super) struct Slots(Mutex<BTreeMap<TenantId, Weak<Slot>>>);

impl Slots {
    /// How many tenants may be remembered before those that nobody waits for are forgotten.
    const MOST: usize = 1_024;

    pub(super) fn of(&self, tenant: TenantId) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&tenant).and_then(Weak::upgrade) {
            return slot;
        }
        if slots.len() >= Self::MOST {
            slots.retain(|_, slot| slot.strong_count() > 0);
        }
        let slot = Arc::new(Slot::default());
        slots.insert(tenant, Arc::downgrade(&slot));
        slot
    }
}
