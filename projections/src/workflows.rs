//! Workflows as they are read: where each stands, and the definition in force.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use draxis_domain::kri_event_definition::EventType;
use draxis_domain::relay::Channel;
use draxis_domain::workflow::{Definition, Party, Standing, Trigger, WorkflowEvent};
use draxis_domain::{Recorded, TenantEvent, WorkflowId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::page::Archived;
use crate::projection::Projection;
use crate::store::Table;

/// The projection of workflows, one row each under its id.
#[derive(Debug, Clone, Copy)]
pub struct Workflows;

/// A workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRow {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: WorkflowSummary,
    /// The definition in force.
    pub definition: Definition,
}

/// What a list shows of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowSummary {
    /// Its id.
    pub id: WorkflowId,
    /// Counts definitions; the `ETag`.
    pub version: u64,
    /// Where it stands.
    pub state: Standing,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who answers for it.
    pub owners: Vec<Party>,
    /// What starts a run.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub trigger: Trigger,
    /// The relays that its steps go through.
    pub relays: BTreeSet<Channel>,
    /// The KRI events that its steps emit.
    pub kri_events: BTreeSet<EventType>,
    /// Since when its trigger has been on; none while it is off.
    pub active_since: Option<DateTime<Utc>>,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
    /// When its definition or state last changed.
    pub updated_at: DateTime<Utc>,
}

/// What kind of trigger starts a workflow's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// A KRI's breach.
    KriBreach,
    /// A time.
    Schedule,
    /// A person.
    Manual,
}

/// Which workflows are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowFilter {
    /// Whether those out of use are shown as well.
    pub archived: Archived,
    /// Standing so.
    pub state: Option<Standing>,
    /// Started by this kind of trigger.
    pub trigger: Option<TriggerKind>,
    /// Going through this relay.
    pub relay: Option<Channel>,
    /// Emitting this KRI event.
    pub kri_event: Option<EventType>,
}

impl WorkflowFilter {
    pub(crate) fn admits(&self, workflow: &WorkflowSummary) -> bool {
        (self.archived.shown() || self.state.is_some() || workflow.state != Standing::Archived)
            && self.state.is_none_or(|state| workflow.state == state)
            && self.trigger.is_none_or(|kind| kind == kind_of(&workflow.trigger))
            && self.relay.is_none_or(|relay| workflow.relays.contains(&relay))
            && self.kri_event.as_ref().is_none_or(|event| workflow.kri_events.contains(event))
    }
}

const fn kind_of(trigger: &Trigger) -> TriggerKind {
    match trigger {
        Trigger::KriBreach(_) => TriggerKind::KriBreach,
        Trigger::Schedule(_) => TriggerKind::Schedule,
        Trigger::Manual(_) => TriggerKind::Manual,
    }
}

impl Projection for Workflows {
    const TABLE: Table = Table::Workflows;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = Box<WorkflowRow>;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        match of_workflow(&told.event) {
            Some(event) if changes(event) => vec![told.aggregate_id.clone()],
            Some(_) | None => Vec::new(),
        }
    }

    fn apply(_: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        let Some(event) = of_workflow(&told.event) else { return row };
        if let WorkflowEvent::Drafted(drafted) = event {
            let (id, definition) = (drafted.id, Definition::clone(&drafted.definition));
            return Some(Box::new(WorkflowRow::drafted(id, definition, told.recorded_at)));
        }
        let mut row = row?;
        row.evolve(event, told.recorded_at);
        Some(row)
    }
}

/// The event of a workflow, where it is one. A new aggregate is decided on here, a new event of a workflow in each fold.
pub(crate) const fn of_workflow(event: &TenantEvent) -> Option<&WorkflowEvent> {
    match event {
        TenantEvent::Workflow(event) => Some(event),
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
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Interview(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_) => None,
    }
}

/// Whether what the workflow is or where it stands changes; runs do not.
const fn changes(event: &WorkflowEvent) -> bool {
    match event {
        WorkflowEvent::Drafted(_)
        | WorkflowEvent::Edited(_)
        | WorkflowEvent::Restored(_)
        | WorkflowEvent::Activated(_)
        | WorkflowEvent::Paused(_)
        | WorkflowEvent::Archived(_) => true,
        WorkflowEvent::RunStarted(_)
        | WorkflowEvent::RunRequested(_)
        | WorkflowEvent::RunMissed(_)
        | WorkflowEvent::RunEnded(_) => false,
    }
}

impl WorkflowRow {
    fn drafted(id: WorkflowId, definition: Definition, at: DateTime<Utc>) -> Self {
        let summary = WorkflowSummary {
            id,
            version: 1,
            state: Standing::Draft,
            name: definition.name.clone(),
            description: definition.description.clone(),
            owners: definition.owners.clone(),
            trigger: definition.trigger.clone(),
            relays: definition.relays(),
            kri_events: definition.emits().into_iter().cloned().collect(),
            active_since: None,
            created_at: at,
            updated_at: at,
        };
        Self { summary, definition }
    }

    fn evolve(&mut self, event: &WorkflowEvent, at: DateTime<Utc>) {
        match event {
            WorkflowEvent::Edited(edited) => self.replace(edited.version, &edited.definition, at),
            WorkflowEvent::Restored(restored) => self.replace(restored.version, &restored.definition, at),
            WorkflowEvent::Activated(activated) => {
                self.stand(Standing::Active, at);
                self.summary.active_since = Some(activated.at);
            }
            WorkflowEvent::Paused(_) => self.stand(Standing::Paused, at),
            WorkflowEvent::Archived(_) => self.stand(Standing::Archived, at),
            WorkflowEvent::Drafted(_)
            | WorkflowEvent::RunStarted(_)
            | WorkflowEvent::RunRequested(_)
            | WorkflowEvent::RunMissed(_)
            | WorkflowEvent::RunEnded(_) => {}
        }
    }

    fn replace(&mut self, version: u64, definition: &Definition, at: DateTime<Utc>) {
        let before = &self.summary;
        let next = Self::drafted(before.id, definition.clone(), at);
        let summary = WorkflowSummary {
            version,
            state: before.state,
            active_since: before.active_since,
            created_at: before.created_at,
            ..next.summary
        };
        *self = Self { summary, definition: next.definition };
    }

    const fn stand(&mut self, state: Standing, at: DateTime<Utc>) {
        self.summary.state = state;
        self.summary.active_since = None;
        self.summary.updated_at = at;
    }
}
