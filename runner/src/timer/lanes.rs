//! Lanes: for each a bell, rung when something in it is due at once so that the others sleep on, and the places of this process.

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::timer::places::Places;
use crate::timer::{Lane, TimerSettings};

/// The lanes of a process.
#[derive(Debug)]
pub(super) struct Lanes {
    decisions: (Notify, Places),
    outside: (Notify, Places),
    runs: (Notify, Places),
}

impl Lanes {
    pub(super) fn new(settings: &TimerSettings) -> Self {
        let lane = |lane| (Notify::new(), Places::new(settings.of(lane)));
        Self { decisions: lane(Lane::Decisions), outside: lane(Lane::Outside), runs: lane(Lane::Runs) }
    }

    /// The next time that the lane's bell is rung, from now on.
    pub(super) fn heard(&self, lane: Lane) -> Notified<'_> {
        self.of(lane).0.notified()
    }

    /// Wakes the lane.
    pub(super) fn ring(&self, lane: Lane) {
        self.of(lane).0.notify_waiters();
    }

    /// The lane's places.
    pub(super) const fn places(&self, lane: Lane) -> &Places {
        &self.of(lane).1
    }

    const fn of(&self, lane: Lane) -> &(Notify, Places) {
        match lane {
            Lane::Decisions => &self.decisions,
            Lane::Outside => &self.outside,
            Lane::Runs => &self.runs,
        }
    }
}
