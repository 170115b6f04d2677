//! What is taken to have been otherwise.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::Quantity;
use crate::workflow::{KriRef, Party, Span};

/// What is taken to have been otherwise; all else is as it was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WhatIf {
    /// Other thresholds.
    pub thresholds: Vec<OtherThresholds>,
    /// What becomes of the workflow's pauses.
    pub pauses: Pauses,
    /// How long a run takes that there was not.
    pub runs_take: Option<Span>,
    /// After how long everybody who is asked answers.
    pub answers_take: Option<Span>,
    /// Who is away.
    pub absences: Vec<Absence>,
}

/// Other thresholds of one KRI, from its beginning on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OtherThresholds {
    /// Which KRI.
    pub kri: KriRef,
    /// Where it turns amber.
    pub warn: Quantity,
    /// Where it turns red.
    pub critical: Quantity,
}

/// What becomes of the workflow's pauses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pauses {
    /// They are as they were.
    #[default]
    AsRecorded,
    /// There are none: the definition is in force all the time.
    None,
}

/// Somebody is away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Absence {
    /// Who: an approver as the definition names them.
    pub approver: Party,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
}

impl WhatIf {
    /// No more of either can be asked about at once.
    pub const MOST: usize = 20;

    pub(super) fn runs_take(&self) -> Duration {
        self.runs_take.map_or(Duration::zero(), Span::duration)
    }

    /// Whether an approver is away all the time between two instants.
    pub(super) fn is_away(&self, approver: Party, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        self.absences.iter().any(|away| away.approver == approver && away.from <= from && to <= away.to)
    }
}
