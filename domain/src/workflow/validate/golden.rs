//! The golden definitions in `fixtures/definitions`: what is accepted stays accepted, what is refused says so at its place.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{validate, validate_text};
use crate::workflow::{SCHEMA, TenantFacts};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/definitions")
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tenant() -> TenantFacts {
    serde_json::from_value(read(&fixtures().join("tenant.json"))).unwrap()
}

fn all(folder: &str) -> Vec<(String, Value)> {
    let mut found: Vec<_> = fs::read_dir(fixtures().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), read(&path)))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn every_valid_golden_definition_is_accepted_and_reads_back_as_itself() {
    let (tenant, found) = (tenant(), all("valid"));
    assert!(found.len() >= 40, "{}", found.len());
    for (name, given) in found {
        let definition = validate(&given, &tenant).unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
        let written = definition.to_value();
        assert_eq!(validate(&written, &tenant).as_ref(), Ok(&definition), "{name}");
        assert_eq!(validate_text(&given.to_string(), &tenant), Ok(definition), "{name}");
    }
}

#[test]
fn every_invalid_golden_definition_is_refused_with_its_codes_and_no_others() {
    let (tenant, found) = (tenant(), all("invalid"));
    assert!(found.len() >= 80, "{}", found.len());
    let mut wrong = Vec::new();
    for (name, case) in found {
        let mut tenant = tenant.clone();
        for relay in case.get("withoutRelays").and_then(Value::as_array).into_iter().flatten() {
            tenant.relays.remove(&serde_json::from_value(relay.clone()).unwrap());
        }
        let problems = validate(&case["definition"], &tenant).expect_err(&name);
        let found: BTreeSet<_> = problems.iter().map(|p| (p.code.to_owned(), p.pointer.clone())).collect();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        let expected: BTreeSet<_> = case["expect"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (text(one, "code"), text(one, "pointer")))
            .collect();
        if found != expected {
            wrong.push(format!("{name}: found {found:?}, expected {expected:?}"));
        }
        for problem in problems {
            assert!(!problem.message.is_empty() && !problem.next.is_empty(), "{name}: {problem:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_field_of_a_valid_golden_definition_is_known_to_the_published_schema() {
    fn fields(schema: &Value, known: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                known.extend(
                    map.get("properties")
                        .and_then(Value::as_object)
                        .into_iter()
                        .flat_map(|p| p.keys().cloned()),
                );
                map.values().for_each(|inner| fields(inner, known));
            }
            Value::Array(items) => items.iter().for_each(|inner| fields(inner, known)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    fn used(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.keys().cloned());
                map.values().for_each(|inner| used(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| used(inner, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let (mut known, mut found) = (BTreeSet::new(), BTreeSet::new());
    fields(&serde_json::from_str(SCHEMA).unwrap(), &mut known);
    for (_, definition) in all("valid") {
        used(&definition, &mut found);
    }
    let never: Vec<_> = known.difference(&found).collect();
    assert!(found.is_subset(&known), "{:?}", found.difference(&known));
    assert!(never.is_empty(), "no golden definition uses {never:?}");
}

#[test]
fn every_code_is_met_by_a_golden_definition() {
    let met: BTreeSet<String> = all("invalid")
        .iter()
        .flat_map(|(_, case)| case["expect"].as_array().unwrap())
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect();
    let sources = ["../shape.rs", "../validate.rs", "approval.rs", "flow.rs", "text.rs", "trigger.rs"];
    let code = regex::Regex::new(r#""((?:value|field|list|text|number|duration|definition|kri|schedule|input|step|wait|approval|account|role|kri_owner|relay|kri_event|template|condition)\.[a-z_]+)""#).unwrap();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/workflow/validate");
    for source in sources {
        let text = fs::read_to_string(folder.join(source)).unwrap();
        for found in code.captures_iter(&text) {
            let from_text_alone = ["definition.not_json", "definition.too_large", "definition.malformed"];
            assert!(
                met.contains(&found[1]) || from_text_alone.contains(&&found[1]),
                "no golden definition meets {}",
                &found[1]
            );
        }
    }
}

#[test]
fn text_that_is_no_json_or_too_much_of_it_is_refused() {
    let code = |text: &str| validate_text(text, &tenant()).unwrap_err()[0].code;
    assert_eq!(code("{"), "definition.not_json");
    assert_eq!(code(&"[".repeat(100_000)), "definition.not_json");
    assert_eq!(code(&" ".repeat(super::LARGEST + 1)), "definition.too_large");
}
