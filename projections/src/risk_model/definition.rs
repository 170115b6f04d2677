//! Outcomes, controls and vendors as they are read: a definition each, and nothing that moves by itself.

use chrono::{DateTime, Utc};
use draxis_domain::control::{ControlEvent, ControlState};
use draxis_domain::outcome::OutcomeEvent;
use draxis_domain::vendor::{Criticality, VendorEvent};
use draxis_domain::{AccountId, ControlId, Description, Name, OutcomeId, Recorded, TenantEvent, VendorId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeRow {
    /// Its id.
    pub id: OutcomeId,
    /// Counts edits; the `ETag`.
    pub version: u64,
    /// What people call it.
    pub name: Name,
    /// What it means.
    pub description: Option<Description>,
    /// Whether it is out of use.
    pub archived: bool,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlRow {
    /// Its id.
    pub id: ControlId,
    /// Counts edits; the `ETag`.
    pub version: u64,
    /// What people call it.
    pub name: Name,
    /// What it does.
    pub description: Option<Description>,
    /// Who answers for it.
    pub owner: Option<AccountId>,
    /// How well it works.
    pub state: ControlState,
    /// Whether it is out of use.
    pub archived: bool,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A third party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VendorRow {
    /// Its id.
    pub id: VendorId,
    /// Counts edits; the `ETag`.
    pub version: u64,
    /// What people call it.
    pub name: Name,
    /// What it does for the tenant.
    pub description: Option<Description>,
    /// Who answers for the relation.
    pub owner: Option<AccountId>,
    /// How much hangs on it.
    pub criticality: Criticality,
    /// Whether it is out of use.
    pub archived: bool,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl OutcomeRow {
    /// What its keys begin with.
    pub(crate) const NOUN: &'static str = "outcome";

    pub(super) fn apply(
        row: Option<Box<Self>>,
        event: &OutcomeEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        let at = told.recorded_at;
        match event {
            OutcomeEvent::Defined(defined) => Some(Box::new(Self {
                id: defined.id,
                version: 1,
                name: defined.name.clone(),
                description: defined.description.clone(),
                archived: false,
                created_at: at,
                updated_at: at,
            })),
            OutcomeEvent::Edited(edited) => row.map(|mut row| {
                row.version = edited.version;
                row.name = edited.name.clone();
                row.description.clone_from(&edited.description);
                row.updated_at = at;
                row
            }),
            OutcomeEvent::Archived(_) => row.map(|mut row| {
                row.archived = true;
                row.updated_at = at;
                row
            }),
        }
    }
}

impl ControlRow {
    /// What its keys begin with.
    pub(crate) const NOUN: &'static str = "control";

    pub(super) fn apply(
        row: Option<Box<Self>>,
        event: &ControlEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        let at = told.recorded_at;
        match event {
            ControlEvent::Defined(defined) => Some(Box::new(Self {
                id: defined.id,
                version: 1,
                name: defined.body.name.clone(),
                description: defined.body.description.clone(),
                owner: defined.body.owner,
                state: defined.body.state,
                archived: false,
                created_at: at,
                updated_at: at,
            })),
            ControlEvent::Edited(edited) => row.map(|mut row| {
                row.version = edited.version;
                row.name = edited.body.name.clone();
                row.description.clone_from(&edited.body.description);
                row.owner = edited.body.owner;
                row.state = edited.body.state;
                row.updated_at = at;
                row
            }),
            ControlEvent::Archived(_) => row.map(|mut row| {
                row.archived = true;
                row.updated_at = at;
                row
            }),
        }
    }
}

impl VendorRow {
    /// What its keys begin with.
    pub(crate) const NOUN: &'static str = "vendor";

    pub(super) fn apply(
        row: Option<Box<Self>>,
        event: &VendorEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        let at = told.recorded_at;
        match event {
            VendorEvent::Defined(defined) => Some(Box::new(Self {
                id: defined.id,
                version: 1,
                name: defined.body.name.clone(),
                description: defined.body.description.clone(),
                owner: defined.body.owner,
                criticality: defined.body.criticality,
                archived: false,
                created_at: at,
                updated_at: at,
            })),
            VendorEvent::Edited(edited) => row.map(|mut row| {
                row.version = edited.version;
                row.name = edited.body.name.clone();
                row.description.clone_from(&edited.body.description);
                row.owner = edited.body.owner;
                row.criticality = edited.body.criticality;
                row.updated_at = at;
                row
            }),
            VendorEvent::Archived(_) => row.map(|mut row| {
                row.archived = true;
                row.updated_at = at;
                row
            }),
        }
    }
}
