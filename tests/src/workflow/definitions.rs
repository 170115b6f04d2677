//! Definitions over HTTP: the golden ones are taken and refused as the validator says, each problem at its place in the body.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::stage::Stage;

/// The codes of mistakes for which it can be listed what could stand there instead.
const CHOICES: [&str; 11] = [
    "value.not_allowed",
    "field.unknown",
    "definition.schema_version",
    "kri.unknown",
    "kri_event.undeclared",
    "account.unknown",
    "approval.auditor",
    "template.unknown_name",
    "template.unknown_filter",
    "condition.unknown_name",
    "condition.unknown_function",
];

/// The first words of codes of mistakes that the shape alone shows.
const OF_SHAPE: [&str; 6] = ["value.", "field.", "list.", "text.", "number.", "definition."];

fn golden(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/definitions").join(folder);
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("a fixture").path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a fixture reads");
            (path.file_stem().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_definitions_are_taken_and_read_back() {
    let stage = Stage::full().await;
    for (name, definition) in golden("valid") {
        let definition = stage.localized(&definition);
        let told = stage.post("/api/workflows", &json!({"definition": definition, "reason": name})).await;
        assert_eq!(told.status, 201, "{name}: {}", told.text);
        let read = stage.get(&format!("/api/workflows/{}", told.field("id"))).await.expect(200).json();
        assert_eq!((&read["state"], &read["version"]), (&json!("draft"), &json!(1)), "{name}");
        assert_eq!(read["definition"]["name"], definition["name"], "{name}");
        let again = json!({"definition": read["definition"], "reason": "as read"});
        let again = stage.put(&format!("/api/workflows/{}", told.field("id")), &again, &[]).await.expect(200);
        assert_eq!(again.json()["version"], 1, "{name}: what was read is what was written");
    }
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_mistakes_are_refused_each_with_code_place_and_what_to_do() {
    let stage = Stage::full().await;
    let mut wrong = Vec::new();
    for (name, case) in golden("invalid").into_iter().filter(|(_, case)| case.get("withoutRelays").is_none())
    {
        let body = json!({"definition": stage.localized(&case["definition"]), "reason": "a try"});
        let told = stage.post("/api/workflows", &body).await;
        assert_eq!(told.status, 422, "{name}: {}", told.text);
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let problem = told.json();
        let errors = problem["errors"].as_array().expect("errors").clone();
        let found: BTreeSet<_> = errors.iter().map(|one| (text(one, "code"), text(one, "pointer"))).collect();
        let place = |one: &Value| format!("/definition{}", text(one, "pointer"));
        let expected: BTreeSet<_> = case["expect"]
            .as_array()
            .expect("what is expected")
            .iter()
            .map(|one| (text(one, "code"), place(one)))
            .collect();
        if found != expected {
            wrong.push(format!("{name}: {found:?} instead of {expected:?}"));
        }
        assert!(
            errors.iter().all(|one| !text(one, "detail").is_empty() && !text(one, "next").is_empty()),
            "{name}: {}",
            told.text
        );
        for one in errors.iter().filter(|one| CHOICES.contains(&text(one, "code").as_str())) {
            let allowed = one["allowed"].as_array().is_some_and(|allowed| !allowed.is_empty());
            assert!(allowed, "{name}: what could stand there is not said: {one}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let events = stage.get("/api/audit/events?type=workflow.drafted").await.expect(200).json();
    assert_eq!(events["items"], json!([]), "nothing was drafted");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_kri_is_answered_with_those_there_are() {
    let stage = Stage::small().await;
    let mut definition = super::stage::plain("W", 1);
    definition["trigger"] = json!({"type": "kri_breach", "kri": "no_such_kri", "level": "red"});
    let told =
        stage.post("/api/workflows", &json!({"definition": definition, "reason": "x"})).await.expect(422);
    let error = &told.json()["errors"][0];
    assert_eq!(error["code"], "kri.unknown");
    assert_eq!(error["allowed"], json!(["critical_cves_unpatched"]));
    // A KRI that is out of use is none that a definition can speak of.
    let kri = &stage.kris[0];
    stage.post(&format!("/api/kris/{kri}/archive"), &json!({})).await.expect(200);
    definition["trigger"]["kri"] = json!("critical_cves_unpatched");
    let told =
        stage.post("/api/workflows", &json!({"definition": definition, "reason": "x"})).await.expect(422);
    assert_eq!(told.json()["errors"][0]["code"], "kri.unknown");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_served_to_anybody_and_a_draft_asks_for_a_reason() {
    let stage = Stage::small().await;
    let schema = stage.web.get("", "/api/schemas/workflow-definition.json").await.expect(200);
    assert_eq!(schema.json()["title"], "Draxis workflow definition");
    let without = json!({"definition": super::stage::plain("W", 1)});
    let told = stage.post("/api/workflows", &without).await.expect(422);
    assert_eq!(told.json()["errors"][0]["pointer"], "/reason");
    let large = "x".repeat(300 * 1024);
    let body = json!({"definition": {"name": large}, "reason": "x"});
    let told = stage.post("/api/workflows", &body).await.expect(422);
    assert_eq!(told.json()["errors"][0]["code"], "definition.too_large");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_that_is_served_takes_what_the_validator_takes_and_refuses_what_is_misshapen() {
    let stage = Stage::small().await;
    let schema = stage.web.get("", "/api/schemas/workflow-definition.json").await.expect(200).json();
    let schema = jsonschema::validator_for(&schema).expect("it is a schema");
    for (name, definition) in golden("valid") {
        let misfits: Vec<String> = schema.iter_errors(&definition).map(|misfit| misfit.to_string()).collect();
        assert!(misfits.is_empty(), "{name}: {misfits:?}");
    }
    let (mut taken, mut refused) = (Vec::new(), 0);
    for (name, case) in golden("invalid") {
        let mistakes = case["expect"].as_array().expect("what is expected");
        let of_shape = mistakes.iter().any(|one| {
            let code = one["code"].as_str().expect("a code");
            OF_SHAPE.iter().any(|words| code.starts_with(words))
        });
        if of_shape && schema.is_valid(&case["definition"]) {
            taken.push(name);
        } else if of_shape {
            refused += 1;
        }
    }
    // What a name must not be made of is more than the schema says.
    assert_eq!(
        (taken, refused > 40),
        (vec!["007-name-blank".to_owned(), "010-name-control".to_owned()], true)
    );
    stage.web.stop().await;
}
