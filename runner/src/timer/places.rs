//! Places: how many jobs of each tenant are under way in a lane of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use draxis_domain::TenantId;

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
    use draxis_domain::TenantId;

    use super::Places;

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
