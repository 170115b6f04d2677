//! How much is done at once, how long anything may take, and how often the table is looked at.

use std::time::Duration;

use crate::timer::Lane;

/// What the timers of a process may spend.
#[derive(Debug, Clone, Copy)]
pub struct TimerSettings {
    /// How long a lane with nothing to do waits before it looks again; an event that makes something due wakes it at once.
    pub look_every: Duration,
    /// How long after a fold wakeups are gathered before the tenants they name are folded again: as long as the fold took, and this
    /// at the most.
    pub gather: Duration,
    /// How often all streams are looked at for events that no wakeup told of.
    pub sweep_every: Duration,
    /// The pause after a first failure; it doubles with each.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// For commands alone.
    pub decisions: LaneLimits,
    /// For what waits for sources.
    pub outside: LaneLimits,
    /// For runs of workflows.
    pub runs: LaneLimits,
}

/// What one lane of a process may spend.
#[derive(Debug, Clone, Copy)]
pub struct LaneLimits {
    /// Jobs under way.
    pub at_once: u32,
    /// Of these, of one tenant (hazards A4).
    pub of_tenant: u32,
    /// How long a claim holds without another word, by database time.
    pub lease: Duration,
    /// The longest that one job may take.
    pub longest: Duration,
}

impl TimerSettings {
    /// The limits of a lane.
    pub const fn of(&self, lane: Lane) -> LaneLimits {
        match lane {
            Lane::Decisions => self.decisions,
            Lane::Outside => self.outside,
            Lane::Runs => self.runs,
        }
    }
}

impl Default for TimerSettings {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(1),
            gather: Duration::from_millis(10),
            sweep_every: Duration::from_secs(10),
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_mins(10),
            // A lease outlasts the job, so that nobody else takes up what is still being done.
            decisions: LaneLimits {
                at_once: 16,
                of_tenant: 4,
                lease: Duration::from_mins(1),
                longest: Duration::from_secs(30),
            },
            // A run that hangs costs a place and little else, so there are many. Its timer has moved on as soon as the run has
            // begun: the lease need only last until then.
            outside: LaneLimits {
                at_once: 256,
                of_tenant: 8,
                lease: Duration::from_mins(1),
                longest: Duration::from_mins(16),
            },
            // What a run sends is taken for lost after two minutes; a panel that a model leads may think for longer.
            runs: LaneLimits {
                at_once: 64,
                of_tenant: 8,
                lease: Duration::from_mins(8),
                longest: Duration::from_mins(7),
            },
        }
    }
}
