//! What belongs to somebody else: the same answer as for what never existed (hazards A5).

use draxis_commands::{Caller, Context};
use reqwest::Method;
use serde_json::json;

use crate::approvals::scene::{DIGEST, new_run, question};
use crate::house::{TestDatabase, Web, start_of_time};

/// A body that fits each command, so that only the address can be wrong.
pub(crate) fn body(path: &str) -> serde_json::Value {
    let source = json!({"name": "S", "sourceType": "identity", "vendor": "okta",
                        "credentials": {"api_token": "x"}, "config": {"domain": "acme.okta.com"}});
    let kri = json!({"slug": "some_kri", "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2});
    match path {
        "/api/outcomes/{id}" => json!({"name": "O"}),
        "/api/risks/{id}" => json!({"name": "R", "likelihood": 1, "impact": 1}),
        "/api/kris/{id}" => kri,
        "/api/kris/{id}/values" => json!({"value": 1}),
        "/api/kris/{id}/values/{sequence}/correct" => json!({"value": null, "reason": "a mistake"}),
        "/api/kri-sources/{id}/push-tokens" => json!({"name": "T"}),
        "/api/controls/{id}" => json!({"name": "C"}),
        "/api/vendors/{id}" => json!({"name": "V", "criticality": "high"}),
        "/api/breaches/{id}/comments" => json!({"comment": "seen"}),
        "/api/breaches/{id}/snooze" => json!({"until": "2026-09-22T00:00:00Z"}),
        "/api/breaches/{id}/assign" => json!({"owner": null}),
        "/api/kri-sources/{id}" => source,
        "/api/panel-sessions" => json!({"question": "How are we?"}),
        "/api/institutional-memory" => json!({"key": "k", "value": "v"}),
        "/api/institutional-memory/facts/{key}" => json!({"value": "v"}),
        "/api/institutional-memory/documents" => {
            json!({"title": "T", "mediaType": "text/plain", "text": "a plan"})
        }
        "/api/model-config" => json!({"provider": "rules"}),
        "/api/panel-sessions/{id}/messages" => json!({"text": "And why?"}),
        "/api/workflows/{id}" => json!({"definition": workflow(), "reason": "a test"}),
        "/api/workflows/{id}/backtests" => json!({"from": "2026-01-01T00:00:00Z"}),
        "/api/workflows/{id}/restore" => json!({"version": 1, "reason": "a test"}),
        "/api/accounts/{id}/revoke" => {
            json!({"grant": {"role": "tenant_user", "tenantId": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "reason": "a test"})
        }
        // Its id is chosen by the caller, so one that is elsewhere's is free here; a KRI that is elsewhere's is none.
        "/api/workflow-kri-definitions/{id}" => json!({"eventType": "some_event", "effects": [
            {"kri": "some_kri", "operator": "set", "amount": 1}]}),
        "/api/workflow-interviews/{id}/messages" => json!({"text": "make it amber"}),
        "/api/approvals/{id}/vote" => json!({"decision": "approved", "digest": DIGEST}),
        "/api/approvals/{id}/delegate" => json!({"to": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}),
        "/api/workflows/{id}/activate"
        | "/api/workflows/{id}/pause"
        | "/api/workflows/{id}/archive"
        | "/api/workflow-runs/{id}/retry"
        | "/api/workflow-runs/{id}/skip"
        | "/api/workflow-runs/{id}/cancel" => {
            json!({"reason": "a test"})
        }
        "/api/effects/{id}/decide" => json!({"verdict": "done", "reason": "a test"}),
        "/api/workflow-runs/{id}/approve" => json!({"digest": DIGEST}),
        "/api/workflow-runs/{id}/reject" => json!({"digest": DIGEST, "reason": "not yet"}),
        "/api/workflow-interviews/{id}/confirm" => json!({"digest": "0", "name": "N"}),
        _ => json!({}),
    }
}

/// A workflow that needs nothing of its tenant but an administrator of its own.
fn workflow() -> serde_json::Value {
    json!({"schemaVersion": 1, "name": "W", "owners": [{"role": "tenant_admin"}],
           "trigger": {"type": "manual"}, "steps": [{"id": "pause", "type": "wait", "until": {"duration": "PT1H"}}]})
}

/// A run that has failed for what it could not do outside, and that effect.
async fn failed_run(web: &Web, token: &str) -> (String, String) {
    let slack =
        json!({"settings": {"mode": "bot", "baseUrl": "http://127.0.0.1:9"}, "credentials": {"token": "x"}});
    web.command(Method::PUT, token, "/api/relay-config/slack", &slack, &[]).await.expect(200);
    let mut posting = workflow();
    posting["steps"] =
        json!([{"id": "post", "type": "post_slack", "channel": "#a", "text": "x", "retry": {"attempts": 1}}]);
    let drafted = json!({"definition": posting, "reason": "a test"});
    let workflow = web.post(token, "/api/workflows", &drafted).await.expect(201).field("id");
    let reason = json!({"reason": "a test"});
    web.post(token, &format!("/api/workflows/{workflow}/activate"), &reason).await.expect(200);
    let pressed = web.post(token, &format!("/api/workflows/{workflow}/run"), &json!({})).await;
    let run = pressed.expect(201).field("runId");
    let (path, mut written) = (format!("/api/workflow-runs/{run}"), 0);
    loop {
        web.app.timers.catch_up_all().await;
        let done = web.app.timers.do_due().await.expect("what is due is done");
        let shown = web.get(token, &path).await.expect(200).json();
        let now = web.written(token).await.len();
        if shown["state"] == "failed" && done == 0 && now == written {
            return (run, shown["effects"][0]["id"].as_str().expect("an effect").to_owned());
        }
        written = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_a_strangers_id_as_one_that_never_existed_and_writes_nothing() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let (their_id, theirs) = web.tenant(&root, "their-corp").await;
    let (_, ours) = web.tenant(&root, "our-corp").await;
    let make = async |path: &str, body: serde_json::Value| {
        web.post(&theirs, path, &body).await.expect(201).field("id")
    };
    let outcome = make("/api/outcomes", json!({"name": "O"})).await;
    let risk = make("/api/risks", body("/api/risks/{id}")).await;
    let kri = make("/api/kris", body("/api/kris/{id}")).await;
    let source = make("/api/kri-sources", body("/api/kri-sources/{id}")).await;
    let control = make("/api/controls", body("/api/controls/{id}")).await;
    let vendor = make("/api/vendors", body("/api/vendors/{id}")).await;
    web.post(&theirs, &format!("/api/kris/{kri}/values"), &json!({"value": 9})).await.expect(200);
    let breach = web.get(&theirs, "/api/breaches").await.expect(200).json();
    let breach = breach["items"][0]["id"].as_str().expect("a breach").to_owned();
    let invited = json!({"email": "ann@their.example", "role": "tenant_admin", "tenantId": their_id});
    let invited = web.post(&theirs, "/api/invitations", &invited).await.expect(201).field("token");
    let accepted = json!({"name": "Ann", "password": "correct horse battery"});
    let ann = web.post("", &format!("/api/invitations/{invited}/accept"), &accepted).await.expect(201);
    let ann = ann.json()["account"]["id"].as_str().expect("an account").to_owned();
    let api_token = make("/api/api-tokens", json!({"name": "T", "scopes": ["read"]})).await;
    let workflow = make("/api/workflows", body("/api/workflows/{id}")).await;
    let preview = make(&format!("/api/workflows/{workflow}/previews"), json!({})).await;
    let interview = make("/api/workflow-interviews", json!({"goal": "email Ann"})).await;
    let kri_event = "01ARZ3NDEKTSV4RRFFQ69G5FAW".to_owned();
    let declare = format!("/api/workflow-kri-definitions/{kri_event}");
    let declared = body("/api/workflow-kri-definitions/{id}");
    web.command(Method::PUT, &theirs, &declare, &declared, &[]).await.expect(200);
    let token_id = "01ARZ3NDEKTSV4RRFFQ69G5FAX".to_owned();
    let session = make("/api/panel-sessions", json!({"question": "How are we?"})).await;
    let document = json!({"title": "D", "mediaType": "text/plain", "text": "a plan"});
    let document = make("/api/institutional-memory/documents", document).await;
    let asked = question(new_run(), start_of_time(), &json!({"approvers": {"accounts": [ann]}}));
    let approval = asked.id.to_string();
    let runner = Context::of(Caller::runner(their_id.parse().expect("a tenant's id")));
    web.app.commands.request_approval(&runner, asked).await.expect("it is asked");
    let (run, effect) = failed_run(&web, &theirs).await;
    let foreign = |path: &str| {
        let id = match path.split('/').nth(2) {
            Some("workflows") => &workflow,
            Some("approvals") => &approval,
            Some("workflow-runs") => &run,
            Some("effects") => &effect,
            Some("panel-sessions") => &session,
            Some("institutional-memory") => &document,
            Some("workflow-interviews") => &interview,
            Some("workflow-kri-definitions") => &kri_event,
            Some("outcomes") => &outcome,
            Some("risks") => &risk,
            Some("kris") => &kri,
            Some("controls") => &control,
            Some("vendors") => &vendor,
            Some("breaches") => &breach,
            Some("accounts") => &ann,
            Some("api-tokens") => &api_token,
            _ => &source,
        };
        let path = path.replace("{id}", id).replace("{controlId}", &control);
        let path = path.replace("{riskId}", &risk).replace("{outcomeId}", &outcome);
        let path = path.replace("{previewId}", &preview).replace("{version}", "1");
        let path = path.replace("{permission}", "values:write");
        path.replace("{tokenId}", &token_id).replace("{sequence}", "2")
    };
    let missing = |path: &str| {
        let never = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let path = path.replace("{id}", never).replace("{controlId}", never);
        let path = path.replace("{riskId}", never).replace("{outcomeId}", never);
        let path = path.replace("{previewId}", never).replace("{version}", "1");
        let path = path.replace("{permission}", "values:write");
        path.replace("{tokenId}", never).replace("{sequence}", "2")
    };
    let malformed = |path: &str| {
        path.replace("{id}", "1")
            .replace("{riskId}", "2")
            .replace("{outcomeId}", "3")
            .replace("{controlId}", "4")
            .replace("{previewId}", "5")
            .replace("{version}", "6")
            .replace("{tokenId}", "7")
            .replace("{sequence}", "8")
            .replace("{permission}", "9")
    };
    let before = web.written(&theirs).await;
    let mut asked = 0;
    for route in draxis_api::routes::routes().iter().filter(|route| route.path.contains("{id}")) {
        let ask = async |path: String| {
            let body = body(route.path);
            web.command(
                Method::from_bytes(route.method.as_str().as_bytes()).unwrap(),
                &ours,
                &path,
                &body,
                &[],
            )
            .await
        };
        let stranger = ask(foreign(route.path)).await;
        let never = ask(missing(route.path)).await;
        assert_eq!(
            (stranger.status, &stranger.text),
            (never.status, &never.text),
            "{} {}",
            route.method,
            route.path
        );
        assert!(
            stranger.status == 404 || stranger.status == 422,
            "{} {}: {}",
            route.method,
            route.path,
            stranger.text
        );
        assert_eq!(ask(malformed(route.path)).await.status, 404, "{} {}", route.method, route.path);
        asked += 1;
    }
    assert!(asked >= 20, "only {asked} routes take an id");
    assert_eq!(web.written(&theirs).await, before, "nothing was written");
    assert_eq!(web.written(&ours).await.len(), 0);
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_strangers_thing_is_refused_as_one_to_nothing() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let (_, theirs) = web.tenant(&root, "their-corp").await;
    let (_, ours) = web.tenant(&root, "our-corp").await;
    let outcome = web.post(&theirs, "/api/outcomes", &json!({"name": "O"})).await.expect(201).field("id");
    let risk = |outcome: &str| json!({"name": "R", "likelihood": 1, "impact": 1, "outcomeIds": [outcome]});
    let foreign = web.post(&ours, "/api/risks", &risk(&outcome)).await.expect(422);
    let missing = web.post(&ours, "/api/risks", &risk("01ARZ3NDEKTSV4RRFFQ69G5FAV")).await.expect(422);
    assert_eq!(foreign.text, missing.text);
    web.stop().await;
}
