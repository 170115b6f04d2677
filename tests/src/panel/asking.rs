//! Asking the panel: one answer with reasons, who was called, a citation for each figure, and what becomes of a session.

use std::sync::Arc;

use draxis_domain::panel::{AnsweredBy, Citation, check};
use draxis_domain::{Position, Question, TenantId, WorkflowRunId};
use draxis_event_store::{Ids as _, UlidIds};
use draxis_runner::model::{Called, Reply, Scripted, Stop, Tokens};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Stage;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quarters_top_three_come_with_reasons_and_every_figure_stands_where_it_is_cited() {
    let stage = Stage::set().await;
    let told = stage.ask("What are the quarter's top three?").await;
    let answer = text(&told, "answer");
    assert!(answer.contains("1. “Ransomware” is red"), "{answer}");
    assert!(
        answer.contains("is red at 18 count (red from 10)") && answer.contains("in red breach for 9 days"),
        "{answer}"
    );
    assert!(answer.contains("“Patch within a week” is ineffective"), "{answer}");
    assert!(answer.contains("built-in rules"), "{answer}");
    assert!(!answer.contains("Office flood"), "the fourth is none of three: {answer}");
    assert_eq!(told["by"], json!({"kind": "rules"}));
    assert_eq!(told["experts"][0]["name"], "Privacy", "{told}");
    // What is cited is what the API says at that position.
    let kri = stage.get(&format!("/api/kris/{}", stage.cves)).await;
    let cited = told["citations"].as_array().unwrap();
    let value = cited.iter().find(|cited| cited["id"] == stage.cves.as_str() && cited["field"] == "value");
    assert_eq!(value.expect("the value is cited")["value"], kri["value"]);
    // And holds against the log as of that position, later on, whatever has happened since.
    stage.enter(&stage.cves, 3).await;
    let tenant: TenantId = stage.tenant.parse().unwrap();
    let position = Position::new(told["position"].as_u64().unwrap());
    let at = serde_json::from_value(told["at"].clone()).unwrap();
    let then = stage.web.app.read_models.panel_snapshot_as_of(tenant, position, at).await.unwrap();
    let citations: Vec<Citation> = serde_json::from_value(told["citations"].clone()).unwrap();
    assert!(check(&[answer, text(&told, "rationale")], &citations, &then).struck.is_empty());
    let now = stage.web.app.read_models.panel_snapshot(tenant, "", at).await.unwrap();
    assert!(!check(&[answer], &citations, &now).struck.is_empty(), "it would not hold against what is now");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_is_read_back_and_stays_as_it_is_once_it_has_ended() {
    let stage = Stage::set().await;
    let told = stage.ask("How is the phishing click rate?").await;
    let session = format!("/api/panel-sessions/{}", text(&told, "id"));
    let more =
        stage.post(&format!("{session}/messages"), json!({"text": "And why?"})).await.expect(200).json();
    assert!(text(&more, "answer").contains("“Phishing click rate”"), "{more}");
    assert_eq!(more["turn"], 2);
    let top = json!({"text": "What comes first this quarter?"});
    let top = stage.post(&format!("{session}/messages"), top).await.expect(200).json();
    let offered = top["worthKeeping"][0]["key"].as_str().expect("something is worth keeping").to_owned();
    let keep =
        json!({"keep": [offered, {"key": "appetite", "value": "Low for payments."}, "Ask again in March."]});
    let ended = stage.post(&format!("{session}/end"), keep.clone()).await.expect(200).json();
    assert_eq!((ended["state"].as_str(), ended["kept"].as_array().map(Vec::len)), (Some("ended"), Some(3)));
    stage.post(&format!("{session}/end"), keep).await.expect(200);
    let late = stage.post(&format!("{session}/messages"), json!({"text": "And now?"})).await.expect(409);
    assert!(late.text.contains("panel_session.ended"), "{}", late.text);
    let read = stage.get(&session).await;
    assert_eq!(read["state"], "ended");
    let turns = read["transcript"].as_array().unwrap();
    assert_eq!(turns.len(), 3);
    assert_eq!(turns[0]["answer"], told["answer"]);
    assert_eq!(turns[1]["question"], "And why?");
    let listed = stage.get("/api/panel-sessions").await;
    assert_eq!(listed["items"][0]["id"], told["id"]);
    // What was agreed is remembered, with where it comes from, and the panel knows it.
    let fact = stage.get("/api/institutional-memory/facts/appetite").await;
    assert_eq!(fact["source"], format!("panel session {}", text(&told, "id")));
    let asked = stage.ask("What is our appetite for payments?").await;
    assert!(text(&asked, "rationale").contains("Low for payments."), "{asked}");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_asks_and_does_not_write_to_memory_and_an_auditor_does_not_ask() {
    let stage = Stage::set().await;
    let web = &stage.web;
    let question = json!({"question": "How are we?"});
    let told = web.post(&stage.reader, "/api/panel-sessions", &question).await.expect(201);
    let end = format!("/api/panel-sessions/{}/end", told.field("id"));
    web.post(&stage.reader, &end, &json!({"keep": ["a thing"]})).await.expect(403);
    web.post(&stage.reader, &end, &json!({})).await.expect(200);
    web.post(&stage.auditor, "/api/panel-sessions", &question).await.expect(403);
    web.get(&stage.auditor, "/api/panel-sessions").await.expect(200);
    for body in
        [json!({}), json!({"question": ""}), json!({"question": "x".repeat(4001)}), json!({"question": 1})]
    {
        web.post(&stage.token, "/api/panel-sessions", &body).await.expect(422);
    }
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_the_same_answer_and_no_second_session() {
    let stage = Stage::set().await;
    let body = json!({"question": "How are we?"});
    let key = [("idempotency-key", "once")];
    let ask =
        async || stage.web.command(Method::POST, &stage.token, "/api/panel-sessions", &body, &key).await;
    let first = ask().await.expect(201);
    stage.enter(&stage.cves, 2).await;
    let again = ask().await.expect(201);
    assert_eq!(first.text, again.text);
    assert_eq!(stage.get("/api/panel-sessions").await["items"].as_array().map(Vec::len), Some(1));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_in_pieces_to_who_takes_an_event_stream() {
    let stage = Stage::set().await;
    let headers = [("accept", "text/event-stream")];
    let body = json!({"question": "What are the top three?"});
    let told = stage
        .web
        .command(Method::POST, &stage.token, "/api/panel-sessions", &body, &headers)
        .await
        .expect(201);
    assert_eq!(told.header("content-type"), "text/event-stream");
    let mut names = Vec::new();
    let (mut pieces, mut whole) = (String::new(), Value::Null);
    for event in told.text.split("\n\n").filter(|event| event.starts_with("event: ")) {
        let name = event.lines().next().unwrap().trim_start_matches("event: ").to_owned();
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        match name.as_str() {
            "token" => pieces.push_str(text(&data, "text")),
            "answer" => whole = data,
            _ => {}
        }
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    assert_eq!(names, ["session", "experts", "token", "answer"]);
    assert_eq!(pieces, text(&whole, "answer"));
    let read = stage.get(&format!("/api/panel-sessions/{}", text(&whole, "id"))).await;
    assert_eq!(read["transcript"][0]["answer"], whole["answer"]);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_workflow_that_asks_twice_gets_the_answer_that_was_recorded() {
    let stage = Stage::set().await;
    let tenant: TenantId = stage.tenant.parse().unwrap();
    let run = WorkflowRunId::new(UlidIds.next());
    let question = || Question::parse("What are the top three?").unwrap();
    let panel = &stage.web.app.panel;
    let first = panel.ask_for_run(tenant, run, "ask", question()).await.unwrap();
    stage.enter(&stage.cves, 2).await;
    let again = panel.ask_for_run(tenant, run, "ask", question()).await.unwrap();
    assert_eq!(first, again);
    let other = panel.ask_for_run(tenant, run, "ask-again", question()).await.unwrap();
    assert_ne!(first.id, other.id);
    assert_ne!(first.answer, other.answer);
    assert_eq!(stage.get("/api/panel-sessions").await["items"].as_array().map(Vec::len), Some(2));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_asks_twice_asks_no_model_twice() {
    let stage = Stage::set().await;
    let tenant: TenantId = stage.tenant.parse().unwrap();
    let model = Arc::new(Scripted::following(|_| {
        let with = json!({"answer": "Patch.", "rationale": "It is red.", "citations": []});
        let calls = vec![Called { id: "a".to_owned(), name: "answer".to_owned(), with }];
        Reply { text: String::new(), calls, stop: Stop::Calls, tokens: Tokens { input: 10, output: 10 } }
    }));
    let asked: Arc<Scripted> = Arc::clone(&model);
    let panel = stage.web.app.panel.clone().with_model(asked);
    let run = WorkflowRunId::new(UlidIds.next());
    let question = || Question::parse("What do we patch?").unwrap();
    let first = panel.ask_for_run(tenant, run, "ask", question()).await.unwrap();
    let before = model.asked().len();
    assert!(before > 0 && matches!(first.by, AnsweredBy::Model { .. }));
    assert_eq!(panel.ask_for_run(tenant, run, "ask", question()).await.unwrap(), first);
    assert_eq!(model.asked().len(), before, "the answer stands in the log");
    // Two workers at once: what was recorded first counts, and there is one session.
    let run = WorkflowRunId::new(UlidIds.next());
    let (one, other) = tokio::join!(
        panel.ask_for_run(tenant, run, "ask", question()),
        panel.ask_for_run(tenant, run, "ask", question())
    );
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(stage.get("/api/panel-sessions").await["items"].as_array().map(Vec::len), Some(2));
    stage.web.stop().await;
}
