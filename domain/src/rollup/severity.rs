//! Severity: a rolled-up level, what made it so, and how much of what lies beneath is known.

use serde::Serialize;

use crate::control::ControlState;
use crate::kri::Status;
use crate::rollup::KriLine;
use crate::{ControlId, KriId, RiskId};

/// A rolled-up level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Severity {
    /// The level.
    pub status: Status,
    /// What made it so: every item at the level, and the controls that raised it.
    pub because: Vec<Cause>,
    /// How many of the items right beneath are unknown or stale.
    pub unknown: usize,
    /// How much of what lies beneath is measured.
    pub coverage: Coverage,
}

/// How many of the KRIs beneath have a fresh value, each counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Those that do.
    pub measured: usize,
    /// All of them.
    pub total: usize,
}

/// One item that made a level what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Cause {
    /// A KRI.
    Kri {
        /// Which.
        id: KriId,
        /// What its value means; a stale green one counts as unknown.
        status: Status,
        /// Whether it is stale.
        stale: bool,
    },
    /// A risk.
    Risk {
        /// Which.
        id: RiskId,
        /// Its severity.
        status: Status,
    },
    /// A control that raised the level.
    Control {
        /// Which.
        id: ControlId,
        /// How well it works.
        state: ControlState,
    },
}

impl Cause {
    pub(super) fn kri(line: &KriLine) -> Self {
        Self::Kri { id: line.id, status: line.status, stale: line.stale }
    }
}
