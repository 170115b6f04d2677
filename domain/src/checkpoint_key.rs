//! Checkpoint key: that another key seals the streams from now on, in words that the old key and the new one have both signed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Moment, Rejection};

/// A key that took over, as its event has made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckpointKey {
    /// No event yet.
    #[default]
    Absent,
    /// It took over.
    Recorded,
}

/// What can be asked of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointKeyCommand {
    /// Records that it took over.
    Record(CheckpointKeyRotated),
}

events! {
    /// What happened to a key.
    pub enum CheckpointKeyEvent {
        /// It took over from another.
        Rotated(CheckpointKeyRotated) = "checkpoint_key.rotated" v 1,
    }
}

/// It took over from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointKeyRotated {
    /// The key, `name+hash+key`.
    pub verifier_key: String,
    /// The key before it.
    pub previous: String,
    /// From when on it signs.
    pub from: DateTime<Utc>,
    /// The note in which the old key vouches for the new one, signed by both.
    pub note: String,
}

impl CheckpointKey {
    #[expect(clippy::unnecessary_wraps, reason = "the shape of every aggregate's rule")]
    fn decide(
        &self,
        command: CheckpointKeyCommand,
        _: &Moment,
    ) -> Result<Vec<CheckpointKeyEvent>, Rejection> {
        let CheckpointKeyCommand::Record(rotated) = command;
        Ok(match self {
            Self::Absent => vec![CheckpointKeyEvent::Rotated(rotated)],
            Self::Recorded => Vec::new(),
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "the shape of every aggregate's step")]
    fn evolve(&mut self, event: CheckpointKeyEvent) {
        let CheckpointKeyEvent::Rotated(_) = event;
        *self = Self::Recorded;
    }
}

aggregate!(CheckpointKey, "checkpoint_key", CheckpointKeyCommand, CheckpointKeyEvent);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Root};

    #[test]
    fn a_rotation_is_recorded_once() {
        let rotated = CheckpointKeyRotated {
            verifier_key: "draxis+1+b".to_owned(),
            previous: "draxis+2+a".to_owned(),
            from: DateTime::UNIX_EPOCH,
            note: "note".to_owned(),
        };
        let moment = Moment::new(DateTime::UNIX_EPOCH, Actor::Runner);
        let mut key = CheckpointKey::default();
        let command = CheckpointKeyCommand::Record(rotated.clone());
        let events = Root::decide(&key, command.clone(), &moment).unwrap();
        assert_eq!(events, [CheckpointKeyEvent::Rotated(rotated)]);
        cqrs_es::Aggregate::apply(&mut key, events[0].clone());
        assert_eq!(Root::decide(&key, command, &moment), Ok(Vec::new()));
    }
}
