//! Differences between two definitions: an RFC 6902 patch in which a moved step is a move, and the same in words.

mod order;
mod words;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, MoveOperation, Patch, PatchOperation, RemoveOperation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::workflow::Definition;

/// What differs between two versions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Diff {
    /// Applied to the old version it gives the new one exactly.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub patch: Patch,
    /// The same for people, one sentence a change.
    pub summary: Vec<String>,
}

/// What differs between two definitions.
pub fn diff(old: &Definition, new: &Definition) -> Diff {
    let (old, new) = (old.to_value(), new.to_value());
    Diff { patch: patch(&old, &new), summary: words::summary(&old, &new) }
}

/// What differs between two other bodies, such as those of a KRI event definition.
pub fn diff_values(old: &Value, new: &Value) -> Diff {
    Diff { patch: json_patch::diff(old, new), summary: words::summary(old, new) }
}

fn patch(old: &Value, new: &Value) -> Patch {
    let (Some(old_steps), Some(new_steps)) = (identified(old), identified(new)) else {
        return json_patch::diff(old, new);
    };
    let mut operations = json_patch::diff(&without_steps(old), &without_steps(new)).0;
    operations.extend(step_operations(&old_steps, &new_steps));
    Patch(operations)
}

/// The steps with their ids, where each has one of its own.
fn identified(definition: &Value) -> Option<Vec<(&str, &Value)>> {
    let steps: Vec<_> = definition
        .get("steps")?
        .as_array()?
        .iter()
        .map(|step| Some((step.get("id")?.as_str()?, step)))
        .collect::<Option<_>>()?;
    let ids: std::collections::BTreeSet<_> = steps.iter().map(|(id, _)| id).collect();
    (ids.len() == steps.len()).then_some(steps)
}

fn without_steps(definition: &Value) -> Value {
    let fields = definition.as_object().into_iter().flatten().filter(|(field, _)| *field != "steps");
    Value::Object(fields.map(|(field, value)| (field.clone(), value.clone())).collect::<Map<_, _>>())
}

fn at(index: usize) -> PointerBuf {
    PointerBuf::from_tokens(["steps".to_owned(), index.to_string()])
}

/// Removes what is gone, brings the rest into its order by as few moves as can be, adds what is new, and then changes each
/// step where it stands.
fn step_operations(old: &[(&str, &Value)], new: &[(&str, &Value)]) -> Vec<PatchOperation> {
    let mut operations = Vec::new();
    let mut now: Vec<&str> = old.iter().map(|(id, _)| *id).collect();
    for index in (0..now.len()).rev() {
        if now.get(index).is_some_and(|id| !new.iter().any(|(kept, _)| kept == id)) {
            now.remove(index);
            operations.push(PatchOperation::Remove(RemoveOperation { path: at(index) }));
        }
    }
    let staying = order::staying(&now, &new.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    let mut before: Option<&str> = None;
    for (id, value) in new {
        let place = |now: &[&str], id: &str| now.iter().position(|other| *other == id);
        if !staying.contains(id) {
            let from = place(&now, id);
            if let Some(from) = from {
                now.remove(from);
            }
            let to = before.and_then(|before| place(&now, before)).map_or(0, |place| place.saturating_add(1));
            now.insert(to, id);
            operations.push(match from {
                Some(from) => PatchOperation::Move(MoveOperation { from: at(from), path: at(to) }),
                None => PatchOperation::Add(AddOperation { path: at(to), value: (*value).clone() }),
            });
        }
        before = Some(id);
    }
    for (index, (id, value)) in new.iter().enumerate() {
        if let Some((_, was)) = old.iter().find(|(known, _)| known == id) {
            operations.extend(json_patch::diff(was, value).0.into_iter().map(|inner| below(index, inner)));
        }
    }
    operations
        .retain(|operation| !matches!(operation, PatchOperation::Move(moved) if moved.from == moved.path));
    operations
}

/// The operation on a step, as one on the definition.
fn below(index: usize, operation: PatchOperation) -> PatchOperation {
    let under = |path: PointerBuf| {
        let mut whole = at(index);
        whole.append(&path);
        whole
    };
    match operation {
        PatchOperation::Add(mut add) => {
            add.path = under(add.path);
            PatchOperation::Add(add)
        }
        PatchOperation::Remove(mut remove) => {
            remove.path = under(remove.path);
            PatchOperation::Remove(remove)
        }
        PatchOperation::Replace(mut replace) => {
            replace.path = under(replace.path);
            PatchOperation::Replace(replace)
        }
        PatchOperation::Move(moved) => {
            PatchOperation::Move(MoveOperation { from: under(moved.from), path: under(moved.path) })
        }
        PatchOperation::Copy(mut copy) => {
            (copy.from, copy.path) = (under(copy.from), under(copy.path));
            PatchOperation::Copy(copy)
        }
        PatchOperation::Test(mut test) => {
            test.path = under(test.path);
            PatchOperation::Test(test)
        }
    }
}

#[cfg(test)]
mod tests;
