//! What happened to a risk.

use serde::{Deserialize, Serialize};

use crate::risk::RiskBody;
use crate::{ControlId, OutcomeId, RiskId};

events! {
    /// What happened to a risk.
    pub enum RiskEvent {
        /// It came into being.
        Defined(Box<RiskDefined>) = "risk.defined" v 1,
        /// What it is was replaced.
        Edited(Box<RiskEdited>) = "risk.edited" v 1,
        /// It was linked to a control.
        ControlLinked(ControlLinked) = "risk.control_linked" v 1,
        /// It is no longer linked to a control.
        ControlUnlinked(ControlLinked) = "risk.control_unlinked" v 1,
        /// It was linked to an outcome.
        OutcomeLinked(OutcomeLinked) = "risk.outcome_linked" v 1,
        /// It is no longer linked to an outcome.
        OutcomeUnlinked(OutcomeLinked) = "risk.outcome_unlinked" v 1,
        /// It was taken out of use.
        Archived(RiskArchived) = "risk.archived" v 1,
    }
}

/// It came into being, as version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskDefined {
    /// Its id.
    pub id: RiskId,
    /// What it is.
    #[serde(flatten)]
    pub body: RiskBody,
}

/// What it is was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskEdited {
    /// The version this edit made.
    pub version: u64,
    /// What it is from now on.
    #[serde(flatten)]
    pub body: RiskBody,
}

/// A link to a control was made or undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlLinked {
    /// The version this made.
    pub version: u64,
    /// The control.
    pub control_id: ControlId,
}

/// A link to an outcome was made or undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeLinked {
    /// The version this made.
    pub version: u64,
    /// The outcome.
    pub outcome_id: OutcomeId,
}

/// It was taken out of use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskArchived {}
