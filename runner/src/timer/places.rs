//! Places: how many jobs of each tenant are under way in a lane of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use draxis_domain::TenantId;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::timer::LaneLimits;

/// The places of a lane; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Lane>);

#[derive(Debug)]
struct Lane {
    limits: LaneLimits,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    of: BTreeMap<TenantId, u32>,
    all: u32,
    /// Whether something may be due that waits for a place.
    waited_for: bool,
}

/// A place that is free again when this is dropped, however the job ended.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    tenant: TenantId,
}

impl Places {
    pub(super) fn new(limits: LaneLimits) -> Self {
        Self(Arc::new(Lane { limits, taken: Mutex::default(), freed: Notify::new() }))
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
        let mut taken = self.lock();
        let of_tenant = taken.of.get(&tenant).copied().unwrap_or_default();
        let free =
            !taken.waited_for && taken.all < self.0.limits.at_once && of_tenant < self.0.limits.of_tenant;
        free.then(|| {
            taken.take(tenant);
            Place { places: self.clone(), tenant }
        })
    }

    /// How many are free and who has the others, for a claim. Until that is known to have left nothing, whatever becomes due
    /// waits for its turn.
    pub(super) fn before_claim(&self) -> (u32, BTreeMap<TenantId, u32>) {
        let mut taken = self.lock();
        taken.waited_for = true;
        (self.0.limits.at_once.saturating_sub(taken.all), taken.of.clone())
    }

    /// Says that a claim which asked for so many has been answered and has its places. Where none is left, for anybody or for one
    /// of the tenants, something may be due that was not claimed; false then.
    pub(super) fn after_claim(&self, asked: u32, claimed: usize) -> bool {
        let mut taken = self.lock();
        let all = u32::try_from(claimed).is_ok_and(|claimed| claimed < asked)
            && taken.of.values().all(|taken| *taken < self.0.limits.of_tenant);
        taken.waited_for = !all;
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

    use super::Places;
    use crate::timer::{Lane, LaneLimits, TimerSettings};

    fn places(at_once: u32, of_tenant: u32) -> Places {
        Places::new(LaneLimits { at_once, of_tenant, ..TimerSettings::default().of(Lane::Runs) })
    }

    #[test]
    fn something_may_be_left_where_a_tenant_or_the_lane_has_no_place_any_more() {
        for (at_once, of_tenant, all) in [(9, 3, true), (9, 2, false), (2, 3, false)] {
            let places = places(at_once, of_tenant);
            let _held = places.take(TenantId::PLATFORM);
            let (free, taken) = places.before_claim();
            assert_eq!((free, taken.get(&TenantId::PLATFORM)), (at_once - 1, Some(&1)));
            let _claimed = places.take(TenantId::PLATFORM);
            assert_eq!(places.after_claim(free, 1), all, "{at_once} {of_tenant}");
        }
    }

    #[test]
    fn what_has_just_become_due_passes_nobody_by() {
        let places = places(9, 2);
        let first = places.take_free(TenantId::PLATFORM).unwrap();
        let (free, _) = places.before_claim();
        assert!(places.take_free(TenantId::PLATFORM).is_none(), "a claim is under way");
        assert!(places.after_claim(free, 0));
        let second = places.take_free(TenantId::PLATFORM).unwrap();
        assert!(places.take_free(TenantId::PLATFORM).is_none(), "the tenant has all of its places");
        drop(first);
        let (free, _) = places.before_claim();
        let third = places.take(TenantId::PLATFORM);
        assert!(!places.after_claim(free, 1));
        drop((second, third));
        assert!(places.take_free(TenantId::PLATFORM).is_none(), "what waits has not had its turn yet");
    }

    #[test]
    fn a_place_is_free_when_its_job_is_gone() {
        let places = places(9, 9);
        let (one, other) = (places.take(TenantId::PLATFORM), places.take(TenantId::PLATFORM));
        assert_eq!(places.before_claim().0, 7);
        drop(one);
        assert_eq!(places.before_claim().1.get(&TenantId::PLATFORM), Some(&1));
        drop(other);
        assert_eq!(places.before_claim(), (9, std::collections::BTreeMap::new()));
    }
}
