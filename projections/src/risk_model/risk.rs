//! A risk as it is read.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use draxis_domain::risk::{RiskBody, RiskDefined, RiskEvent, RiskStatus, Score};
use draxis_domain::{AccountId, ControlId, Description, Name, OutcomeId, Recorded, RiskId, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A risk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskRow {
    /// Its id.
    pub id: RiskId,
    /// Counts definitions, links included; the `ETag`.
    pub version: u64,
    /// What people call it.
    pub name: Name,
    /// What it means.
    pub description: Option<Description>,
    /// Who answers for it.
    pub owner: Option<AccountId>,
    /// What is done about it.
    pub status: RiskStatus,
    /// How likely it is before any control.
    pub likelihood: Score,
    /// How bad it would be before any control.
    pub impact: Score,
    /// The controls that hold it down.
    pub control_ids: BTreeSet<ControlId>,
    /// The outcomes it threatens.
    pub outcome_ids: BTreeSet<OutcomeId>,
    /// Whether it is out of use.
    pub archived: bool,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
    /// When its definition last changed.
    pub updated_at: DateTime<Utc>,
}

impl RiskRow {
    /// What its keys begin with.
    pub(crate) const NOUN: &'static str = "risk";

    pub(super) fn apply(
        row: Option<Box<Self>>,
        event: &RiskEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        if let RiskEvent::Defined(defined) = event {
            return Some(Box::new(Self::defined(defined, told.recorded_at)));
        }
        let mut row = row?;
        row.evolve(event);
        row.updated_at = told.recorded_at;
        Some(row)
    }

    fn defined(defined: &RiskDefined, at: DateTime<Utc>) -> Self {
        let body = defined.body.clone();
        Self {
            id: defined.id,
            version: 1,
            name: body.name,
            description: body.description,
            owner: body.owner,
            status: body.status,
            likelihood: body.likelihood,
            impact: body.impact,
            control_ids: body.control_ids,
            outcome_ids: body.outcome_ids,
            archived: false,
            created_at: at,
            updated_at: at,
        }
    }

    fn evolve(&mut self, event: &RiskEvent) {
        match event {
            RiskEvent::Defined(_) => {}
            RiskEvent::Edited(edited) => {
                self.version = edited.version;
                self.redefine(edited.body.clone());
            }
            RiskEvent::ControlLinked(linked) => {
                self.version = linked.version;
                self.control_ids.insert(linked.control_id);
            }
            RiskEvent::ControlUnlinked(unlinked) => {
                self.version = unlinked.version;
                self.control_ids.remove(&unlinked.control_id);
            }
            RiskEvent::OutcomeLinked(linked) => {
                self.version = linked.version;
                self.outcome_ids.insert(linked.outcome_id);
            }
            RiskEvent::OutcomeUnlinked(unlinked) => {
                self.version = unlinked.version;
                self.outcome_ids.remove(&unlinked.outcome_id);
            }
            RiskEvent::Archived(_) => self.archived = true,
        }
    }

    fn redefine(&mut self, body: RiskBody) {
        self.name = body.name;
        self.description = body.description;
        self.owner = body.owner;
        self.status = body.status;
        self.likelihood = body.likelihood;
        self.impact = body.impact;
        self.control_ids = body.control_ids;
        self.outcome_ids = body.outcome_ids;
    }
}
