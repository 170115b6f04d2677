//! Streams to clients: a bounded number of them in a process and for each tenant, woken by the writer, ended with the program.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use draxis_domain::{Position, TenantId};
use draxis_event_store::Wakeups;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;

/// How many streams one process keeps.
const MOST: usize = 256;
/// How many of them one tenant may have, so that none keeps the others out.
const MOST_OF_TENANT: usize = 64;

/// The streams of one process; clones share them.
#[derive(Clone)]
pub struct Streams {
    taken: Arc<Mutex<BTreeMap<TenantId, usize>>>,
    wakeups: Wakeups,
    ended: CancellationToken,
}

/// The place of one stream; given back when it is dropped.
pub struct Seat {
    streams: Streams,
    tenant: TenantId,
    woken: broadcast::Receiver<(TenantId, Position)>,
}

impl Streams {
    /// No stream yet.
    pub fn new(wakeups: Wakeups) -> Self {
        Self { taken: Arc::default(), wakeups, ended: CancellationToken::new() }
    }

    /// A place for one more stream of the tenant.
    pub fn take(&self, tenant: TenantId) -> Result<Seat, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all = taken.values().fold(0_usize, |all, of_tenant| all.saturating_add(*of_tenant));
        let of_tenant = taken.entry(tenant).or_default();
        if all >= MOST || *of_tenant >= MOST_OF_TENANT || self.ended.is_cancelled() {
            return Err(Problem::too_many_streams());
        }
        *of_tenant = of_tenant.saturating_add(1);
        Ok(Seat { streams: self.clone(), tenant, woken: self.wakeups.subscribe() })
    }

    /// Ends all of them, so that a program that stops need not wait for their clients.
    pub fn end(&self) {
        self.ended.cancel();
    }
}

impl Seat {
    /// Waits until this process has written to the tenant; for ever, where only others do.
    pub async fn woken(&mut self) {
        loop {
            match self.woken.recv().await {
                Ok((tenant, _)) if tenant != self.tenant => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Says when the program stops.
    pub fn ending(&self) -> CancellationToken {
        self.streams.ended.clone()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.streams.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_tenant) = taken.get_mut(&self.tenant) {
            *of_tenant = of_tenant.saturating_sub(1);
            if *of_tenant == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::TenantId;
    use tokio::sync::broadcast;
    use ulid::Ulid;

    use super::{MOST, MOST_OF_TENANT, Streams};

    #[test]
    fn a_tenant_takes_no_more_than_its_share_and_a_process_keeps_a_bounded_number() {
        let streams = Streams::new(broadcast::channel(4).0);
        let tenant = |n: u128| TenantId::new(Ulid(n));
        let mut seats: Vec<_> = (0..MOST_OF_TENANT).map(|_| streams.take(tenant(1)).ok().unwrap()).collect();
        assert!(streams.take(tenant(1)).is_err());
        while let Ok(seat) = streams.take(tenant(u128::try_from(seats.len()).unwrap() + 1)) {
            seats.push(seat);
        }
        assert_eq!(seats.len(), MOST);
        seats.remove(0);
        assert!(streams.take(tenant(1)).is_ok(), "a place that was given back is free");
        streams.end();
        assert!(streams.take(tenant(1)).is_err());
    }
}
