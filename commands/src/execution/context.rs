//! The context of a command: who, why, under which key, against which version, because of what.

use draxis_domain::{Depth, EventId, Metadata, Position, Reason};
use draxis_event_store::{CommandKey, StoredEvent, Unless};

use crate::{Caller, CommandError};

/// Everything about a command besides what it asks.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who asks.
    pub caller: Caller,
    /// Why, where they said so.
    pub reason: Option<Reason>,
    /// Their `Idempotency-Key`, with what was asked under it.
    pub key: Option<CommandKey>,
    /// The version they have seen (`If-Match`).
    pub expected_version: Option<u64>,
    /// The HTTP request.
    pub request: Option<String>,
    /// What this belongs to, such as a run.
    pub correlation: Option<String>,
    /// The event that caused it.
    pub causation: Option<EventId>,
    /// How many reactions lie before it (hazards H11).
    pub depth: Depth,
    /// What would overtake it, where it is decided on more than its own aggregate.
    pub unless: Option<Unless>,
}

impl Context {
    /// A context that names the caller and nothing else.
    pub const fn of(caller: Caller) -> Self {
        Self {
            caller,
            reason: None,
            key: None,
            expected_version: None,
            request: None,
            correlation: None,
            causation: None,
            depth: Depth(0),
            unless: None,
        }
    }

    /// The same for a decision that stands on the stream as it was read: any of these events recorded since overtakes it.
    #[must_use]
    pub fn unless(mut self, since: Position, events: &'static [&'static str]) -> Self {
        self.unless = Some(Unless { since, events });
        self
    }

    /// The same for what a person does about something that was recorded: it follows from that, so that whoever has one explained
    /// is led on to the other.
    pub(crate) fn following(&self, event: &StoredEvent) -> Result<Self, CommandError> {
        let before: Metadata = serde_json::from_str(&event.metadata).map_err(CommandError::failed)?;
        Ok(Self {
            causation: self.causation.or_else(|| event.event_id.parse().ok()),
            correlation: self.correlation.clone().or(before.correlation),
            depth: before.depth.next(),
            ..self.clone()
        })
    }

    /// The same with the reason from the command's body.
    #[must_use]
    pub fn because(mut self, reason: Option<Reason>) -> Self {
        self.reason = reason.or(self.reason);
        self
    }

    /// What stands beside each event of the command.
    pub(crate) fn metadata(&self) -> Metadata {
        Metadata {
            impersonator: self.caller.impersonator,
            reason: self.reason.clone().or_else(|| self.caller.reason.clone()),
            command: self.key.as_ref().map(|key| key.key.clone()),
            causation: self.causation,
            correlation: self.correlation.clone(),
            depth: self.depth,
            request: self.request.clone(),
            ..Metadata::by(self.caller.actor)
        }
    }
}
