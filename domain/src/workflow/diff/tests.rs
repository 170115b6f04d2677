//! A patch gives the new version exactly, and says a move as a move.

use json_patch::PatchOperation;
use proptest::prelude::*;
use serde_json::json;

use super::diff;
use crate::workflow::sample::{definition, definitions};

fn kinds(patch: &json_patch::Patch) -> Vec<&'static str> {
    patch
        .0
        .iter()
        .map(|operation| match operation {
            PatchOperation::Add(_) => "add",
            PatchOperation::Remove(_) => "remove",
            PatchOperation::Replace(_) => "replace",
            PatchOperation::Move(_) => "move",
            PatchOperation::Copy(_) => "copy",
            PatchOperation::Test(_) => "test",
        })
        .collect()
}

fn steps(ids: &[&str]) -> crate::workflow::Definition {
    let steps: Vec<_> = ids
        .iter()
        .map(|id| json!({"id": id, "type": "panel_query", "question": format!("What of {id}?")}))
        .collect();
    definition(&json!({"type": "manual"}), &json!(steps))
}

#[test]
fn moving_a_step_is_one_move_and_says_so() {
    let diff = diff(&steps(&["a", "b", "c", "d"]), &steps(&["b", "c", "d", "a"]));
    assert_eq!(
        serde_json::to_value(&diff.patch).unwrap(),
        json!([{"op": "move", "from": "/steps/0", "path": "/steps/3"}])
    );
    assert_eq!(diff.summary, ["step a moved from number 1 to number 4"]);
}

#[test]
fn a_step_that_moves_and_changes_is_moved_and_changed() {
    let old = steps(&["a", "b", "c"]);
    let mut value = steps(&["c", "a", "b"]).to_value();
    value["steps"][0]["question"] = json!("What now?");
    let new = serde_json::from_value(value).unwrap();
    let diff = diff(&old, &new);
    assert_eq!(kinds(&diff.patch), ["move", "replace"]);
    assert_eq!(
        diff.summary,
        [
            "step c moved from number 3 to number 1",
            "step c: question changed from \"What of c?\" to \"What now?\""
        ]
    );
}

#[test]
fn fields_are_told_in_words() {
    let old = definition(
        &json!({"type": "kri_breach", "kri": "a", "level": "amber"}),
        &steps(&["a"]).to_value()["steps"],
    );
    let mut new = old.to_value();
    new["trigger"]["level"] = json!("red");
    new["description"] = json!("Why");
    let told = diff(&old, &serde_json::from_value(new).unwrap());
    assert_eq!(
        told.summary,
        ["description set to \"Why\"", "trigger level changed from \"amber\" to \"red\""]
    );
    assert_eq!(diff(&old, &old), super::Diff::default());
}

proptest! {
    #[test]
    fn applying_the_patch_to_the_old_gives_the_new_exactly(old in definitions(), new in definitions()) {
        let told = diff(&old, &new);
        let mut value = old.to_value();
        json_patch::patch(&mut value, &told.patch).unwrap();
        prop_assert_eq!(&value, &new.to_value());
        prop_assert_eq!(told.patch.0.is_empty(), old == new);
        prop_assert_eq!(told.summary.is_empty(), old == new);
    }

    #[test]
    fn no_more_steps_are_moved_than_stand_in_another_order(before in Just(vec!["a", "b", "c", "d", "e", "f"]).prop_shuffle(), after in Just(vec!["a", "b", "c", "d", "e", "f"]).prop_shuffle()) {
        let moved = kinds(&diff(&steps(&before), &steps(&after)).patch).len();
        let fewest = before.len() - super::order::staying(&before, &after).len();
        prop_assert!(moved <= fewest);
    }
}
