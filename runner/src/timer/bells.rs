//! Bells: one a lane, rung when something in it is due at once, so that the others sleep on.

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::timer::Lane;

/// The bells of a process.
#[derive(Debug, Default)]
pub(super) struct Bells {
    decisions: Notify,
    outside: Notify,
    runs: Notify,
}

impl Bells {
    /// The next time that the lane's bell is rung, from now on.
    pub(super) fn heard(&self, lane: Lane) -> Notified<'_> {
        self.of(lane).notified()
    }

    /// Wakes the lane.
    pub(super) fn ring(&self, lane: Lane) {
        self.of(lane).notify_waiters();
    }

    const fn of(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Decisions => &self.decisions,
            Lane::Outside => &self.outside,
            Lane::Runs => &self.runs,
        }
    }
}
