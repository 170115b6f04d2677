//! The draft: what is known of the workflow so far, and for each leaf who said so.

mod part;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::interview::draft::part::Part;
use crate::interview::patch::fields;
use crate::interview::{DraftTool, FramePatch, Place, StepPatch, texts};

use crate::workflow::{Definition, LeafOrigin, Party, SchemaVersion, StepId};

pub(super) use part::leaves;

/// What is known of a workflow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Name, description, owners and trigger, as far as they are known.
    pub(super) head: Part,
    /// The steps, in order.
    pub(super) steps: Vec<DraftStep>,
}

/// A step of a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftStep {
    /// Its name for machines.
    pub id: StepId,
    /// What is known of it.
    pub(super) part: Part,
}

/// A draft put together: a definition, as far as it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    /// The definition in JSON.
    pub value: Value,
    /// Where its leaves came from; those that are not here came from nobody.
    pub origins: BTreeMap<String, LeafOrigin>,
}

/// The trigger's fields that stand in the draft alone, until its pattern is whole.
const HALVES: &[&str] = &["clock", "days"];

impl Draft {
    /// The draft that an existing workflow is.
    pub fn of(definition: &Definition, version: u64) -> Self {
        let mut draft = Self::default();
        let Value::Object(mut whole) = definition.to_value() else { return draft };
        let origin = LeafOrigin::Version(version);
        whole.remove("steps");
        whole.remove("schemaVersion");
        draft.head.put(whole, origin);
        for step in &definition.steps {
            let Ok(Value::Object(mut fields)) = serde_json::to_value(step) else { continue };
            fields.remove("id");
            let mut part = Part::default();
            // An email to nobody in particular goes to the owners: that has been settled.
            if step.action.kind() == "notify_owner" && !fields.contains_key("to") {
                fields.insert("to".to_owned(), json!([]));
            }
            part.put(fields, origin);
            draft.steps.push(DraftStep { id: step.frame.id.clone(), part });
        }
        draft
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[DraftStep] {
        &self.steps
    }

    /// The trigger, as far as it is known.
    pub fn trigger(&self) -> Option<&Map<String, Value>> {
        self.head.value.get("trigger").and_then(Value::as_object)
    }

    /// The owners, as far as they are known.
    pub fn owners(&self) -> Vec<Party> {
        self.head.value.get("owners").and_then(Party::all).unwrap_or_default()
    }

    /// The place of a step.
    pub(super) fn position(&self, id: &StepId) -> Option<usize> {
        self.steps.iter().position(|step| step.id == *id)
    }

    /// Puts into the draft what a tool says, for a turn. What cannot be done leaves it as it is: whether it can, `apply` has said
    /// before.
    pub(super) fn put(&mut self, tool: &DraftTool, turn: u32) {
        let origin = LeafOrigin::Turn(turn);
        match tool {
            DraftTool::SetTrigger { trigger } => self.set_trigger(fields(trigger), origin),
            DraftTool::AddStep { id, step, frame, place } => {
                let id = id.clone().unwrap_or_else(|| self.free_id(step.usual_id()));
                let mut part = Part::default();
                part.put(step_fields(Some(step), frame.as_ref()), origin);
                let at = self.index_of(place.as_ref()).unwrap_or(self.steps.len());
                self.steps.insert(at.min(self.steps.len()), DraftStep { id, part });
            }
            DraftTool::ChangeStep { id, step, frame, clear } => {
                self.change(id, step_fields(step.as_ref(), frame.as_ref()), origin);
                if let Some(step) = self.steps.iter_mut().find(|step| step.id == *id) {
                    for field in clear {
                        step.part.take_away(field);
                    }
                }
            }
            DraftTool::MoveStep { id, place } => self.move_step(id, place),
            DraftTool::RemoveStep { id } => self.steps.retain(|step| step.id != *id),
            DraftTool::SetApproval { id, approval } => self.change(id, fields(approval), origin),
            DraftTool::SetOwners { owners } => self.set_head("owners", json!(owners), origin),
            DraftTool::SetName { name } => self.set_head("name", json!(name), origin),
            DraftTool::SetDescription { description } => {
                self.set_head("description", json!(description), origin);
            }
            DraftTool::Ask { .. } => {}
        }
    }

    fn set_head(&mut self, key: &str, value: Value, origin: LeafOrigin) {
        self.head.put(Map::from_iter([(key.to_owned(), value)]), origin);
    }

    fn change(&mut self, id: &StepId, fields: Map<String, Value>, origin: LeafOrigin) {
        let Some(step) = self.steps.iter_mut().find(|step| step.id == *id) else { return };
        let another = fields.get("type").is_some_and(|kind| step.part.value.get("type") != Some(kind));
        if another {
            step.part = Part::default();
        }
        step.part.put(fields, origin);
    }

    fn set_trigger(&mut self, mut said: Map<String, Value>, origin: LeafOrigin) {
        let before = self.head.value.get("trigger").and_then(Value::as_object).cloned().unwrap_or_default();
        let same = before.get("type") == said.get("type");
        if !same {
            self.head.take_away("trigger");
        }
        let known = |field: &str| before.get(field).filter(|_| same).cloned();
        if said.get("type") == Some(&json!("schedule")) && !said.contains_key("cron") {
            let half =
                |field: &str, said: &Map<String, Value>| said.get(field).cloned().or_else(|| known(field));
            if let (Some(Value::String(clock)), Some(Value::String(days))) =
                (half("clock", &said), half("days", &said))
            {
                said.insert("cron".to_owned(), json!(format!("{clock} {days}")));
            }
        }
        if let Some(cron) = said.get("cron").and_then(Value::as_str) {
            let (clock, days) = halves(cron);
            said.insert("clock".to_owned(), json!(clock));
            said.insert("days".to_owned(), json!(days));
        }
        self.head.put(Map::from_iter([("trigger".to_owned(), Value::Object(said))]), origin);
    }

    fn move_step(&mut self, id: &StepId, place: &Place) {
        let Some(from) = self.position(id) else { return };
        let step = self.steps.remove(from);
        let at = self.index_of(Some(place)).unwrap_or(from).min(self.steps.len());
        self.steps.insert(at, step);
    }

    fn index_of(&self, place: Option<&Place>) -> Option<usize> {
        match place? {
            Place::First => Some(0),
            Place::Last => Some(self.steps.len()),
            Place::Before(id) => self.position(id),
            Place::After(id) => self.position(id).map(|at| at.saturating_add(1)),
        }
    }

    /// The usual id, or the first with a number that no step bears.
    pub(super) fn free_id(&self, usual: &str) -> StepId {
        let numbered = (2..=60).map(|n| format!("{usual}_{n}"));
        let free = std::iter::once(usual.to_owned())
            .chain(numbered)
            .filter_map(|id| StepId::parse(&id).ok())
            .find(|id| self.position(id).is_none());
        free.or_else(|| self.steps.first().map(|step| step.id.clone())).unwrap_or_else(StepId::any)
    }

    /// The definition as far as it goes, with the texts that are written where nobody wrote any.
    pub fn assembled(&self) -> Assembled {
        let mut origins = self.head.origins.clone();
        let mut whole = self.head.value.clone();
        if let Some(trigger) = whole.get_mut("trigger").and_then(Value::as_object_mut) {
            for half in HALVES {
                trigger.remove(*half);
                origins.remove(&format!("/trigger/{half}"));
            }
        }
        whole.insert("schemaVersion".to_owned(), json!(SchemaVersion::TODAY));
        let mut steps = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let mut value = step.part.value.clone();
            texts::fill_in(&mut value, self);
            value.insert("id".to_owned(), json!(step.id));
            steps.push(Value::Object(value));
            origins.extend(
                step.part.origins.iter().map(|(at, origin)| (format!("/steps/{index}{at}"), *origin)),
            );
        }
        if !steps.is_empty() {
            whole.insert("steps".to_owned(), Value::Array(steps));
        }
        if !whole.contains_key("name") && !self.steps.is_empty() {
            whole.insert("name".to_owned(), json!(texts::name_of(self)));
        }
        Assembled { value: Value::Object(whole), origins }
    }
}

impl DraftStep {
    /// The word for its kind.
    pub fn kind(&self) -> &str {
        self.part.value.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// A field of it.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.part.value.get(name)
    }

    /// Whether somebody has spoken of the field, be it to leave it empty.
    pub(super) fn settled(&self, name: &str) -> bool {
        self.part.value.contains_key(name) || self.part.origins.contains_key(&format!("/{name}"))
    }
}

/// The two halves of a pattern: minute and hour, and the days. A short name such as `@daily` has none.
fn halves(cron: &str) -> (String, String) {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let joined = |part: Option<&[&str]>| part.unwrap_or_default().join(" ");
    (joined(fields.get(..2)), joined(fields.get(2..)))
}

fn step_fields(step: Option<&StepPatch>, frame: Option<&FramePatch>) -> Map<String, Value> {
    let mut all = step.map(fields).unwrap_or_default();
    all.extend(frame.map(fields).unwrap_or_default());
    all
}

impl Party {
    /// Reads a list of parties.
    pub(super) fn all(list: &Value) -> Option<Vec<Self>> {
        serde_json::from_value(list.clone()).ok()
    }
}
