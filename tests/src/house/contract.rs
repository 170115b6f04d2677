//! The contract: what the program's own description promises. Every answer that any test is given is held against it.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test ends where the promise is broken")]

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use draxis_api::openapi::describe;
use draxis_api::routes::routes;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Told;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| describe(&routes()));
static VALIDATORS: Mutex<BTreeMap<String, Validator>> = Mutex::new(BTreeMap::new());

/// Fails the test where an answer is not what the description says: of another status, or of another shape.
pub(super) fn must_keep(method: &str, path: &str, told: &Told) {
    let Some((template, operation)) = operation(method, path) else { return };
    let responses = &operation["responses"];
    let Some(response) = responses.get(told.status.to_string()) else {
        panic!("{method} {template} answered {}, which is not described: {}", told.status, told.text);
    };
    let kind = told.header("content-type");
    let Some(schema) = response["content"][kind.as_str()].get("schema") else { return };
    let answer = told.json();
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator =
        validators.entry(schema.to_string()).or_insert_with(|| validator(schema).expect("the schema is one"));
    let misfits: Vec<String> = validator
        .iter_errors(&answer)
        .map(|misfit| format!("{}: {misfit}", misfit.instance_path()))
        .collect();
    assert!(misfits.is_empty(), "{method} {template} broke its description: {misfits:#?}\n{}", told.text);
}

fn validator(schema: &Value) -> Result<Validator, String> {
    let whole = json!({ "allOf": [schema], "components": DESCRIPTION["components"] });
    jsonschema::draft202012::new(&whole).map_err(|error| error.to_string())
}

/// The operation that serves a path: a literal part of a template before a parameter.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let asked: Vec<&str> = path.split(['?', '#']).next().unwrap_or_default().split('/').collect();
    let paths = DESCRIPTION["paths"].as_object()?;
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == asked.len()
            && parts.iter().zip(&asked).all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    let (template, operations) = found.first()?;
    Some((template.as_str(), operations.get(method.to_lowercase())?))
}
