//! Tools: the only ways in which an interviewer changes the draft. None fetches, sends, activates or leaves this one draft.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::interview::{ApprovalPatch, FramePatch, Question, StepPatch, TriggerPatch};
use crate::workflow::{Party, StepId};

/// One call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "tool", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum DraftTool {
    /// Sets what starts a run, or what has become known of it.
    SetTrigger {
        /// What is known.
        trigger: TriggerPatch,
    },
    /// Adds a step.
    AddStep {
        /// Its name for machines; one is chosen where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<StepId>,
        /// What it does.
        step: StepPatch,
        /// What every step may have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frame: Option<FramePatch>,
        /// Where; at the end where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
    },
    /// Changes a step.
    ChangeStep {
        /// Which.
        id: StepId,
        /// What it is to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepPatch>,
        /// What every step may have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frame: Option<FramePatch>,
        /// Fields to take away, such as `reminders`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        clear: Vec<String>,
    },
    /// Moves a step.
    MoveStep {
        /// Which.
        id: StepId,
        /// Where to.
        place: Place,
    },
    /// Removes a step.
    RemoveStep {
        /// Which.
        id: StepId,
    },
    /// Sets what has become known of an approval.
    SetApproval {
        /// The step.
        id: StepId,
        /// What is known.
        approval: ApprovalPatch,
    },
    /// Sets who answers for the workflow.
    SetOwners {
        /// All of them.
        owners: Vec<Party>,
    },
    /// Names the workflow.
    SetName {
        /// What people call it.
        name: String,
    },
    /// Says what the workflow is for.
    SetDescription {
        /// What it is for.
        description: String,
    },
    /// Asks the person about one thing.
    Ask {
        /// What about.
        question: Question,
    },
}

/// A place among the steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before all others.
    First,
    /// After all others.
    Last,
    /// Right before a step.
    Before(StepId),
    /// Right after a step.
    After(StepId),
}

/// A tool as it is handed to a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolDescription {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub arguments: Value,
}

impl DraftTool {
    /// The tool's name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SetTrigger { .. } => "set_trigger",
            Self::AddStep { .. } => "add_step",
            Self::ChangeStep { .. } => "change_step",
            Self::MoveStep { .. } => "move_step",
            Self::RemoveStep { .. } => "remove_step",
            Self::SetApproval { .. } => "set_approval",
            Self::SetOwners { .. } => "set_owners",
            Self::SetName { .. } => "set_name",
            Self::SetDescription { .. } => "set_description",
            Self::Ask { .. } => "ask",
        }
    }

    /// Reads a call as a model makes it: a name and arguments.
    pub(super) fn read(name: &str, arguments: &Value) -> Result<Self, serde_json::Error> {
        let mut call = arguments.as_object().cloned().unwrap_or_default();
        call.insert("tool".to_owned(), Value::String(name.to_owned()));
        serde_json::from_value(Value::Object(call))
    }
}

/// The tools as they are handed to a model, one schema each, taken from the types themselves.
pub fn descriptions() -> Vec<ToolDescription> {
    let whole = schemars::schema_for!(DraftTool).to_value();
    let shared = whole.get("$defs").cloned();
    let branches = whole.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    branches.into_iter().filter_map(|branch| describe(branch, shared.as_ref())).collect()
}

fn describe(mut branch: Value, shared: Option<&Value>) -> Option<ToolDescription> {
    let name = branch.pointer("/properties/tool/const")?.as_str()?.to_owned();
    let description = branch.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let schema = branch.as_object_mut()?;
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("tool");
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|field| field != "tool");
    }
    let named = named_in(&Value::Object(schema.clone()), shared);
    if !named.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(named));
    }
    Some(ToolDescription { name, description, arguments: branch })
}

/// What a schema refers to, and what that refers to: a model is not told the same ten times over.
fn named_in(schema: &Value, shared: Option<&Value>) -> Map<String, Value> {
    let mut named = Map::new();
    let mut waiting = references(schema);
    while let Some(name) = waiting.pop() {
        if let Some(definition) = shared.and_then(|shared| shared.get(&name))
            && !named.contains_key(&name)
        {
            waiting.extend(references(definition));
            named.insert(name, definition.clone());
        }
    }
    named
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, inner)| match inner.as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
                Some(name) if key == "$ref" => vec![name.to_owned()],
                Some(_) | None => references(inner),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::descriptions;

    #[test]
    fn a_model_is_handed_draft_tools_and_no_others() {
        let names: Vec<_> = descriptions().into_iter().map(|tool| tool.name).collect();
        let all = [
            "set_trigger",
            "add_step",
            "change_step",
            "move_step",
            "remove_step",
            "set_approval",
            "set_owners",
            "set_name",
            "set_description",
            "ask",
        ];
        assert_eq!(names, all);
        for tool in descriptions() {
            assert!(tool.arguments["properties"].get("tool").is_none(), "{tool:?}");
            assert!(!tool.description.is_empty() && tool.arguments["type"] == "object", "{tool:?}");
            let defined = tool.arguments["$defs"].as_object().cloned().unwrap_or_default();
            let missing =
                super::references(&tool.arguments).into_iter().find(|name| !defined.contains_key(name));
            assert_eq!(missing, None, "{}", tool.name);
        }
    }
}
