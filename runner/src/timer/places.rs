//! Places: how many jobs of each tenant are under way in a lane of this process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use draxis_domain::TenantId;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::timer::LaneLimits;

/// The places of a lane; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: LaneLimits,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug)]
struct Taken {
    of: BTreeMap<TenantId, u32>,
    all: u32,
    waiting: Waiting,
}

/// Of whom something may be due that waits for a place.
#[derive(Debug, PartialEq, Eq)]
enum Waiting {
    /// Of anybody: what is due has not been asked for yet, or the last claim failed or got all that it asked for.
    Anybody,
    /// Of these, who had no place left at the last claim.
    Only(BTreeSet<TenantId>),
}

/// What a claim may ask for.
#[derive(Debug)]
pub(super) struct Free {
    /// How many places there are.
    pub(super) places: u32,
    /// Who has the others.
    pub(super) busy: BTreeMap<TenantId, u32>,
}

/// A place that is free again when this is dropped, however the job ended.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    tenant: TenantId,
}

impl Places {
    pub(super) fn new(limits: LaneLimits) -> Self {
        let taken = Mutex::new(Taken { of: BTreeMap::new(), all: 0, waiting: Waiting::Anybody });
        Self(Arc::new(Shared { limits, taken, freed: Notify::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for what has been claimed.
    pub(super) fn take(&self, tenant: TenantId) -> Place {
        self.lock().take(tenant);
        Place { places: self.clone(), tenant }
    }

    /// A place for what has just become due, where there is one that nobody may have waited for longer.
    pub(super) fn take_free(&self, tenant: TenantId) -> Option<Place> {
        let (limits, mut taken) = (self.0.limits, self.lock());
        let of_tenant = taken.of.get(&tenant).copied().unwrap_or_default();
        let waited_for = match &taken.waiting {
            Waiting::Anybody => true,
            Waiting::Only(tenants) => tenants.contains(&tenant),
        };
        if waited_for || taken.all >= limits.at_once || of_tenant >= limits.of_tenant {
            return None;
        }
        taken.take(tenant);
        Some(Place { places: self.clone(), tenant })
    }

    /// What a claim may ask for. Until it is known what that left, whatever becomes due waits for its turn.
    pub(super) fn before_claim(&self) -> Free {
        let mut taken = self.lock();
        taken.waiting = Waiting::Anybody;
        Free { places: self.0.limits.at_once.saturating_sub(taken.all), busy: taken.of.clone() }
    }

    /// Says whose timers a claim has brought; whether those were all that are due. They may not be where it got as many as it
    /// asked for, of anybody or of one of the tenants: what has become free since counts at the next one.
    pub(super) fn after_claim(&self, mut free: Free, claimed: &[TenantId]) -> bool {
        for tenant in claimed {
            let count = free.busy.entry(*tenant).or_default();
            *count = count.saturating_add(1);
        }
        let limits = self.0.limits;
        let waiting = if u32::try_from(claimed.len()).is_ok_and(|claimed| claimed < free.places) {
            let full = free.busy.into_iter().filter(|(_, count)| *count >= limits.of_tenant);
            Waiting::Only(full.map(|(tenant, _)| tenant).collect())
        } else {
            Waiting::Anybody
        };
        let all = waiting == Waiting::Only(BTreeSet::new());
        self.lock().waiting = waiting;
        all
    }

    /// The next time that a place is free again, from now on.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.0.freed.notified()
    }
}

impl Taken {
    fn take(&mut self, tenant: TenantId) {
        let count = self.of.entry(tenant).or_default();
        *count = count.saturating_add(1);
        self.all = self.all.saturating_add(1);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all = taken.all.saturating_sub(1);
        match taken.of.get_mut(&self.tenant) {
            Some(count) if *count > 1 => *count = count.saturating_sub(1),
            Some(_) | None => {
                taken.of.remove(&self.tenant);
            }
        }
        drop(taken);
        self.places.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::TenantId;
    use ulid::Ulid;

    use super::Places;
    use crate::timer::{Lane, LaneLimits, TimerSettings};

    const ONE: TenantId = TenantId::new(Ulid(1));
    const OTHER: TenantId = TenantId::new(Ulid(2));

    fn places(at_once: u32, of_tenant: u32) -> Places {
        Places::new(LaneLimits { at_once, of_tenant, ..TimerSettings::default().of(Lane::Runs) })
    }

    #[test]
    fn something_may_be_left_where_a_tenant_or_the_lane_has_no_place_any_more() {
        for (at_once, of_tenant, all) in [(9, 3, true), (9, 2, false), (2, 3, false)] {
            let places = places(at_once, of_tenant);
            let _held = places.take(ONE);
            let free = places.before_claim();
            assert_eq!((free.places, free.busy.get(&ONE)), (at_once - 1, Some(&1)));
            let _claimed = places.take(ONE);
            assert_eq!(places.after_claim(free, &[ONE]), all, "{at_once} {of_tenant}");
        }
    }

    #[test]
    fn a_place_that_became_free_during_a_claim_is_asked_for_by_the_next() {
        let places = places(9, 1);
        let held = places.take(ONE);
        let free = places.before_claim();
        drop(held);
        assert!(!places.after_claim(free, &[]), "what the claim passed by for want of it is still there");
        assert!(places.take_free(ONE).is_none(), "and comes first");
        let free = places.before_claim();
        assert!(places.after_claim(free, &[]));
        assert!(places.take_free(ONE).is_some());
    }

    #[test]
    fn what_has_just_become_due_passes_nobody_by() {
        let places = places(9, 2);
        assert!(places.take_free(ONE).is_none(), "nobody has asked what is due yet");
        let free = places.before_claim();
        assert!(places.after_claim(free, &[]));
        let first = places.take_free(ONE).unwrap();
        let free = places.before_claim();
        assert!(places.take_free(ONE).is_none(), "a claim is under way");
        assert!(places.after_claim(free, &[]));
        let second = places.take_free(ONE).unwrap();
        assert!(places.take_free(ONE).is_none(), "the tenant has all of its places");
        let free = places.before_claim();
        assert!(!places.after_claim(free, &[]));
        drop((first, second));
        assert!(places.take_free(ONE).is_none(), "what waits has not had its turn yet");
        assert!(places.take_free(OTHER).is_some(), "nothing of theirs can be waiting");
    }

    #[test]
    fn a_place_is_free_when_its_job_is_gone() {
        let places = places(9, 9);
        let (one, other) = (places.take(ONE), places.take(ONE));
        assert_eq!(places.before_claim().places, 7);
        drop(one);
        assert_eq!(places.before_claim().busy.get(&ONE), Some(&1));
        drop(other);
        let free = places.before_claim();
        assert_eq!((free.places, free.busy.len()), (9, 0));
    }
}
