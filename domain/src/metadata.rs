//! Metadata: who, why and because of what, beside every event.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Actor, EventId, Reason};

/// What is known of an event's origin. On the wire a flat object of strings in this order, which is also cqrs-es's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Who did it.
    pub actor: Actor,
    /// The person behind the actor, where somebody acts inside a tenant they are no member of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonator: Option<AccountId>,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The command's idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The event that caused this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// What this belongs to: one source run, one workflow run, one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// How many reactions lie between a person, schedule or connector and this event (hazards H11).
    #[serde(default, skip_serializing_if = "Depth::is_zero")]
    pub depth: Depth,
    /// The HTTP request that brought the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Metadata {
    /// Metadata that names the actor and nothing else.
    pub const fn by(actor: Actor) -> Self {
        Self {
            actor,
            impersonator: None,
            reason: None,
            command: None,
            causation: None,
            correlation: None,
            depth: Depth(0),
            request: None,
        }
    }

    /// Metadata of what follows from an event with this metadata.
    #[must_use]
    pub fn caused(&self, cause: EventId, actor: Actor) -> Self {
        Self {
            causation: Some(cause),
            correlation: self.correlation.clone(),
            depth: self.depth.next(),
            ..Self::by(actor)
        }
    }
}

/// A number of reactions, as text on the wire.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct Depth(pub u8);

impl Depth {
    /// Whether this is the first in its chain.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if hands a reference")]
    fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// The depth of what follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl TryFrom<String> for Depth {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<Depth> for String {
    fn from(depth: Depth) -> Self {
        depth.0.to_string()
    }
}
