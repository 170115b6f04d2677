//! A change in words: one sentence for each place that is not as it was.

use json_patch::{Patch, PatchOperation};
use serde_json::Value;

/// A value longer than this is not quoted whole.
const QUOTED: usize = 80;

/// What became of a thing, in words that stand beside its patch.
pub(super) fn in_words(before: Option<&Value>, after: Option<&Value>, patch: &Patch) -> Vec<String> {
    match (before, after) {
        (None, Some(_)) => vec!["came into being".to_owned()],
        (Some(_), None) => vec!["is gone".to_owned()],
        (Some(before), Some(_)) => patch.0.iter().map(|step| sentence(before, step)).collect(),
        (None, None) => Vec::new(),
    }
}

fn sentence(before: &Value, step: &PatchOperation) -> String {
    let old = |place: &str| before.pointer(place).map_or_else(|| "nothing".to_owned(), quoted);
    match step {
        PatchOperation::Add(add) => format!("{}: {} added", named(add.path.as_str()), quoted(&add.value)),
        PatchOperation::Remove(remove) => {
            let place = remove.path.as_str();
            format!("{}: {} removed", named(place), old(place))
        }
        PatchOperation::Replace(replace) => {
            let place = replace.path.as_str();
            format!("{}: {} became {}", named(place), old(place), quoted(&replace.value))
        }
        PatchOperation::Move(_) | PatchOperation::Copy(_) | PatchOperation::Test(_) => step.to_string(),
    }
}

/// `/thresholds/warn` as `thresholds warn`.
fn named(place: &str) -> String {
    place.trim_start_matches('/').replace('/', " ").replace("~1", "/").replace("~0", "~")
}

fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_place_that_changed_has_a_sentence() {
        let before = json!({"warn": "10", "owner": null, "tags": ["a"], "note": "x"});
        let after = json!({"warn": "12", "owner": "me", "tags": ["a", "b"]});
        let patch = json_patch::diff(&before, &after);
        let mut words = in_words(Some(&before), Some(&after), &patch);
        words.sort();
        assert_eq!(
            words,
            ["note: x removed", "owner: nothing became me", "tags 1: b added", "warn: 10 became 12"]
        );
    }

    #[test]
    fn a_thing_that_comes_or_goes_is_told_in_one_word() {
        let patch = Patch(Vec::new());
        assert_eq!(in_words(None, Some(&json!({})), &patch), ["came into being"]);
        assert_eq!(in_words(Some(&json!({})), None, &patch), ["is gone"]);
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = json!("ü".repeat(100));
        assert_eq!(quoted(&long).chars().count(), QUOTED + 1);
    }
}
