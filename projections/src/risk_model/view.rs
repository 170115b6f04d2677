//! Views: a row with what the rest of the model makes of it. The view is the response.

use std::collections::BTreeSet;

use draxis_domain::control::ControlState;
use draxis_domain::kri::Status;
use draxis_domain::rollup::{Cause, Coverage, Severity};
use draxis_domain::{ControlId, KriId, Name, RiskId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::risk_model::{ControlRow, KriRow, ModelAt, OutcomeRow, RiskModelRow, RiskRow};

/// A KRI, and whether it rolls up to anything.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KriView {
    /// The KRI.
    #[serde(flatten)]
    pub kri: KriRow,
    /// Whether it is linked to nothing in use, so that it shows but does not roll up.
    pub unlinked: bool,
}

/// A risk, and how bad its KRIs and controls say that it is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskView {
    /// The risk.
    #[serde(flatten)]
    pub risk: RiskRow,
    /// The worst of its KRIs, one level worse where a control is ineffective.
    pub severity: Status,
    /// What made it so.
    pub because: Vec<CauseView>,
    /// How many of its KRIs are unknown or stale.
    pub unknown: usize,
    /// How many of its KRIs are measured.
    pub coverage: Coverage,
    /// The KRIs that measure it.
    pub kri_ids: BTreeSet<KriId>,
}

/// An outcome, and how badly it is threatened.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeView {
    /// The outcome.
    #[serde(flatten)]
    pub outcome: OutcomeRow,
    /// The worst of the risks that still threaten it.
    pub status: Status,
    /// What made it so.
    pub because: Vec<CauseView>,
    /// How many of the items right beneath are unknown or stale.
    pub unknown: usize,
    /// How many of the KRIs beneath are measured.
    pub coverage: Coverage,
    /// The risks that threaten it.
    pub risk_ids: BTreeSet<RiskId>,
    /// The KRIs that stand for it.
    pub kri_ids: BTreeSet<KriId>,
}

/// A control, and the risks it holds down.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlView {
    /// The control.
    #[serde(flatten)]
    pub control: ControlRow,
    /// The risks it holds down.
    pub risk_ids: BTreeSet<RiskId>,
}

/// One item that made a level what it is, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum CauseView {
    /// A KRI.
    Kri {
        /// Which.
        id: KriId,
        /// Its name.
        name: Name,
        /// What its value means; a stale green one counts as unknown.
        status: Status,
        /// Whether it is stale.
        stale: bool,
    },
    /// A risk.
    Risk {
        /// Which.
        id: RiskId,
        /// Its name.
        name: Name,
        /// Its severity.
        status: Status,
    },
    /// A control that raised the level.
    Control {
        /// Which.
        id: ControlId,
        /// Its name.
        name: Name,
        /// How well it works.
        state: ControlState,
    },
}

/// A level in the words of a view; nothing is known of what is out of use.
struct Level {
    status: Status,
    because: Vec<CauseView>,
    unknown: usize,
    coverage: Coverage,
}

impl ModelAt {
    pub(crate) fn view_kri(&self, kri: &KriRow) -> KriView {
        KriView { kri: kri.clone(), unlinked: self.levels.unlinked.contains(&kri.id) }
    }

    pub(crate) fn view_risk(&self, risk: &RiskRow) -> RiskView {
        let level = self.level(self.levels.risks.get(&risk.id));
        RiskView {
            risk: risk.clone(),
            severity: level.status,
            because: level.because,
            unknown: level.unknown,
            coverage: level.coverage,
            kri_ids: self.links.kris_of_risk.get(&risk.id).cloned().unwrap_or_default(),
        }
    }

    pub(crate) fn view_outcome(&self, outcome: &OutcomeRow) -> OutcomeView {
        let level = self.level(self.levels.outcomes.get(&outcome.id));
        OutcomeView {
            outcome: outcome.clone(),
            status: level.status,
            because: level.because,
            unknown: level.unknown,
            coverage: level.coverage,
            risk_ids: self.links.risks_of_outcome.get(&outcome.id).cloned().unwrap_or_default(),
            kri_ids: self.links.kris_of_outcome.get(&outcome.id).cloned().unwrap_or_default(),
        }
    }

    pub(crate) fn view_control(&self, control: &ControlRow) -> ControlView {
        let risk_ids = self.links.risks_of_control.get(&control.id).cloned().unwrap_or_default();
        ControlView { control: control.clone(), risk_ids }
    }

    fn level(&self, severity: Option<&Severity>) -> Level {
        severity.map_or_else(
            || Level {
                status: Status::Unknown,
                because: Vec::new(),
                unknown: 0,
                coverage: Coverage::default(),
            },
            |severity| Level {
                status: severity.status,
                because: severity.because.iter().filter_map(|cause| self.named(cause)).collect(),
                unknown: severity.unknown,
                coverage: severity.coverage,
            },
        )
    }

    fn named(&self, cause: &Cause) -> Option<CauseView> {
        Some(match *cause {
            Cause::Kri { id, status, stale } => {
                CauseView::Kri { id, name: self.name(KriRow::NOUN, &id.to_string())?, status, stale }
            }
            Cause::Risk { id, status } => {
                CauseView::Risk { id, name: self.name(RiskRow::NOUN, &id.to_string())?, status }
            }
            Cause::Control { id, state } => {
                CauseView::Control { id, name: self.name(ControlRow::NOUN, &id.to_string())?, state }
            }
        })
    }

    fn name(&self, noun: &str, id: &str) -> Option<Name> {
        let name = match self.find(noun, id)? {
            RiskModelRow::Kri(row) => &row.name,
            RiskModelRow::Risk(row) => &row.name,
            RiskModelRow::Outcome(row) => &row.name,
            RiskModelRow::Control(row) => &row.name,
            RiskModelRow::Vendor(row) => &row.name,
            RiskModelRow::Days(_) => return None,
        };
        Some(name.clone())
    }
}
