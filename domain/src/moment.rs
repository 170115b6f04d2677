//! The moment of a decision: everything a rule may know besides its state and its command.

use chrono::{DateTime, Utc};

use crate::{AccountId, Actor, Rejection};

/// When, by whom and against which version a command is decided. Rules take time from here and from nowhere else.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// Who gives the command.
    pub actor: Actor,
    /// The person behind the actor, where it is an impersonation.
    pub impersonator: Option<AccountId>,
    /// The version the caller has seen (`If-Match`), where it said so.
    pub expected_version: Option<u64>,
}

impl Moment {
    /// A moment without an impersonator or an expected version.
    pub const fn new(now: DateTime<Utc>, actor: Actor) -> Self {
        Self { now, actor, impersonator: None, expected_version: None }
    }

    /// Refuses an edit made against another version than the current one (product.md section 7: a stale one is 412).
    pub fn must_match(&self, current: u64) -> Result<(), Rejection> {
        match self.expected_version {
            Some(seen) if seen != current => Err(Rejection::Stale { current }),
            Some(_) | None => Ok(()),
        }
    }
}
