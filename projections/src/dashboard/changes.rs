//! What has changed between two dashboards: the things that are new or read differently, and those that are gone.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::dashboard::RenderedDashboard;
use crate::dashboard::render::LISTS;

impl RenderedDashboard {
    /// What somebody who has the one before must learn, as JSON: each changed thing whole, in its list, and the ids of those
    /// that are gone. None where both show the same.
    pub fn changes_since(&self, before: &Self) -> Option<Vec<u8>> {
        let changed = |list: &str| -> Vec<&Bytes> {
            let of_list = self.parts.iter().filter(|((name, _), _)| *name == list);
            of_list
                .filter(|(thing, part)| before.parts.get(thing) != Some(part))
                .map(|(_, part)| part)
                .collect()
        };
        let gone = |list: &str| -> Vec<&str> {
            let of_list = before.parts.keys().filter(|(name, _)| *name == list);
            of_list.filter(|thing| !self.parts.contains_key(thing)).map(|(_, id)| id.as_str()).collect()
        };
        let changed: BTreeMap<&str, Vec<&Bytes>> = LISTS.iter().map(|&list| (list, changed(list))).collect();
        let gone: BTreeMap<&str, Vec<&str>> =
            LISTS.iter().map(|&list| (list, gone(list))).filter(|(_, ids)| !ids.is_empty()).collect();
        if gone.is_empty() && changed.values().all(Vec::is_empty) {
            return None;
        }
        let mut told = format!("{{\"position\":{}", self.position).into_bytes();
        for (list, parts) in changed.into_iter().filter(|(_, parts)| !parts.is_empty()) {
            told.extend_from_slice(format!(",\"{list}\":[").as_bytes());
            for (count, part) in parts.into_iter().enumerate() {
                if count > 0 {
                    told.push(b',');
                }
                told.extend_from_slice(part);
            }
            told.push(b']');
        }
        if !gone.is_empty() {
            told.extend_from_slice(format!(",\"gone\":{}", serde_json::json!(gone)).as_bytes());
        }
        told.push(b'}');
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use draxis_domain::Position;
    use draxis_domain::kri::KriCommand;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use ulid::Ulid;

    use crate::dashboard::{Clocks, RenderedDashboard, render};
    use crate::memory::Memory;
    use crate::replay::Folded;
    use crate::risk_model::ModelAt;
    use crate::told::{Told, any};

    fn rendered(told: &Told, events: usize) -> RenderedDashboard {
        let mut state = Memory::default();
        told.events.iter().take(events).for_each(|event| state.fold(event));
        let position = Position::new(u64::try_from(events).unwrap());
        render(&ModelAt::new(Folded { state, position }), Clocks::default()).unwrap()
    }

    fn since(told: &Told, before: usize) -> Option<Value> {
        let changes = rendered(told, told.events.len()).changes_since(&rendered(told, before));
        changes.map(|changes| serde_json::from_slice(&changes).unwrap())
    }

    #[test]
    fn only_what_a_value_reaches_is_told() {
        let mut told = Told::default();
        told.outcome(3);
        let id = |n: u128| Ulid(n).to_string();
        told.risk(2, &format!(r#","outcomeIds":["{}"]"#, id(3)));
        told.risk(5, "");
        let mut kri = told.kri(1, &format!(r#","riskIds":["{}"]"#, id(2)));
        told.kri(6, "");
        let before = told.events.len();
        told.reads(&mut kri, 10, 25);
        let changes = since(&told, before).unwrap();
        let ids = |list: &str| -> Vec<Value> {
            changes[list].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
        };
        assert_eq!((ids("outcomes"), ids("risks")), (vec![json!(id(3))], vec![json!(id(2))]));
        assert_eq!(ids("kris"), [json!(id(1))]);
        assert!(changes.get("gone").is_none());
    }

    #[test]
    fn what_was_taken_out_of_use_is_gone_and_an_event_that_shows_nowhere_is_no_change() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        let before = told.events.len();
        told.source();
        assert_eq!(since(&told, before), None);
        told.when(&mut kri, 1, KriCommand::Archive);
        assert_eq!(since(&told, before).unwrap()["gone"], json!({"kris": [kri.id]}));
    }

    /// A dashboard as a client keeps it: each thing by its list and id.
    fn things(dashboard: &Value) -> BTreeMap<(String, String), Value> {
        let lists = ["outcomes", "risks", "kris"];
        let of = |list: &str| dashboard[list].as_array().cloned().unwrap_or_default();
        let named =
            |list: &str, item: Value| ((list.to_owned(), item["id"].as_str().unwrap().to_owned()), item);
        lists
            .iter()
            .flat_map(|list| of(list).into_iter().map(|item| named(list, item)).collect::<Vec<_>>())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn whoever_takes_in_every_change_has_the_dashboard(told in any::stream(), step in 1..30_usize) {
            let (mut kept, mut before) = (BTreeMap::new(), rendered(&told, 0));
            let ends = (0..told.events.len()).step_by(step).chain([told.events.len()]);
            for end in ends {
                let now = rendered(&told, end);
                if let Some(changes) = now.changes_since(&before) {
                    let changes: Value = serde_json::from_slice(&changes).unwrap();
                    kept.extend(things(&changes));
                    for (list, ids) in changes["gone"].as_object().into_iter().flatten() {
                        for id in ids.as_array().unwrap() {
                            kept.remove(&(list.clone(), id.as_str().unwrap().to_owned()));
                        }
                    }
                }
                prop_assert_eq!(&kept, &things(&serde_json::from_slice(&now.body).unwrap()));
                before = now;
            }
        }
    }
}
