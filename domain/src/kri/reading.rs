//! Readings: what was observed, when and by whom, and what a person may later say about it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kri::stale_at;
use crate::source::Schedule;
use crate::{Comment, Quantity, Reason, RunId, Sequence, SourceId};

/// A reading as it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReading {
    /// What was read.
    pub value: Quantity,
    /// When it was true.
    pub observed_at: DateTime<Utc>,
    /// The source that read it; none where a person did.
    pub source_id: Option<SourceId>,
    /// The run of the source that read it; none where it was pushed.
    pub run_id: Option<RunId>,
    /// What the person remarks on it.
    pub note: Option<Comment>,
    /// From when on it may no longer stand for the present, whatever the schedule.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The body of a manual value, `POST /api/kris/<id>/values`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadingBody {
    /// What was read.
    pub value: Quantity,
    /// When it was true; now, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<DateTime<Utc>>,
    /// From when on it may no longer stand for the present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// What the person remarks on it; goes into the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Comment>,
    /// Why it is entered; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

impl ReadingBody {
    /// The reading a person enters at that time.
    pub fn entered_at(self, now: DateTime<Utc>) -> NewReading {
        NewReading {
            value: self.value,
            observed_at: self.observed_at.unwrap_or(now),
            source_id: None,
            run_id: None,
            note: self.note,
            expires_at: self.expires_at,
        }
    }
}

/// The body of a correction of a past value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrectionBody {
    /// What should have been read; `null` where nothing should. Never left out, so that forgetting it withdraws nothing.
    #[serde(deserialize_with = "Option::deserialize")]
    pub value: Option<Quantity>,
    /// Why; goes to the event's metadata.
    #[serde(skip_serializing)]
    pub reason: Reason,
}

/// What the log says of a reading that is no longer kept in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastReading {
    /// When it was true.
    pub observed_at: DateTime<Utc>,
    /// What stands of it: as read or as last corrected, nothing where it was withdrawn.
    pub stands: Option<Quantity>,
    /// The KRI's last event when the log was asked: what has happened since, the log did not say.
    pub seen: Sequence,
}

/// A reading as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The place in the KRI of the event that recorded it: its name in corrections.
    pub sequence: Sequence,
    /// When it was true.
    pub observed_at: DateTime<Utc>,
    /// The run that read it.
    pub run_id: Option<RunId>,
    /// What was read.
    pub read: Quantity,
    /// What stands of it: as read or as last corrected, nothing where it was withdrawn.
    pub stands: Option<Quantity>,
    /// From when on it may no longer stand for the present.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Reading {
    /// Its place among readings, and who it is: two readings of one time by two runs are told apart by the run.
    pub(super) const fn key(&self) -> (DateTime<Utc>, Option<RunId>) {
        (self.observed_at, self.run_id)
    }

    /// From when on it is stale: at its expiry or by schedule, whichever comes first.
    pub fn stale_at(&self, schedule: Option<Schedule>) -> Option<DateTime<Utc>> {
        let by_schedule = schedule.and_then(|schedule| stale_at(self.observed_at, schedule));
        match (self.expires_at, by_schedule) {
            (Some(expiry), Some(due)) => Some(expiry.min(due)),
            (Some(only), None) | (None, Some(only)) => Some(only),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CorrectionBody, ReadingBody};

    #[test]
    fn a_correction_says_outright_whether_it_withdraws() {
        let read = |text: &str| serde_json::from_str::<CorrectionBody>(text);
        assert_eq!(read(r#"{"value":null,"reason":"wrong scope"}"#).unwrap().value, None);
        assert!(read(r#"{"reason":"wrong scope"}"#).is_err(), "a forgotten value withdraws nothing");
        assert!(read(r#"{"value":"3"}"#).is_err(), "a correction has a reason");
    }

    #[test]
    fn a_manual_value_is_a_decimal_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<ReadingBody>(text);
        assert!(read(r#"{"value":"12.5"}"#).is_ok());
        for wrong in [
            r#"{"value":"NaN"}"#,
            r#"{"value":"123456789012345678901234567890"}"#,
            r#"{"value":null}"#,
            r#"{"value":"1","observed":"2026-01-01T00:00:00Z"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
