//! Following: after a commit the process folds that tenant's new events. The wakeup is a hint, the sweep the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use draxis_domain::{Position, TenantId};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::MissedTickBehavior;

use crate::live::Live;

/// How many tenants are caught up at once, so that a slow one holds up no other and readers keep their connections.
const AT_ONCE: usize = 4;

/// Tenants that were written to and are not yet caught up: each once, however often it was written to meanwhile.
#[derive(Debug, Default)]
struct Due {
    waiting: BTreeMap<TenantId, Position>,
    busy: BTreeSet<TenantId>,
}

impl Due {
    fn note(&mut self, tenant: TenantId, position: Position) {
        let reached = self.waiting.entry(tenant).or_default();
        *reached = position.max(*reached);
    }

    /// Takes in a wakeup; ends with the writer.
    fn hear(&mut self, woken: &Result<(TenantId, Position), RecvError>) -> ControlFlow<()> {
        match *woken {
            Ok((tenant, position)) => self.note(tenant, position),
            // What was missed is found by the sweep, and by whoever asks for it.
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "the follower was overtaken; the sweep catches up what it missed");
            }
            Err(RecvError::Closed) => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// The next tenant to catch up, unless enough are under way.
    fn take(&mut self) -> Option<(TenantId, Position)> {
        if self.busy.len() >= AT_ONCE {
            return None;
        }
        let next = self.waiting.keys().copied().find(|tenant| !self.busy.contains(tenant))?;
        let position = self.waiting.remove(&next)?;
        self.busy.insert(next);
        Some((next, position))
    }
}

impl Live {
    /// Catches up whoever was written to until the writer is gone.
    pub(crate) async fn follow(self, mut wakeups: broadcast::Receiver<(TenantId, Position)>) {
        let mut due = Due::default();
        let mut under_way = FuturesUnordered::new();
        loop {
            while let Some((tenant, position)) = due.take() {
                let live = self.clone();
                under_way.push(async move {
                    live.follow_one(tenant, position).await;
                    tenant
                });
            }
            tokio::select! {
                Some(tenant) = under_way.next() => { due.busy.remove(&tenant); }
                woken = wakeups.recv() => if due.hear(&woken).is_break() { break },
            }
        }
        while under_way.next().await.is_some() {}
    }

    async fn follow_one(&self, tenant: TenantId, position: Position) {
        if let Err(error) = self.catch_up(tenant, position).await {
            tracing::error!(tenant.id = %tenant, error = error.chain(), "read models cannot be caught up");
        }
    }

    /// Sweeps now and then, until its task is ended.
    pub(crate) async fn sweep_every(self, pause: Duration) {
        let mut known = BTreeMap::new();
        let mut ticks = tokio::time::interval(pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sweep(&mut known).await {
                tracing::error!(error = error.chain(), "the sweep could not look at all streams");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::{Position, TenantId};
    use ulid::Ulid;

    use super::{AT_ONCE, Due};

    fn tenant(id: u128) -> TenantId {
        TenantId::new(Ulid(id))
    }

    #[test]
    fn a_tenant_written_to_many_times_is_due_once_at_its_latest_position() {
        let mut due = Due::default();
        for position in [3, 9, 5] {
            due.note(tenant(1), Position::new(position));
        }
        assert_eq!(due.take(), Some((tenant(1), Position::new(9))));
        assert_eq!(due.take(), None);
    }

    #[test]
    fn a_tenant_under_way_waits_and_others_pass_it() {
        let mut due = Due::default();
        due.note(tenant(1), Position::new(1));
        assert!(due.take().is_some());
        due.note(tenant(1), Position::new(2));
        due.note(tenant(2), Position::new(1));
        assert_eq!(due.take(), Some((tenant(2), Position::new(1))));
        assert_eq!(due.take(), None);
        due.busy.remove(&tenant(1));
        assert_eq!(due.take(), Some((tenant(1), Position::new(2))));
    }

    #[test]
    fn no_more_than_a_few_are_under_way() {
        let mut due = Due::default();
        for id in 1..100 {
            due.note(tenant(id), Position::new(1));
        }
        let taken = std::iter::from_fn(|| due.take()).count();
        assert_eq!(taken, AT_ONCE);
    }
}
