//! Timers in Postgres: what the fold of a tenant's log keeps of them, and leasing those that are due to one worker at a time.
//!
//! What is due and when is told by the log alone; deleting the rows and folding it again gives the same. Whether a timer is
//! done, how often it failed and who holds it is kept beside that, by database time only (hazards H14).

mod claim;
mod fold;

use chrono::{DateTime, Utc};
use draxis_domain::EventId;

pub use claim::{
    ClaimDurability, ClaimedTimer, TimerClaim, claim_timers, drop_timer, find_claimed, finish_timer,
    hand_back_timer, hold_timer, retry_timer,
};
pub use fold::{
    PutTimer, TimerCheckpoint, TimerProgress, load_timers, lock_timer_checkpoint, put_timers, remove_timers,
    timer_memos, timers_of,
};

/// What a timer is of: its kind's name and the id of what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerName {
    /// The kind.
    pub kind: String,
    /// The id.
    pub subject: String,
}

/// A timer as the fold left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTimer {
    /// When it is due; none while it waits for an event.
    pub due_at: Option<DateTime<Utc>>,
    /// The event that made it due then.
    pub cause: EventId,
    /// What the fold must know at the next event, as JSON text.
    pub memo: String,
}
