//! The states of a workflow: which transitions there are, which are refused, and who may ask.

use draxis_commands::CommandError;
use draxis_domain::Rejection;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Stage, plain, posting};
use crate::house::{Told, long};

fn code(told: &Told) -> String {
    told.field("type").trim_start_matches("urn:draxis:problem:").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transition_is_carried_out_repeated_without_news_or_refused_with_its_code() {
    let stage = Stage::small().await;
    let edit = async |id: &str, hours: u32| {
        let body = json!({"definition": plain("W", hours), "reason": "another wait"});
        stage.put(&format!("/api/workflows/{id}"), &body, &[]).await
    };
    let restore = async |id: &str, version: u64| {
        let body = json!({"version": version, "reason": "back"});
        stage.post(&format!("/api/workflows/{id}/restore"), &body).await
    };
    let id = stage.draft(&plain("W", 1)).await;
    let state = async || stage.get(&format!("/api/workflows/{id}")).await.expect(200).json()["state"].clone();
    let positions =
        async || stage.get("/api/audit/events?limit=200").await.json()["items"].as_array().map(Vec::len);

    let refused = stage.turn(&id, "pause").await.expect(409);
    assert_eq!(code(&refused), "workflow.draft");
    assert_eq!(code(&restore(&id, 2).await.expect(409)), "workflow.version_unknown");
    assert_eq!(code(&restore(&id, 0).await.expect(409)), "workflow.version_unknown");
    for (verb, after) in [("activate", "active"), ("pause", "paused"), ("activate", "active")] {
        stage.turn(&id, verb).await.expect(200);
        assert_eq!(state().await, after);
        let before = positions().await;
        stage.turn(&id, verb).await.expect(200);
        assert_eq!(positions().await, before, "{verb} twice is no news");
    }
    assert_eq!(edit(&id, 2).await.expect(200).json()["version"], 2, "an active workflow can be edited");
    assert_eq!(state().await, "active");
    stage.turn(&id, "archive").await.expect(200);
    let before = positions().await;
    for refused in [
        stage.turn(&id, "activate").await,
        stage.turn(&id, "pause").await,
        edit(&id, 3).await,
        restore(&id, 1).await,
    ] {
        assert_eq!((refused.status, code(&refused).as_str()), (409, "workflow.archived"), "{}", refused.text);
    }
    stage.turn(&id, "archive").await.expect(200);
    assert_eq!(positions().await, before, "an archived workflow is read-only");
    let listed = stage.get("/api/workflows").await.expect(200).json();
    assert_eq!(listed["items"], json!([]));
    let listed = stage.get("/api/workflows?archived=true").await.expect(200).json();
    assert_eq!(listed["items"][0]["id"], id.as_str());
    assert_eq!(listed["items"][0].get("definition"), None, "a list shows no definitions");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_editors_one_wins_and_the_other_is_told_the_current_version() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("W", 1)).await;
    let path = format!("/api/workflows/{id}");
    let read = stage.get(&path).await.expect(200);
    assert_eq!(read.header("etag"), "\"1\"");
    let edits = (2..10).map(|hours| {
        let (stage, path) = (&stage, &path);
        async move {
            let body = json!({"definition": plain("W", hours), "reason": "mine"});
            stage.put(path, &body, &[("if-match", "\"1\"")]).await
        }
    });
    let told = futures_util::future::join_all(edits).await;
    assert_eq!(told.iter().filter(|told| told.status == 200).count(), 1, "{told:?}");
    for stale in told.iter().filter(|told| told.status != 200) {
        assert_eq!((stale.status, stale.header("etag").as_str()), (412, "\"2\""), "{}", stale.text);
    }
    let as_seen = async |verb: &str, body: Value, seen: &str| {
        let (verb, seen) = (format!("{path}/{verb}"), format!("\"{seen}\""));
        stage.web.command(Method::POST, &stage.token, &verb, &body, &[("if-match", &seen)]).await
    };
    let because = || json!({"reason": "seen long ago"});
    for verb in ["activate", "pause", "archive"] {
        if verb == "pause" {
            as_seen("activate", because(), "2").await.expect(200);
        }
        let stale = as_seen(verb, because(), "1").await;
        assert_eq!((stale.status, stale.header("etag").as_str()), (412, "\"2\""), "{verb}: {}", stale.text);
    }
    let back = json!({"version": 1, "reason": "seen long ago"});
    assert_eq!(as_seen("restore", back.clone(), "1").await.status, 412);
    assert_eq!(as_seen("restore", back, "2").await.expect(200).json()["version"], 3);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_tenant_admin_changes_workflows_and_everybody_in_the_tenant_reads_them() {
    let stage = Stage::full().await;
    let id = stage.draft(&plain("W", 1)).await;
    let body = json!({"definition": plain("W", 2), "reason": "x"});
    for token in &stage.tokens[1..] {
        for (method, path, body) in [
            (Method::POST, "/api/workflows".to_owned(), &body),
            (Method::PUT, format!("/api/workflows/{id}"), &body),
            (Method::POST, format!("/api/workflows/{id}/activate"), &json!({"reason": "x"})),
            (Method::POST, format!("/api/workflows/{id}/previews"), &json!({})),
            (
                Method::PUT,
                "/api/relay-config/slack".to_owned(),
                &super::stage::relay("slack", "https://far.example"),
            ),
            (Method::DELETE, "/api/relay-config/slack".to_owned(), &json!({})),
            (Method::POST, "/api/relay-config/slack/test".to_owned(), &json!({})),
        ] {
            let told = stage.web.command(method, token, &path, body, &[]).await;
            assert_eq!(told.status, 403, "{path}: {}", told.text);
        }
        stage.web.get(token, &format!("/api/workflows/{id}")).await.expect(200);
    }
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activation_names_what_has_gone_since_the_draft_was_written() {
    let stage = Stage::small().await;
    stage.set_up("slack", "https://far.example").await;
    let id = stage.draft(&posting("W")).await;
    stage.delete("/api/relay-config/slack").await.expect(200);
    let told = stage.turn(&id, "activate").await.expect(422);
    assert_eq!(code(&told), "workflow.not_ready");
    let error = &told.json()["errors"][0];
    assert_eq!(
        (&error["code"], &error["pointer"]),
        (&json!("relay.missing"), &json!("/definition/steps/0/type"))
    );
    assert!(error["next"].as_str().is_some_and(|next| next.contains("PUT /api/relay-config/slack")));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activation_warns_of_a_way_round_and_is_carried_out() {
    let stage = Stage::full().await;
    let on = |kri: &str, emits: &str| {
        let mut definition = plain(&format!("On {kri}"), 1);
        definition["trigger"] = json!({"type": "kri_breach", "kri": kri, "level": "red"});
        definition["steps"] = json!([{"id": "emit", "type": "emit_kri_event", "eventType": emits}]);
        definition
    };
    let first = stage.draft(&on("critical_cves_unpatched", "training_completed")).await;
    let second = stage.draft(&on("phishing_click_rate", "patch_applied")).await;
    let warnings =
        async |id: &str| -> Value { stage.turn(id, "activate").await.expect(200).json()["warnings"].clone() };
    assert_eq!(warnings(&first).await, json!([]), "the other one is not active yet");
    let told = warnings(&second).await;
    assert_eq!(told[0]["code"], "workflow.cycle");
    assert_eq!(told[0]["path"][0]["workflowId"], second.as_str());
    assert_eq!(told[0]["path"][1]["workflowName"], "On critical_cves_unpatched");
    assert_eq!(told[0]["path"][1]["kri"], "phishing_click_rate");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_makes_one_draft() {
    let stage = Stage::small().await;
    let body = json!({"definition": plain("W", 1), "reason": "x"});
    let draft = async || {
        let key = [("idempotency-key", "one")];
        stage.web.command(Method::POST, &stage.token, "/api/workflows", &body, &key).await.expect(201)
    };
    let (first, again) = (draft().await, draft().await);
    assert_eq!(first.text, again.text);
    let listed = stage.get("/api/workflows").await.expect(200).json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_to_a_workflow_without_a_reason() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("W", 1)).await;
    let before = stage.web.written(&stage.token).await;
    for reason in [Value::Null, json!(""), json!("  ")] {
        for verb in ["activate", "pause", "archive", "restore"] {
            let mut body = json!({});
            if verb == "restore" {
                body["version"] = json!(1);
            }
            if !reason.is_null() {
                body["reason"] = reason.clone();
            }
            let told = stage.post(&format!("/api/workflows/{id}/{verb}"), &body).await;
            assert_eq!(told.status, 422, "{verb} {body}: {}", told.text);
            assert_eq!(told.json()["errors"][0]["pointer"], "/reason", "{verb} {body}: {}", told.text);
        }
    }
    let edit = json!({"definition": plain("W", 2)});
    stage.put(&format!("/api/workflows/{id}"), &edit, &[]).await.expect(422);
    assert_eq!(stage.web.written(&stage.token).await, before);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_starts_behind_a_pause_however_close_the_press_comes() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("W", 1)).await;
    let (mut started, mut refused) = (0, 0);
    for round in 0..if long() { 500 } else { 25 } {
        stage.turn(&id, "activate").await.expect(200);
        let keys = ["a", "b", "c"].map(|n| format!("{round} {n}"));
        let presses = futures_util::future::join_all(keys.iter().map(|key| stage.press(&id, key)));
        let (paused, pressed) = tokio::join!(stage.turn(&id, "pause"), presses);
        paused.expect(200);
        started += pressed.iter().filter(|pressed| pressed.is_ok()).count();
        refused += pressed.iter().filter(|pressed| pressed.is_err()).count();
        assert!(stage.press(&id, &format!("{round} late")).await.is_err(), "it is paused");
    }
    let told = stage.get(&format!("/api/audit/export?format=ndjson&aggregateId={id}")).await.expect(200).text;
    let (mut active, mut runs) = (false, 0);
    for event in told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        match event["type"].as_str().unwrap() {
            "workflow.activated" => active = true,
            "workflow.paused" => active = false,
            "workflow.run_started" => {
                assert!(active, "a run behind a pause: {event}");
                runs += 1;
            }
            _ => {}
        }
    }
    assert_eq!(runs, started, "{refused} were refused");
    assert!(started > 0, "none came in time");
    stage.web.stop().await;
}

fn is_refused_as_archived<T>(pressed: &Result<T, CommandError>) -> bool {
    matches!(pressed, Err(CommandError::Rejected(Rejection::Conflict { code: "workflow.archived", .. })))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_starts_behind_an_archiving_however_close_the_press_comes() {
    let stage = Stage::small().await;
    let (mut started, mut refused) = (0, 0);
    for round in 0..if long() { 500 } else { 25 } {
        let id = stage.draft(&plain(&format!("W{round}"), 1)).await;
        stage.turn(&id, "activate").await.expect(200);
        let keys = (0..12).map(|n| format!("{round} {n}")).collect::<Vec<_>>();
        let presses = futures_util::future::join_all(keys.iter().map(|key| stage.press(&id, key)));
        let (archived, pressed) = tokio::join!(stage.turn(&id, "archive"), presses);
        archived.expect(200);
        let in_time = pressed.iter().filter(|pressed| pressed.is_ok()).count();
        assert!(stage.press(&id, &format!("{round} late")).await.is_err(), "it is archived");
        let told =
            stage.get(&format!("/api/audit/export?format=ndjson&aggregateId={id}")).await.expect(200).text;
        let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let place = |event_type: &str| told.iter().rposition(|event| event["type"] == event_type);
        assert!(
            place("workflow.run_started") < place("workflow.archived"),
            "a run behind the archiving: {told:?}"
        );
        let runs = told.iter().filter(|event| event["type"] == "workflow.run_started").count();
        assert_eq!(runs, in_time, "what was acknowledged stands in the log, and nothing else");
        started += in_time;
        refused += pressed.iter().filter(|told| is_refused_as_archived(told)).count();
    }
    assert!(started > 0 && refused > 0, "{started} in time, {refused} too late: no race was run");
    stage.web.stop().await;
}
