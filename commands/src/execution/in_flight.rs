//! Idempotency keys that are being worked on in this process.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use draxis_domain::TenantId;

type Key = (TenantId, String, String);

/// The keys under way.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<BTreeSet<Key>>>);

/// A key held until its command has been answered.
pub(super) struct Held {
    keys: InFlight,
    key: Key,
}

impl InFlight {
    /// Holds the key, unless somebody does already.
    pub(super) fn hold(&self, key: Key) -> Option<Held> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        fresh.then(|| Held { keys: self.clone(), key })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
