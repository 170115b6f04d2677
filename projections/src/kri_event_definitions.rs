//! KRI events as they are read: what each declared event type does.

use chrono::{DateTime, Utc};
use draxis_domain::kri_event_definition::{Effect, EventType, KriEventBody, KriEventDefinitionEvent};
use draxis_domain::{Description, KriEventDefinitionId, Recorded, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of KRI events, one row each under its id.
#[derive(Debug, Clone, Copy)]
pub struct KriEventDefinitions;

/// A declared event type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KriEventRow {
    /// Its id.
    pub id: KriEventDefinitionId,
    /// Counts edits; the `ETag`.
    pub version: u64,
    /// Its name.
    pub event_type: EventType,
    /// What it stands for.
    pub description: Option<Description>,
    /// What it does.
    pub effects: Vec<Effect>,
    /// Whether it closes the breach that the run began with.
    pub close_breach: bool,
    /// When it was declared.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Projection for KriEventDefinitions {
    const TABLE: Table = Table::KriEventDefinitions;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = Box<KriEventRow>;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        of_kri_event(&told.event).map(|_| told.aggregate_id.clone()).into_iter().collect()
    }

    fn apply(_: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        let at = told.recorded_at;
        match of_kri_event(&told.event) {
            Some(KriEventDefinitionEvent::Declared(declared)) => {
                Some(Box::new(KriEventRow::new((declared.id, 1), &declared.definition, (at, at))))
            }
            Some(KriEventDefinitionEvent::Edited(edited)) => row.map(|row| {
                let versioned = (row.id, edited.version);
                Box::new(KriEventRow::new(versioned, &edited.definition, (row.created_at, at)))
            }),
            None => row,
        }
    }
}

const fn of_kri_event(event: &TenantEvent) -> Option<&KriEventDefinitionEvent> {
    match event {
        TenantEvent::KriEventDefinition(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Audit(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Interview(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_) => None,
    }
}

impl KriEventRow {
    fn new(
        (id, version): (KriEventDefinitionId, u64),
        body: &KriEventBody,
        (created_at, updated_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        Self {
            id,
            version,
            event_type: body.event_type.clone(),
            description: body.description.clone(),
            effects: body.effects.clone(),
            close_breach: body.close_breach,
            created_at,
            updated_at,
        }
    }
}
