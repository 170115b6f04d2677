//! Backtests over HTTP: the definition in force gives the runs that there were, another one others, and nothing is changed.

use draxis_domain::KriSlug;
use draxis_domain::kri::Level;
use draxis_domain::workflow::{BreachReached, WorkflowCommand};
use serde_json::{Value, json};

use super::stage::Stage;
use crate::house::Told;

fn answering(level: &str) -> Value {
    json!({"schemaVersion": 1, "name": "Answer", "owners": [{"role": "tenant_admin"}],
        "trigger": {"type": "kri_breach", "kri": "critical_cves_unpatched", "level": level},
        "steps": [{"id": "ask", "type": "await_approval", "question": "Patch now?", "due": "P1D",
                   "approvers": [{"role": "tenant_admin"}]},
                  {"id": "tell", "type": "notify_owner", "subject": "Red", "body": "Please look"}]})
}

struct Past {
    stage: Stage,
    workflow: String,
    from: String,
}

impl Past {
    /// A day with two breaches, of which one reached red and was answered by a run.
    async fn played() -> Self {
        let stage = Stage::small().await;
        stage.set_up("email", "").await;
        let workflow = stage.draft(&answering("red")).await;
        let from = stage.web.clock.clone();
        let from = draxis_event_store::Clock::now(&from).to_rfc3339();
        stage.turn(&workflow, "activate").await.expect(200);
        let mut past = Self { stage, workflow, from };
        for value in [1, 25, 1, 7, 1] {
            past.read(value).await;
        }
        past
    }

    async fn read(&mut self, value: u64) {
        self.stage.web.clock.advance(chrono::Duration::hours(1));
        self.stage.sign_in().await;
        let path = format!("/api/kris/{}/values", self.stage.kris[0]);
        self.stage.post(&path, &json!({"value": value})).await.expect(200);
        let open = self.stage.get("/api/breaches?open=true").await.json();
        let Some(breach) = open["items"].as_array().and_then(|open| open.first()).cloned() else { return };
        self.tell(&breach).await;
    }

    /// Tells the workflow of a breach, as the follower does.
    async fn tell(&self, breach: &Value) {
        let text = |name: &str| breach[name].as_str().unwrap_or_default().to_owned();
        let opened_at = text("openedAt").parse().expect("a time");
        let told = BreachReached {
            kri: text("kriId").parse().expect("a KRI"),
            slug: KriSlug::parse("critical_cves_unpatched").expect("a slug"),
            breach_id: text("id").parse().expect("a breach"),
            level: if text("level") == "red" { Level::Red } else { Level::Amber },
            opened_at,
            reached_at: opened_at,
            value: None,
            previous_value: None,
        };
        let command =
            WorkflowCommand::Breached { breach: told, open: true, chain: Vec::new(), kri_events: Vec::new() };
        self.stage.give(&self.workflow, command).await.expect("the rule answers");
    }

    /// What is recorded, but for the run that goes on by itself meanwhile.
    async fn written(&self) -> Vec<Value> {
        let mut events = self.stage.web.written(&self.stage.token).await;
        events.retain(|event| event["aggregateType"] != "workflow_run");
        events
    }

    async fn asked(&self, more: Value) -> Told {
        let mut body = json!({"from": self.from});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.stage.post(&format!("/api/workflows/{}/backtests", self.workflow), &body).await
    }

    /// How many runs both have, only the definition that is tried, and only the record.
    async fn counts(&self, more: Value) -> (usize, usize, usize) {
        let shown = self.asked(more).await.expect(200).json();
        let count = |name: &str| shown[name].as_array().map_or(usize::MAX, Vec::len);
        (count("both"), count("onlyTried"), count("onlyRecorded"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_in_force_over_its_own_time_gives_exactly_the_runs_that_there_were() {
    let past = Past::played().await;
    let events = past.stage.get("/api/audit/events?type=workflow.run_started&limit=200").await.json();
    let happened: Vec<&Value> =
        events["items"].as_array().unwrap().iter().map(|event| &event["payload"]["runId"]).collect();
    assert_eq!(happened.len(), 1);
    for more in [json!({}), json!({"version": 1})] {
        let shown = past.asked(more).await.expect(200);
        assert!(!shown.header("draxis-position").is_empty());
        let shown = shown.json();
        assert_eq!(shown["both"][0]["runId"], *happened[0], "{shown}");
        assert_eq!((&shown["onlyTried"], &shown["onlyRecorded"]), (&json!([]), &json!([])), "{shown}");
        assert_eq!(shown["approvals"]["asked"], 1, "{shown}");
        assert_eq!(shown["unanswered"][0]["because"], "level_not_reached", "{shown}");
    }
    past.stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_definition_and_other_thresholds_give_other_runs_and_nothing_is_changed() {
    let past = Past::played().await;
    let before = past.written().await;
    let thresholds = |warn: u64, critical: u64| {
        let other = json!({"kri": "critical_cves_unpatched", "warn": warn, "critical": critical});
        json!({"whatIf": {"thresholds": [other]}})
    };
    assert_eq!(past.counts(json!({"definition": answering("amber")})).await, (0, 2, 1));
    assert_eq!(past.counts(thresholds(5, 10)).await, (1, 0, 0), "the same ones are the same");
    assert_eq!(past.counts(thresholds(3, 6)).await, (1, 1, 0));
    assert_eq!(past.counts(thresholds(50, 60)).await, (0, 0, 1));
    assert_eq!(past.counts(json!({"to": past.from.replace("14:13:20", "14:20:00")})).await, (0, 0, 0));
    let late = past.asked(json!({"whatIf": {"answersTake": "P3D"}})).await.expect(200).json();
    assert_eq!(late["approvals"]["timedOut"], 1, "{late}");
    assert_eq!(past.written().await, before, "only that somebody asked is recorded");
    let looks = past.stage.get("/api/audit/events?type=audit.replayed&limit=200").await.json();
    assert_eq!(looks["items"].as_array().unwrap().len(), 6, "each look, by whoever looked");
    assert_eq!(looks["items"][0]["payload"]["view"], "backtest");
    past.stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tried_is_refused_with_its_place() {
    let past = Past::played().await;
    let kri = |kri: &str, warn: u64, critical: u64| json!({"whatIf": {"thresholds": [{"kri": kri, "warn": warn, "critical": critical}]}});
    for (more, pointer) in [
        (json!({"version": 1, "definition": answering("red")}), "/version"),
        (json!({"version": 7}), "/version"),
        (json!({"from": "2099-01-01T00:00:00Z"}), "/from"),
        (json!({"from": 99_999}), "/from"),
        (json!({"from": 5, "to": 3}), "/from"),
        (json!({"to": 99_999}), "/to"),
        (json!({"from": null, "definition": answering("red")}), "/from"),
        (kri("none_such", 1, 2), "/whatIf/thresholds/0"),
        (kri("critical_cves_unpatched", 9, 2), "/whatIf/thresholds/0"),
    ] {
        let refused = past.asked(more.clone()).await;
        assert_eq!(refused.status, 422, "{more}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{more}: {}", refused.text);
    }
    let never = past.stage.draft(&answering("amber")).await;
    let never = past.stage.post(&format!("/api/workflows/{never}/backtests"), &json!({})).await.expect(422);
    assert!(never.text.contains("version 1 was never in force"), "{}", never.text);
    let unfit = past.asked(json!({"definition": {"schemaVersion": 1}})).await;
    assert_eq!(unfit.status, 422, "{}", unfit.text);
    let body = json!({"from": past.from});
    let unknown = past.stage.post("/api/workflows/01ARZ3NDEKTSV4RRFFQ69G5FAV/backtests", &body).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text);
    past.stage.web.stop().await;
}

/// The runs that were recorded of a version, in order, and the positions of that version's events.
async fn recorded(stage: &Stage, workflow: &str, version: u64) -> Vec<Value> {
    let path = format!("/api/audit/events?type=workflow.run_started&aggregateId={workflow}&limit=200");
    let events = stage.get(&path).await.expect(200).json();
    let of_version = |event: &&Value| event["payload"]["version"] == version;
    events["items"].as_array().unwrap().iter().filter(of_version).cloned().collect()
}

fn scheduled(cron: &str, text: &str) -> Value {
    let mut definition = answering("red");
    definition["trigger"] =
        json!({"type": "schedule", "cron": cron, "timeZone": "Europe/Berlin", "overlap": "allow"});
    definition["steps"][1]["body"] = json!(text);
    definition
}

/// A day of a workflow in three versions: by the hour, by the half hour, and on a breach; somebody presses the button in each.
async fn lived(stage: &mut Stage) -> String {
    let id = stage.draft(&scheduled("0 * * * *", "first")).await;
    stage.turn(&id, "activate").await.expect(200);
    for (n, next) in [scheduled("*/30 * * * *", "second"), answering("red")]
        .into_iter()
        .map(Some)
        .chain([None])
        .enumerate()
    {
        for step in 0..5 {
            stage.web.clock.advance(chrono::Duration::minutes(25));
            stage.sign_in().await;
            stage.give(&id, WorkflowCommand::Tick { kri_events: Vec::new() }).await.expect("it ticks");
            if step == 2 {
                stage.press(&id, &format!("press {n}")).await.expect("it is active");
            }
        }
        if let Some(next) = next {
            let body = json!({"definition": next, "reason": "another trigger"});
            stage.put(&format!("/api/workflows/{id}"), &body, &[]).await.expect(200);
        }
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_over_its_own_time_gives_the_runs_that_schedule_breach_and_button_have_started() {
    let mut stage = Stage::small().await;
    stage.set_up("email", "").await;
    let workflow = lived(&mut stage).await;
    let mut past = Past { stage, workflow, from: String::new() };
    for value in [1, 25, 1] {
        past.read(value).await;
    }
    let path = format!("/api/workflows/{}/backtests", past.workflow);
    let mut kinds = Vec::new();
    for version in 1..=3 {
        let happened = recorded(&past.stage, &past.workflow, version).await;
        let ids: Vec<&Value> = happened.iter().map(|event| &event["payload"]["runId"]).collect();
        kinds.extend(
            happened.iter().map(|event| event["payload"]["trigger"]["kind"].as_str().unwrap().to_owned()),
        );
        let own = past.stage.post(&path, &json!({"version": version})).await.expect(200).json();
        let told: Vec<&Value> = own["both"].as_array().unwrap().iter().map(|run| &run["runId"]).collect();
        assert!(
            told.len() > 1 && told.len() == ids.len() && ids.iter().all(|id| told.contains(id)),
            "{version}: {own}"
        );
        assert_eq!((&own["onlyTried"], &own["onlyRecorded"]), (&json!([]), &json!([])), "{version}: {own}");
        // The same stretch, asked for by its positions, is the same.
        let by_positions = json!({"version": version, "from": own["from"], "to": own["to"]});
        let by_positions = past.stage.post(&path, &by_positions).await.expect(200).json();
        assert_eq!(by_positions["both"], own["both"], "{version}");
    }
    for kind in ["schedule", "manual", "kri_breach"] {
        assert!(kinds.iter().any(|it| it == kind), "{kind}: {kinds:?}");
    }
    past.stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_backtests_and_changes_nothing() {
    let stage = Stage::full().await;
    let id = stage.draft(&answering("red")).await;
    stage.turn(&id, "activate").await.expect(200);
    let before = stage.web.written(&stage.token).await;
    let (auditor, path) = (&stage.tokens[2], format!("/api/workflows/{id}"));
    let shown = stage.web.post(auditor, &format!("{path}/backtests"), &json!({})).await.expect(200).json();
    assert_eq!(shown["unanswered"], json!([]), "{shown}");
    let edit = json!({"definition": answering("amber"), "reason": "x"});
    stage.web.command(reqwest::Method::PUT, auditor, &path, &edit, &[]).await.expect(403);
    assert_eq!(stage.web.written(&stage.token).await, before);
    let user = stage.web.post(&stage.tokens[1], &format!("{path}/backtests"), &json!({})).await;
    assert_eq!(user.status, 403, "it reads the whole stream: {}", user.text);
    stage.web.stop().await;
}
