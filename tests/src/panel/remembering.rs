//! The memory: facts with sources, documents searched by their words, nothing of another tenant's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn facts_are_set_found_changed_and_forgotten() {
    let stage = Stage::set().await;
    let memory = "/api/institutional-memory";
    let fact = json!({"key": "insurance.limit", "value": "The policy pays up to 25 million.", "source": "the broker"});
    stage.post(memory, fact).await.expect(201);
    let found = stage.get("/api/institutional-memory?q=policy").await;
    assert_eq!(found["facts"][0]["key"], "insurance.limit");
    let found = stage.get("/api/institutional-memory?q=limit").await;
    assert_eq!(found["facts"][0]["source"], "the broker", "a key is found by its words");
    assert_eq!(stage.get("/api/institutional-memory?q=\"policy limit\"").await["facts"], json!([]));
    let path = "/api/institutional-memory/facts/insurance.limit";
    let changed = json!({"value": "The policy pays up to 10 million."});
    stage.web.command(Method::PUT, &stage.token, path, &changed, &[]).await.expect(200);
    assert_eq!(stage.get(path).await["value"], changed["value"]);
    stage.web.command(Method::PUT, &stage.reader, path, &changed, &[]).await.expect(403);
    let spaced = "/api/institutional-memory/facts/crown%20jewels%20%C3%BC";
    stage.web.command(Method::PUT, &stage.token, spaced, &json!({"value": "Ledger"}), &[]).await.expect(200);
    let listed = stage.get("/api/institutional-memory/facts?limit=1").await;
    assert_eq!(listed["items"][0]["key"], "crown jewels ü");
    let next = format!("/api/institutional-memory/facts?cursor={}", listed["nextCursor"].as_str().unwrap());
    assert_eq!(stage.get(&next).await["items"][0]["key"], "insurance.limit");
    stage.web.command(Method::DELETE, &stage.token, path, &json!({}), &[]).await.expect(200);
    stage.web.command(Method::DELETE, &stage.token, path, &json!({}), &[]).await.expect(404);
    assert_eq!(stage.get("/api/institutional-memory?q=policy").await["facts"], json!([]));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_read_searched_quoted_by_the_panel_and_forgotten_with_their_text() {
    let stage = Stage::set().await;
    let documents = "/api/institutional-memory/documents";
    let plan = json!({"title": "Incident plan", "mediaType": "text/markdown",
                      "text": "# Incident plan\nAfter a ransomware attack the board is told within 4 hours."});
    let plan = stage.post(documents, plan).await.expect(201).field("id");
    let found = stage.get("/api/institutional-memory?q=board").await;
    assert!(found["documents"][0]["passage"].as_str().unwrap().contains("within 4 hours"), "{found}");
    let told = stage.ask("What does the incident plan say of ransomware?").await;
    assert!(told["rationale"].as_str().unwrap().contains("within 4 hours"), "{told}");
    assert!(told["citations"].as_array().unwrap().iter().any(|cited| cited["kind"] == "document"), "{told}");
    let pdf = "%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj 2 0 obj << /Kids [3 0 R] >> endobj \
               3 0 obj << /Type /Page /Contents 4 0 R >> endobj\n4 0 obj << /Length 35 >>\nstream\n\
               BT (Backups are tested quarterly) Tj ET\nendstream endobj";
    let body = json!({"title": "Backups", "mediaType": "application/pdf", "content": STANDARD.encode(pdf)});
    let backups = stage.post(documents, body).await.expect(201).field("id");
    let read = stage.get(&format!("{documents}/{backups}")).await;
    assert_eq!(read["text"].as_str().unwrap().trim(), "Backups are tested quarterly");
    let headers = [
        ("authorization", format!("Bearer {}", stage.token)),
        ("content-type", "application/pdf".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let upload = format!("{documents}/upload?title=Again");
    stage.web.send(Method::POST, &upload, &headers, Some(pdf.to_owned())).await.expect(201);
    assert_eq!(stage.get(documents).await["items"].as_array().map(Vec::len), Some(3));
    for (body, pointer) in [
        (
            json!({"title": "T", "mediaType": "application/pdf", "content": STANDARD.encode("no pdf")}),
            "/content",
        ),
        (json!({"title": "T", "mediaType": "text/plain", "text": "  "}), "/text"),
        (json!({"title": "T", "mediaType": "text/plain", "content": "!"}), "/content"),
        (json!({"title": "T", "mediaType": "text/html", "text": "x"}), "/mediaType"),
    ] {
        let refused = stage.post(documents, body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let path = format!("{documents}/{plan}");
    stage.web.command(Method::DELETE, &stage.token, &path, &json!({}), &[]).await.expect(200);
    stage.web.get(&stage.token, &path).await.expect(404);
    assert_eq!(stage.get("/api/institutional-memory?q=board").await["documents"], json!([]));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_tenant_remembers_no_other_is_told() {
    let stage = Stage::set().await;
    stage
        .post("/api/institutional-memory", json!({"key": "secret.plan", "value": "Merge with Umbrella"}))
        .await
        .expect(201);
    let body = json!({"title": "Plan", "mediaType": "text/plain", "text": "Umbrella is to be bought"});
    stage.post("/api/institutional-memory/documents", body).await.expect(201);
    let root = json!({"email": "root@acme.example", "password": "correct horse battery"});
    let root = stage.web.post("", "/api/auth/login", &root).await.expect(200).field("accessToken");
    let (_, theirs) = stage.web.tenant(&root, "their-corp").await;
    let found = stage.web.get(&theirs, "/api/institutional-memory?q=umbrella").await.expect(200).json();
    assert_eq!(found, json!({"facts": [], "documents": []}));
    let asked = json!({"question": "What do you remember of Umbrella?"});
    let told = stage.web.post(&theirs, "/api/panel-sessions", &asked).await.expect(201);
    assert!(!told.text.contains("Merge") && !told.text.contains("bought"), "{}", told.text);
    stage.web.stop().await;
}
