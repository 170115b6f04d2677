//! A difference in words, one sentence a change.

use serde_json::{Map, Value};

/// How long a value is shown.
const SHOWN: usize = 80;

pub(super) fn summary(old: &Value, new: &Value) -> Vec<String> {
    let mut said = Vec::new();
    let none = Map::new();
    let fields = |value: &'_ Value| value.as_object().cloned().unwrap_or_else(|| none.clone());
    let (mut old, mut new) = (fields(old), fields(new));
    let steps = (old.remove("steps"), new.remove("steps"));
    compare("", &Value::Object(old), &Value::Object(new), &mut said);
    if let (Some(Value::Array(old)), Some(Value::Array(new))) = steps {
        compare_steps(&old, &new, &mut said);
    }
    said
}

fn id(step: &Value) -> &str {
    step.get("id").and_then(Value::as_str).unwrap_or_default()
}

fn kind(step: &Value) -> &str {
    step.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn compare_steps(old: &[Value], new: &[Value], said: &mut Vec<String>) {
    let ids = |steps: &[Value]| steps.iter().map(|step| id(step).to_owned()).collect::<Vec<_>>();
    let (before, after) = (ids(old), ids(new));
    for step in old.iter().filter(|step| !after.iter().any(|kept| kept == id(step))) {
        said.push(format!("step {} ({}) removed", id(step), kind(step)));
    }
    let kept_before: Vec<&str> =
        before.iter().map(String::as_str).filter(|id| after.iter().any(|kept| kept == id)).collect();
    let all_after: Vec<&str> = after.iter().map(String::as_str).collect();
    let staying = super::order::staying(&kept_before, &all_after);
    for (index, step) in new.iter().enumerate() {
        let place = index.saturating_add(1);
        match old.iter().position(|was| id(was) == id(step)) {
            None => said.push(format!("step {} ({}) added as number {place}", id(step), kind(step))),
            Some(was) => {
                if !staying.contains(id(step)) {
                    said.push(format!(
                        "step {} moved from number {} to number {place}",
                        id(step),
                        was.saturating_add(1)
                    ));
                }
                let Some(was) = old.get(was) else { continue };
                compare(&format!("step {}: ", id(step)), was, step, said);
            }
        }
    }
}

/// Says what differs, field by field; lists are told as a whole where they have another length.
fn compare(label: &str, old: &Value, new: &Value, said: &mut Vec<String>) {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return };
    for (field, is) in new {
        let name = format!("{label}{}", spelled(field));
        match old.get(field) {
            None => said.push(format!("{name} set to {}", shown(is))),
            Some(was) if was == is => {}
            Some(was) if was.is_object() && is.is_object() => compare(&format!("{name} "), was, is, said),
            Some(was) if alike(was, is) => compare_items(&name, was, is, said),
            Some(was) => said.push(format!("{name} changed from {} to {}", shown(was), shown(is))),
        }
    }
    for (field, was) in old.iter().filter(|(field, _)| !new.contains_key(*field)) {
        said.push(format!("{label}{} removed (was {})", spelled(field), shown(was)));
    }
}

/// Whether two lists have as many objects, so that they can be told item by item.
fn alike(old: &Value, new: &Value) -> bool {
    let objects =
        |list: &Value| list.as_array().filter(|list| list.iter().all(Value::is_object)).map(Vec::len);
    objects(old).is_some() && objects(old) == objects(new)
}

fn compare_items(name: &str, old: &Value, new: &Value, said: &mut Vec<String>) {
    let (old, new) = (old.as_array().into_iter().flatten(), new.as_array().into_iter().flatten());
    for (place, (was, is)) in (1_usize..).zip(old.zip(new)) {
        compare(&format!("{name} number {place}: "), was, is, said);
    }
}

/// `onFailure` as people write it: on failure.
fn spelled(field: &str) -> String {
    let mut words = String::with_capacity(field.len());
    for c in field.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        text
    } else {
        format!("{}…", text.chars().take(SHOWN).collect::<String>())
    }
}
