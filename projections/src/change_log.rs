//! The change log of workflows and KRI events: every edit and transition, by whom, when and why. What differs is computed when
//! it is read, from the versions, which never change.

use chrono::{DateTime, Utc};
use draxis_domain::kri_event_definition::KriEventDefinitionEvent;
use draxis_domain::workflow::WorkflowEvent;
use draxis_domain::{AccountId, Actor, Position, Reason, Recorded, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of changes. Keys: `<noun>/<id>/<position>`, the position in twenty digits, so that they stand in order. The
/// noun keeps apart ids that somebody chose.
#[derive(Debug, Clone, Copy)]
pub struct ChangeLog;

/// What a change log or a list of versions is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioned {
    /// A workflow.
    Workflow,
    /// A KRI event.
    KriEvent,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRow {
    /// Where it stands in the stream.
    pub position: Position,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// The person behind the actor, where it was an impersonation.
    pub impersonator: Option<AccountId>,
    /// What was done.
    pub action: ChangeAction,
    /// The version that stood after it.
    pub version: u64,
    /// Why.
    pub reason: Option<Reason>,
    /// The version that was put back, for a restoration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<u64>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// It came into being as a draft.
    Drafted,
    /// It was declared.
    Declared,
    /// What it is was replaced.
    Edited,
    /// An old version was put back.
    Restored,
    /// Its trigger was switched on.
    Activated,
    /// Its trigger was switched off.
    Paused,
    /// It was taken out of use.
    Archived,
}

impl ChangeAction {
    /// Whether it made a version.
    pub const fn makes_a_version(self) -> bool {
        match self {
            Self::Drafted | Self::Declared | Self::Edited | Self::Restored => true,
            Self::Activated | Self::Paused | Self::Archived => false,
        }
    }
}

impl Versioned {
    /// What the keys of one thing begin with.
    pub(crate) fn prefix(self, id: &str) -> String {
        let noun = match self {
            Self::Workflow => "workflow",
            Self::KriEvent => "kri_event",
        };
        format!("{noun}/{id}/")
    }
}

/// What a fold of changes or versions needs of an event.
pub(crate) struct Change {
    pub(crate) of: Versioned,
    pub(crate) action: ChangeAction,
    pub(crate) version: u64,
    pub(crate) restored_from: Option<u64>,
}

/// The change that an event is, where it is one: decided on for every event there is.
pub(crate) fn change(event: &TenantEvent) -> Option<Change> {
    match event {
        TenantEvent::Workflow(event) => of_workflow(event),
        TenantEvent::KriEventDefinition(event) => Some(of_kri_event(event)),
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
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Interview(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_) => None,
    }
}

fn of_workflow(event: &WorkflowEvent) -> Option<Change> {
    let (action, version, restored_from) = match event {
        WorkflowEvent::Drafted(_) => (ChangeAction::Drafted, 1, None),
        WorkflowEvent::Edited(edited) => (ChangeAction::Edited, edited.version, None),
        WorkflowEvent::Restored(restored) => (ChangeAction::Restored, restored.version, Some(restored.from)),
        WorkflowEvent::Activated(activated) => (ChangeAction::Activated, activated.version, None),
        WorkflowEvent::Paused(paused) => (ChangeAction::Paused, paused.version, None),
        WorkflowEvent::Archived(archived) => (ChangeAction::Archived, archived.version, None),
        WorkflowEvent::RunStarted(_)
        | WorkflowEvent::RunRequested(_)
        | WorkflowEvent::RunMissed(_)
        | WorkflowEvent::RunEnded(_) => return None,
    };
    Some(Change { of: Versioned::Workflow, action, version, restored_from })
}

const fn of_kri_event(event: &KriEventDefinitionEvent) -> Change {
    let (action, version) = match event {
        KriEventDefinitionEvent::Declared(_) => (ChangeAction::Declared, 1),
        KriEventDefinitionEvent::Edited(edited) => (ChangeAction::Edited, edited.version),
    };
    Change { of: Versioned::KriEvent, action, version, restored_from: None }
}

impl Projection for ChangeLog {
    const TABLE: Table = Table::WorkflowChangeLog;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = Box<ChangeRow>;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        change(&told.event)
            .map(|change| format!("{}{:020}", change.of.prefix(&told.aggregate_id), told.position.get()))
            .into_iter()
            .collect()
    }

    fn apply(_: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        let Some(change) = change(&told.event) else { return row };
        Some(Box::new(ChangeRow {
            position: told.position,
            at: told.recorded_at,
            actor: told.metadata.actor,
            impersonator: told.metadata.impersonator,
            action: change.action,
            version: change.version,
            reason: told.metadata.reason.clone(),
            restored_from: change.restored_from,
        }))
    }
}
