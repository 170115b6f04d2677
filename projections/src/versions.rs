//! Versions of workflows and KRI events: each as its event made it, never changed.

use chrono::{DateTime, Utc};
use draxis_domain::kri_event_definition::KriEventDefinitionEvent;
use draxis_domain::workflow::{Definition, Diff, Provenance, WorkflowEvent, diff, diff_values};
use draxis_domain::{AccountId, Actor, Position, Reason, Recorded, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::change_log::{ChangeAction, Versioned, change};
use crate::projection::Projection;
use crate::store::Table;

/// The projection of versions. Keys: `<noun>/<id>/<version>`, the version in ten digits, so that they stand in order.
#[derive(Debug, Clone, Copy)]
pub struct Versions;

/// A version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionRow {
    /// Who made it and when.
    #[serde(flatten)]
    pub summary: VersionSummary,
    /// All of what it says.
    pub definition: Value,
}

/// What a list shows of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionSummary {
    /// Its number, from 1.
    pub version: u64,
    /// Where the event that made it stands in the stream.
    pub position: Position,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub actor: Actor,
    /// The person behind the actor, where it was an impersonation.
    pub impersonator: Option<AccountId>,
    /// Why.
    pub reason: Option<Reason>,
    /// The version it was taken from, where it was restored.
    pub restored_from: Option<u64>,
    /// Where a workflow's definition came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// The key of a version.
pub(crate) fn key(of: Versioned, id: &str, version: u64) -> String {
    format!("{}{version:010}", of.prefix(id))
}

/// What a version says and where that came from.
fn said(event: &TenantEvent) -> Option<(Value, Option<Provenance>)> {
    let written = |provenance: &Provenance| Some(provenance.clone());
    match event {
        TenantEvent::Workflow(WorkflowEvent::Drafted(drafted)) => {
            Some((drafted.definition.to_value(), written(&drafted.provenance)))
        }
        TenantEvent::Workflow(WorkflowEvent::Edited(edited)) => {
            Some((edited.definition.to_value(), written(&edited.provenance)))
        }
        TenantEvent::Workflow(WorkflowEvent::Restored(restored)) => {
            Some((restored.definition.to_value(), None))
        }
        TenantEvent::KriEventDefinition(KriEventDefinitionEvent::Declared(declared)) => {
            Some((json!(declared.definition), None))
        }
        TenantEvent::KriEventDefinition(KriEventDefinitionEvent::Edited(edited)) => {
            Some((json!(edited.definition), None))
        }
        TenantEvent::Workflow(
            WorkflowEvent::Activated(_)
            | WorkflowEvent::Paused(_)
            | WorkflowEvent::Archived(_)
            | WorkflowEvent::RunStarted(_)
            | WorkflowEvent::RunRequested(_)
            | WorkflowEvent::RunMissed(_)
            | WorkflowEvent::RunEnded(_),
        )
        | TenantEvent::Source(_)
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

impl Projection for Versions {
    const TABLE: Table = Table::WorkflowVersions;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = Box<VersionRow>;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        change(&told.event)
            .filter(|change| change.action.makes_a_version())
            .map(|change| key(change.of, &told.aggregate_id, change.version))
            .into_iter()
            .collect()
    }

    fn apply(_: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        let (Some(change), Some((definition, provenance))) = (change(&told.event), said(&told.event)) else {
            return row;
        };
        let summary = VersionSummary {
            version: change.version,
            position: told.position,
            at: told.recorded_at,
            actor: told.metadata.actor,
            impersonator: told.metadata.impersonator,
            reason: told.metadata.reason.clone(),
            restored_from: change.restored_from,
            provenance,
        };
        Some(Box::new(VersionRow { summary, definition }))
    }
}

/// What differs between two versions' definitions. Steps of workflows are matched by id, so that a moved one is a move.
pub(crate) fn difference(of: Versioned, old: &Value, new: &Value) -> Diff {
    let read = |value: &Value| serde_json::from_value::<Definition>(value.clone()).ok();
    match (of, read(old), read(new)) {
        (Versioned::Workflow, Some(old), Some(new)) => diff(&old, &new),
        (Versioned::Workflow | Versioned::KriEvent, _, _) => diff_values(old, new),
    }
}

/// What a change did to what the thing is: nothing, for a transition.
pub(crate) fn difference_of(
    of: Versioned,
    action: ChangeAction,
    (old, new): (Option<&Value>, Option<&Value>),
) -> Diff {
    match (action, old, new) {
        (ChangeAction::Drafted | ChangeAction::Declared, _, Some(new)) => from_nothing(action, new),
        (ChangeAction::Edited | ChangeAction::Restored, Some(old), Some(new)) => difference(of, old, new),
        (ChangeAction::Activated, ..) => in_words("activated: its trigger is on"),
        (ChangeAction::Paused, ..) => in_words("paused: its trigger is off, runs in flight finish"),
        (ChangeAction::Archived, ..) => in_words("archived: read-only for good, runs in flight finish"),
        (
            ChangeAction::Drafted | ChangeAction::Declared | ChangeAction::Edited | ChangeAction::Restored,
            ..,
        ) => Diff::default(),
    }
}

fn in_words(sentence: &str) -> Diff {
    Diff { summary: vec![sentence.to_owned()], ..Diff::default() }
}

/// RFC 6902, section 4.1: adding at the root replaces the whole document, so the patch makes the first version of anything.
fn from_nothing(action: ChangeAction, new: &Value) -> Diff {
    let patch =
        serde_json::from_value(json!([{ "op": "add", "path": "", "value": new }])).unwrap_or_default();
    let steps = new.get("steps").and_then(Value::as_array).map(Vec::len);
    let sentence = match steps {
        Some(1) => "drafted with 1 step".to_owned(),
        Some(steps) => format!("drafted with {steps} steps"),
        None if action == ChangeAction::Declared => "declared".to_owned(),
        None => "drafted".to_owned(),
    };
    Diff { patch, summary: vec![sentence] }
}
