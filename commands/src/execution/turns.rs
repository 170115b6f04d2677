//! Turns: commands of this process that would only race each other for one aggregate wait for one another instead.
//!
//! Never more than a courtesy: what another process does is found by the append's own check.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use draxis_domain::TenantId;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

/// How long a turn is waited for; after that the command takes its chance.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many aggregates may be known before those that nobody waits for are forgotten.
const MOST: usize = 1_024;

type Aggregate = (TenantId, &'static str, String);

/// Who has the turn at which aggregate.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<BTreeMap<Aggregate, Weak<tokio::sync::Mutex<()>>>>>);

impl Turns {
    /// Waits for a turn at the aggregate, which ends when what is answered is dropped.
    pub(super) async fn take(&self, aggregate: Aggregate) -> Option<OwnedMutexGuard<()>> {
        timeout(PATIENCE, self.of(aggregate).lock_owned()).await.ok()
    }

    fn of(&self, aggregate: Aggregate) -> Arc<tokio::sync::Mutex<()>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = known.entry(aggregate).or_default();
        turn.upgrade().unwrap_or_else(|| {
            let fresh = Arc::default();
            *turn = Arc::downgrade(&fresh);
            fresh
        })
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::TenantId;
    use futures_util::FutureExt;

    use super::{MOST, Turns};

    fn aggregate(name: &str) -> super::Aggregate {
        (TenantId::PLATFORM, "workflow", name.to_owned())
    }

    #[tokio::test]
    async fn one_at_a_time_has_the_turn_and_others_are_not_held_up() {
        let turns = Turns::default();
        let first = turns.take(aggregate("one")).await;
        let mut second = Box::pin(turns.take(aggregate("one")));
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        assert!(turns.take(aggregate("other")).now_or_never().is_some());
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_forgotten() {
        let turns = Turns::default();
        let held = turns.take(aggregate("held")).await;
        for n in 0..3 * MOST {
            drop(turns.take(aggregate(&n.to_string())).await);
        }
        assert!(turns.0.lock().unwrap().len() <= MOST);
        assert!(turns.take(aggregate("held")).now_or_never().is_none(), "who holds it still does");
        drop(held);
    }
}
