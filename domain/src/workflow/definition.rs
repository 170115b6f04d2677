//! Definition: what a workflow is, in the words of its documented, versioned schema.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kri_event_definition::EventType;
use crate::relay::Channel;
use crate::workflow::{Action, Party, Step, StepId, TicketDestination, Trigger};

/// The JSON Schema of definitions, as served at `/api/schemas/workflow-definition.json`. The validator reads the shape from
/// this very text, so that what is documented is what is checked.
pub const SCHEMA: &str = include_str!("definition.schema.json");

/// What a workflow is. Settings and owners are part of it, so that a version holds all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition {
    /// The version of the schema it is written in.
    pub schema_version: SchemaVersion,
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who answers for it and is told when a run fails.
    pub owners: Vec<Party>,
    /// What starts a run.
    pub trigger: Trigger,
    /// What a run does.
    pub steps: Vec<Step>,
}

impl schemars::JsonSchema for Definition {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WorkflowDefinition".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let meaning = "described by /api/schemas/workflow-definition.json";
        schemars::json_schema!({ "type": "object", "description": meaning })
    }
}

/// A version of the schema that this program can read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct SchemaVersion(u16);

/// A version that this program cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("definitions of schema version {0} are not known to this program: run a newer draxis")]
pub struct SchemaVersionError(u16);

impl SchemaVersion {
    /// The version written today.
    pub const TODAY: Self = Self(1);

    /// The bare number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for SchemaVersion {
    type Error = SchemaVersionError;

    fn try_from(version: u16) -> Result<Self, SchemaVersionError> {
        if version == Self::TODAY.0 { Ok(Self(version)) } else { Err(SchemaVersionError(version)) }
    }
}

impl From<SchemaVersion> for u16 {
    fn from(version: SchemaVersion) -> Self {
        version.0
    }
}

/// Lifts a definition written in an older version of the schema to today's, one version after the other (hazards H15).
/// There has been no other version yet.
pub(crate) fn lift(definition: Value) -> Value {
    definition
}

impl Definition {
    /// The step of this name and its place.
    pub fn step(&self, id: &StepId) -> Option<(usize, &Step)> {
        self.steps.iter().enumerate().find(|(_, step)| step.frame.id == *id)
    }

    /// The KRI events that its steps emit.
    pub fn emits(&self) -> BTreeSet<&EventType> {
        self.steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::EmitKriEvent(emit) => Some(&emit.event_type),
                Action::NotifyOwner(_)
                | Action::CreateTicket(_)
                | Action::PanelQuery(_)
                | Action::ProduceDocument(_)
                | Action::PostSlack(_)
                | Action::AwaitApproval(_)
                | Action::Wait(_) => None,
            })
            .collect()
    }

    /// The relays that its steps go through.
    pub fn relays(&self) -> BTreeSet<Channel> {
        self.steps.iter().filter_map(|step| step.action.relay()).collect()
    }

    /// As JSON in today's schema: what a version holds, what is compared and what is shown.
    pub fn to_value(&self) -> Value {
        // Serializing plain data to a value has no way to fail: every map has text keys and no number is a float of ours.
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

impl Action {
    /// The relay that this step goes through, where it leaves the company.
    pub const fn relay(&self) -> Option<Channel> {
        match self {
            Self::AwaitApproval(ask) if ask.slack_channel.is_some() => Some(Channel::Slack),
            Self::NotifyOwner(_) => Some(Channel::Email),
            Self::CreateTicket(ticket) => match ticket.destination {
                TicketDestination::Jira(_) => Some(Channel::Jira),
                TicketDestination::ServiceNow(_) => Some(Channel::ServiceNow),
            },
            Self::PostSlack(_) => Some(Channel::Slack),
            Self::PanelQuery(_)
            | Self::ProduceDocument(_)
            | Self::AwaitApproval(_)
            | Self::EmitKriEvent(_)
            | Self::Wait(_) => None,
        }
    }
}
