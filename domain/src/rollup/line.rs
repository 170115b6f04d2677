//! What is rolled up: one plain line for each thing in use, as the read side keeps it.

use std::collections::BTreeSet;

use crate::kri::Status;
use crate::risk::RiskStatus;
use crate::{ControlId, KriId, OutcomeId, RiskId};

/// A KRI and what it is linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KriLine {
    /// Its id.
    pub id: KriId,
    /// What its value means.
    pub status: Status,
    /// Whether its reading no longer stands for the present.
    pub stale: bool,
    /// The risks it measures.
    pub risk_ids: BTreeSet<RiskId>,
    /// The outcome it stands for.
    pub outcome_id: Option<OutcomeId>,
}

/// A risk and what it is linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskLine {
    /// Its id.
    pub id: RiskId,
    /// What is done about it.
    pub status: RiskStatus,
    /// The controls that hold it down.
    pub control_ids: BTreeSet<ControlId>,
    /// The outcomes it threatens.
    pub outcome_ids: BTreeSet<OutcomeId>,
}

impl KriLine {
    /// What it counts as: stale is at least unknown, never healthy (hazards H6).
    pub fn counts_as(&self) -> Status {
        if self.stale { self.status.max(Status::Unknown) } else { self.status }
    }

    /// Whether its status is known to hold now.
    pub fn measured(&self) -> bool {
        !self.stale && self.status != Status::Unknown
    }
}
