//! Definitions to test with: small ones by hand and generated ones of all kinds.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::workflow::Definition;

/// A definition of that trigger and those steps.
pub(super) fn definition(trigger: &Value, steps: &Value) -> Definition {
    serde_json::from_value(json!({
        "schemaVersion": 1, "name": "Sample", "owners": [{"role": "tenant_admin"}], "trigger": trigger, "steps": steps,
    }))
    .unwrap()
}

fn triggers() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_u8..3, any::<bool>()).prop_map(|(kri, red)| {
            json!({"type": "kri_breach", "kri": format!("kri_{kri}"), "level": if red { "red" } else { "amber" }})
        }),
        (0_u8..24, 0_u32..4).prop_map(|(hour, up_to)| {
            let missed = if up_to == 0 { json!("latest") } else { json!({"all": {"upTo": up_to}}) };
            json!({"type": "schedule", "cron": format!("0 {hour} * * *"), "timeZone": "Europe/Berlin", "missed": missed})
        }),
        proptest::collection::vec("[a-z]{1,3}", 0..3).prop_map(|names| {
            let inputs: Vec<_> = names.iter().map(|name| json!({"name": name, "type": "text"})).collect();
            json!({"type": "manual", "inputs": inputs})
        }),
    ]
}

fn actions() -> impl Strategy<Value = Value> {
    let text = || "[a-c~/ ]{1,4}";
    prop_oneof![
        (text(), text()).prop_map(|(subject, body)| json!({"type": "notify_owner", "subject": subject, "body": body})),
        (text(), proptest::collection::vec("[a-c]{1,2}", 0..4)).prop_map(|(summary, labels)| {
            json!({"type": "create_ticket", "summary": summary,
                "destination": {"system": "jira", "project": "SEC", "labels": labels}})
        }),
        text().prop_map(|text| json!({"type": "post_slack", "channel": "#a", "text": text})),
        (1_u32..4, proptest::collection::vec(1_u32..9, 0..4), any::<bool>()).prop_map(|(required, hours, veto)| {
            let reminders: Vec<_> = hours.iter().map(|hour| format!("PT{hour}H")).collect();
            json!({"type": "await_approval", "question": "?", "approvers": [{"role": "tenant_admin"}], "required": required,
                "due": "P1D", "reminders": reminders, "veto": veto})
        }),
        (1_u32..9).prop_map(|hours| json!({"type": "wait", "until": {"duration": format!("PT{hours}H")}})),
        Just(json!({"type": "emit_kri_event", "eventType": "patch_applied"})),
    ]
}

/// Definitions of all kinds, with few step ids, so that two of them have steps in common.
pub(super) fn definitions() -> impl Strategy<Value = Definition> {
    let ids = proptest::sample::subsequence(vec!["a", "b", "c", "d", "e", "f", "g"], 1..7).prop_shuffle();
    let steps = ids.prop_flat_map(|ids| {
        let actions =
            proptest::collection::vec((actions(), proptest::option::of("[a-b]{1,2}"), 1_u32..4), ids.len());
        actions.prop_map(move |actions| {
            ids.iter()
                .zip(actions)
                .map(|(id, (mut step, name, attempts))| {
                    step["id"] = json!(id);
                    step["retry"] = json!({"attempts": attempts});
                    step.as_object_mut().unwrap().extend(name.map(|name| ("name".to_owned(), json!(name))));
                    step
                })
                .collect::<Vec<_>>()
        })
    });
    (triggers(), steps, proptest::option::of("[a-c]{1,3}")).prop_map(|(trigger, steps, description)| {
        let mut value = definition(&trigger, &json!(steps)).to_value();
        if let Some(description) = description {
            value["description"] = json!(description);
        }
        serde_json::from_value(value).unwrap()
    })
}
