//! Audit: that somebody looked at a stream, what they looked at, and that somebody acted in a tenant they are no member of.
//!
//! Each look is an aggregate of its own, named by its reader, so that none waits for another. A look whose name is computed
//! from what was looked at and when is recorded once, however often it is repeated.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{AccountId, EventId, Moment, Position, Rejection};

/// A look as its event has made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audit {
    /// No event yet: nobody looked so.
    #[default]
    Absent,
    /// Somebody did.
    Recorded,
}

/// What can be asked of a look.
#[derive(Debug, Clone, PartialEq)]
pub enum AuditCommand {
    /// Records it.
    Record(AuditEvent),
}

events! {
    /// What somebody did with a stream besides changing it.
    pub enum AuditEvent {
        /// Read a part of it.
        Read(StreamRead) = "audit.read" v 1,
        /// Exported a part of it.
        Exported(StreamExported) = "audit.exported" v 1,
        /// Had a bundle verified, or the stream itself.
        Verified(BundleVerified) = "audit.verified" v 1,
        /// Looked at the past.
        Replayed(StreamReplayed) = "audit.replayed" v 1,
        /// Took a token for the tenant without being a member.
        Impersonated(TenantImpersonated) = "audit.impersonated" v 1,
    }
}

/// Which part of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StreamPart {
    /// Events after this position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// Events up to this position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Position>,
    /// Recorded at or after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Recorded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Of aggregates of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_type: Option<String>,
    /// Of this aggregate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_id: Option<String>,
    /// Of this wire name.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// By this actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Belonging to this run or request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
}

/// Read a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamRead {
    /// Which part.
    pub part: StreamPart,
}

/// Exported a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamExported {
    /// In which form: `ndjson`, `cloudevents` or `bundle`.
    pub format: String,
    /// Which part.
    pub part: StreamPart,
}

/// Had a bundle verified, or the stream itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleVerified {
    /// The stream that was verified, or that the bundle says to be of; none where even that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether every byte shown is what was sealed.
    pub integrity: Judgement,
    /// Whether nothing that belongs to it is missing.
    pub completeness: Judgement,
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It holds.
    Holds,
    /// It does not.
    Refused,
}

/// Looked at the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamReplayed {
    /// In which way.
    pub view: ReplayView,
    /// As of which time, where it was given as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// The first position of what was compared or walked through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Position>,
    /// The position as of which it was, or the last of what was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Position>,
    /// Which read model, where it was one of them by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The event that was explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
}

/// In which way somebody looked at the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayView {
    /// The dashboard as it was.
    Dashboard,
    /// The rows of a read model as they were.
    ReadModel,
    /// What changed between two points.
    Difference,
    /// Why something happened, and what came of it.
    Explanation,
    /// Event by event.
    Walk,
    /// A workflow's definition tried on it.
    Backtest,
}

/// Took a token for the tenant without being a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantImpersonated {
    /// Who.
    pub account_id: AccountId,
}

impl Audit {
    #[expect(clippy::unnecessary_wraps, reason = "the shape of every aggregate's rule")]
    fn decide(&self, command: AuditCommand, _: &Moment) -> Result<Vec<AuditEvent>, Rejection> {
        let AuditCommand::Record(event) = command;
        Ok(match self {
            Self::Absent => vec![event],
            Self::Recorded => Vec::new(),
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "the shape of every aggregate's step")]
    fn evolve(&mut self, event: AuditEvent) {
        match event {
            AuditEvent::Read(_)
            | AuditEvent::Exported(_)
            | AuditEvent::Verified(_)
            | AuditEvent::Replayed(_)
            | AuditEvent::Impersonated(_) => *self = Self::Recorded,
        }
    }
}

aggregate!(Audit, "audit", AuditCommand, AuditEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::Actor;

    fn look() -> AuditEvent {
        let part = StreamPart { aggregate_type: Some("kri".to_owned()), ..StreamPart::default() };
        AuditEvent::Read(StreamRead { part })
    }

    #[test]
    fn a_look_is_recorded_once() {
        let moment = Moment::new(DateTime::UNIX_EPOCH, Actor::Public);
        let mut audit = Audit::default();
        assert_eq!(audit.decide(AuditCommand::Record(look()), &moment), Ok(vec![look()]));
        audit.evolve(look());
        assert_eq!(audit.decide(AuditCommand::Record(look()), &moment), Ok(Vec::new()));
    }
}
