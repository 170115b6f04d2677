//! The description of the API: OpenAPI 3.1, generated from the table of routes and the types of its bodies.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::routes::{Access, Route, routes};

/// `GET /api/openapi.json`.
pub async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(describe(&routes()).to_string())
}

/// `GET /api/docs`: where the description is browsed.
pub async fn docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/api/docs/")).finish()
}

/// The whole description.
pub fn describe(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        let operation = operation(route, &mut schemas);
        paths.entry(route.path).or_default().insert(route.method.as_str().to_lowercase(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Draxis",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Cyber-risk indicators, workflows and their provable history. Times are RFC 3339 UTC, decimals \
                            strings, ids ULIDs. Every command takes Idempotency-Key and answers with Draxis-Position.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": with_problem(schemas.take_definitions(true)),
        },
    })
}

fn with_problem(mut schemas: Map<String, Value>) -> Map<String, Value> {
    let problem = json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "description": "Stable, such as urn:draxis:problem:kri.thresholds_inverted" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "detail"],
                    "properties": {
                        "pointer": { "type": "string", "description": "RFC 6901, into the body" },
                        "detail": { "type": "string" },
                        "code": { "type": "string", "description": "Stable, such as kri.unknown" },
                        "allowed": { "type": "array", "items": { "type": "string" }, "description": "What could stand there" },
                        "next": { "type": "string", "description": "What to do" },
                    },
                },
            },
        },
    });
    schemas.insert("Problem".to_owned(), problem);
    schemas
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut operation = Map::new();
    operation.insert("summary".to_owned(), route.summary.into());
    if let Some(events) = route.events {
        operation.insert("description".to_owned(), events.into());
    }
    operation.insert("operationId".to_owned(), operation_id(route).into());
    operation.insert("parameters".to_owned(), parameters(route).into());
    operation.insert("responses".to_owned(), responses(route, schemas));
    if let Some(body) = route.body {
        let content = json!({ "application/json": { "schema": body(schemas) } });
        operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    if let Some(media_type) = route.media_type {
        let content = json!({ media_type: { "schema": { "type": "string" } } });
        operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    if route.access == Access::Token {
        operation.insert("security".to_owned(), json!([{ "token": [] }]));
    }
    Value::Object(operation)
}

fn operation_id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(route.method.as_str().to_lowercase(), |mut id, word| {
        id.push('_');
        id.push_str(word);
        id
    })
}

fn parameters(route: &Route) -> Vec<Value> {
    let text = json!({ "type": "string" });
    let in_path = route
        .path_parameters()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text.clone() }));
    let in_query = route.parameters.iter().map(
        |(name, meaning)| json!({ "name": name, "in": "query", "description": meaning, "schema": text.clone() }),
    );
    let header = |name: &str, meaning: &str| json!({ "name": name, "in": "header", "description": meaning, "schema": text.clone() });
    let key =
        route.is_command().then(|| header("Idempotency-Key", "The same key and body give the same answer"));
    let version = route.versioned.then(|| header("If-Match", "The ETag of the version that was read"));
    in_path.chain(in_query).chain(key).chain(version).collect()
}

fn responses(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let problem = |meaning: &str| {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        json!({ "description": meaning, "content": { "application/problem+json": { "schema": schema } } })
    };
    let mut responses = Map::new();
    let mut content = Map::new();
    if let Some(answer) = route.answer {
        content.insert("application/json".to_owned(), json!({ "schema": answer(schemas) }));
    }
    if route.events.is_some() {
        content.insert("text/event-stream".to_owned(), json!({ "example": "event: step\ndata: {}\n\n" }));
    }
    let success = if content.is_empty() {
        json!({ "description": route.summary })
    } else {
        json!({ "description": route.summary, "content": content })
    };
    responses.insert(route.success.to_string(), success);
    if route.reaches_outside {
        responses.insert(
            "202".to_owned(),
            json!({ "description": "Under way; where to look stands in the answer" }),
        );
    }
    for (status, meaning) in refusals(route) {
        responses.insert(status.to_owned(), problem(meaning));
    }
    Value::Object(responses)
}

/// How a route can refuse, each with what that means.
fn refusals(route: &Route) -> Vec<(&'static str, &'static str)> {
    let mut refusals = vec![("503", "Too much is waiting, or the database does not answer; try again")];
    if route.access == Access::Token {
        refusals.push(("400", "A header cannot be read"));
        refusals.push(("401", "No access token, or not a valid one"));
        refusals.push(("403", "The role does not include it"));
        refusals.push(("422", "A parameter or a header breaks rules"));
    }
    if route.is_sign_in() {
        refusals.push(("401", "Not somebody who may sign in so"));
        refusals.push(("429", "Too many attempts from this address; Retry-After says when to go on"));
    }
    let leads_somewhere = route.parameters.iter().any(|(name, _)| names_a_thing(name));
    if route.path_parameters().next().is_some() || leads_somewhere || route.takes_a_body() {
        refusals.push(("404", "There is no such thing, or none the caller may know of"));
    }
    if route.shows_once {
        refusals.push(("410", "Used, expired, taken back or unknown"));
    }
    if route.reaches_outside {
        refusals.push(("502", "The far system did not answer as it should"));
    }
    if route.takes_a_body() {
        refusals.push(("400", "The body or a header cannot be read"));
        refusals.push(("409", "The state of the world does not allow it"));
        refusals.push(("413", "The body is larger than it may be"));
        refusals.push(("415", "The body is declared as something else"));
        refusals.push(("422", "The input breaks rules; each with a JSON pointer"));
    }
    if route.versioned {
        refusals.push(("412", "The version is no longer the current one"));
    }
    refusals
}

/// Whether a query parameter leads to one thing, which may not be there.
fn names_a_thing(parameter: &str) -> bool {
    matches!(parameter, "event" | "position" | "asOf" | "tenantId")
}
