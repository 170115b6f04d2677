//! Places: how many jobs of each tenant are under way in a lane of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use draxis_domain::TenantId;
use draxis_event_store::ClaimedTimer;

/// The places taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<BTreeMap<TenantId, u32>>>);

/// A place that is free again when this is dropped, however the job ended.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    tenant: TenantId,
}

impl Places {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<TenantId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, tenant: TenantId) -> Place {
        let mut taken = self.lock();
        let count = taken.entry(tenant).or_default();
        *count = count.saturating_add(1);
        Place { places: self.clone(), tenant }
    }

    pub(super) fn taken(&self) -> BTreeMap<TenantId, u32> {
        self.lock().clone()
    }

    /// Whether no place is left, for anybody or for one of the tenants, once the claimed have theirs: then something may be due
    /// that was not claimed.
    pub(super) fn would_be_full(&self, claimed: &[ClaimedTimer], (free, of_tenant): (u32, u32)) -> bool {
        let mut taken = self.taken();
        for one in claimed {
            let count = taken.entry(one.tenant).or_default();
            *count = count.saturating_add(1);
        }
        u32::try_from(claimed.len()).map_or(true, |claimed| claimed >= free)
            || taken.values().any(|taken| *taken >= of_tenant)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        match taken.get_mut(&self.tenant) {
            Some(count) if *count > 1 => *count = count.saturating_sub(1),
            Some(_) | None => {
                taken.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_domain::TenantId;
    use draxis_event_store::{ClaimedTimer, TimerName};

    use super::Places;

    #[test]
    fn something_may_be_left_where_a_tenant_or_the_lane_has_no_place_any_more() {
        let claimed = ClaimedTimer {
            tenant: TenantId::PLATFORM,
            name: TimerName { kind: "k".to_owned(), subject: "s".to_owned() },
            due_at: DateTime::UNIX_EPOCH,
            fence: 1,
        };
        let places = Places::default();
        let _held = places.take(TenantId::PLATFORM);
        assert!(!places.would_be_full(std::slice::from_ref(&claimed), (9, 3)));
        assert!(places.would_be_full(std::slice::from_ref(&claimed), (9, 2)), "of the tenant");
        assert!(places.would_be_full(&[claimed], (1, 3)), "of the lane");
        assert!(places.would_be_full(&[], (0, 3)), "of the lane, which asked for nothing");
    }

    #[test]
    fn a_place_is_free_when_its_job_is_gone() {
        let places = Places::default();
        let (one, other) = (places.take(TenantId::PLATFORM), places.take(TenantId::PLATFORM));
        assert_eq!(places.taken().get(&TenantId::PLATFORM), Some(&2));
        drop(one);
        assert_eq!(places.taken().get(&TenantId::PLATFORM), Some(&1));
        drop(other);
        assert!(places.taken().is_empty());
    }
}
