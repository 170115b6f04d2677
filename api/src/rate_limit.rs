//! Rate limits on signing in: a window a purpose and address (product.md section 1). Each process counts for itself.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use draxis_event_store::Clock;

use crate::problem::Problem;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Sign-ins: 50 in a quarter of an hour.
    Login,
    /// Everything under `/api/auth`: 100 in a quarter of an hour.
    Auth,
}

impl Limit {
    const WINDOW: Duration = Duration::minutes(15);

    const fn most(self) -> u32 {
        match self {
            Self::Login => 50,
            Self::Auth => 100,
        }
    }
}

#[derive(Default)]
struct Windows(BTreeMap<(Limit, IpAddr), (DateTime<Utc>, u32)>);

/// Counts attempts by address.
#[derive(Clone)]
pub struct RateLimits {
    windows: Arc<Mutex<Windows>>,
    clock: Arc<dyn Clock>,
}

impl RateLimits {
    /// More addresses than this are not remembered: the oldest windows go first.
    const ADDRESSES: usize = 100_000;

    /// Limits over the given clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { windows: Arc::default(), clock }
    }

    /// Counts one attempt, or refuses it.
    pub fn count(&self, limit: Limit, address: IpAddr) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.0.len() > Self::ADDRESSES {
            windows.0.retain(|_, (since, _)| now - *since < Limit::WINDOW);
        }
        let (since, count) = windows.0.entry((limit, address)).or_insert((now, 0));
        if now - *since >= Limit::WINDOW {
            (*since, *count) = (now, 0);
        }
        if *count >= limit.most() {
            let wait = (*since + Limit::WINDOW - now).num_seconds().max(1);
            return Err(Problem::too_many(u64::try_from(wait).unwrap_or(1)));
        }
        *count = count.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use chrono::{DateTime, Duration};
    use draxis_event_store::ManualClock;

    use super::{Limit, RateLimits};

    #[test]
    fn the_fifty_first_sign_in_waits_for_the_window_to_end_and_others_do_not() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        let limits = RateLimits::new(Arc::new(clock.clone()));
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for _ in 0..50 {
            assert!(limits.count(Limit::Login, here).is_ok());
        }
        assert!(limits.count(Limit::Login, here).is_err());
        assert!(limits.count(Limit::Login, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))).is_ok());
        clock.advance(Duration::minutes(15));
        assert!(limits.count(Limit::Login, here).is_ok());
    }
}
