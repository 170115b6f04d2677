//! Definitions over HTTP: the golden ones are taken and refused as the validator says, each problem at its place in the body.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::stage::Stage;

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
