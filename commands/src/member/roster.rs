//! Rosters: who the members of a tenant are, kept for as long as nothing has happened on the platform's stream.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use draxis_domain::account::Role;
use draxis_domain::{AccountId, Position, TenantId};
use lru::LruCache;

/// Everybody who can sign in to a tenant, with their roles for it.
pub(crate) type Roster = BTreeMap<AccountId, BTreeSet<Role>>;

/// A roster as it was read.
struct Read {
    /// Where the platform's stream stood before.
    head: Position,
    /// When that was asked last, and the stream stood there still.
    asked_at: Instant,
    roster: Roster,
}

struct Known {
    rosters: LruCache<TenantId, Read>,
    /// When this process wrote to the platform's stream last.
    wrote_at: Option<Instant>,
}

/// The rosters of a process; clones share them.
#[derive(Clone)]
pub(crate) struct Rosters(Arc<Mutex<Known>>);

impl Rosters {
    pub(crate) fn new() -> Self {
        let most = NonZeroUsize::new(4_096).unwrap_or(NonZeroUsize::MIN);
        Self(Arc::new(Mutex::new(Known { rosters: LruCache::new(most), wrote_at: None })))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The roster, where the platform's stream was asked then and still stands where it stood.
    pub(super) fn at(&self, (head, asked_at): (Position, Instant), tenant: TenantId) -> Option<Roster> {
        let mut known = self.lock();
        let read = known.rosters.get_mut(&tenant).filter(|read| read.head == head)?;
        read.asked_at = read.asked_at.max(asked_at);
        Some(read.roster.clone())
    }

    /// The roster as it was no longer ago than that, with whatever this process has written.
    pub(super) fn recent(&self, tenant: TenantId, age: Duration) -> Option<Roster> {
        let mut known = self.lock();
        let wrote_at = known.wrote_at;
        let read = known.rosters.get(&tenant)?;
        let recent = read.asked_at.elapsed() <= age && wrote_at.is_none_or(|wrote| wrote < read.asked_at);
        recent.then(|| read.roster.clone())
    }

    /// Keeps what was read after the platform's stream was seen there.
    pub(super) fn keep(&self, (head, asked_at): (Position, Instant), tenant: TenantId, roster: &Roster) {
        self.lock().rosters.put(tenant, Read { head, asked_at, roster: roster.clone() });
    }

    /// This process has written to the platform's stream: what was asked before is not recent any more.
    pub(crate) fn wrote(&self) {
        self.lock().wrote_at = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use draxis_domain::{Position, TenantId};

    use super::{Roster, Rosters};

    #[test]
    fn what_was_asked_before_this_process_wrote_or_long_ago_is_not_recent() {
        let (rosters, tenant, minute) = (Rosters::new(), TenantId::PLATFORM, Duration::from_mins(1));
        let head = Position::new(7);
        let asked_at = Instant::now();
        rosters.keep((head, asked_at), tenant, &Roster::new());
        assert!(rosters.recent(tenant, minute).is_some());
        assert!(rosters.recent(tenant, Duration::ZERO).is_none());
        rosters.wrote();
        assert!(rosters.recent(tenant, minute).is_none(), "its own writes are seen at once");
        assert!(rosters.at((head.next(), Instant::now()), tenant).is_none());
        assert!(rosters.at((head, Instant::now()), tenant).is_some());
        assert!(rosters.recent(tenant, minute).is_some(), "asked since");
    }
}
