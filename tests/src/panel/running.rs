//! The panel speaks of runs of workflows, by rules and led by a model, and of each as it was at the answer's position.

use chrono::Duration;
use draxis_commands::secret::EncryptionKeys;
use draxis_domain::panel::{Citation, check};
use draxis_domain::{Position, TenantId};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::house::{FarModel, TestDatabase, Web};

/// A tenant with a run that has waited for a decision for three days.
async fn a_run_waits() -> (Stage, String) {
    let database = TestDatabase::make().await;
    let web = Web::by_hand(&database, EncryptionKeys::generate().unwrap()).await;
    let mut stage = Stage::of(database, web).await;
    let run = stage.run_by_hand("Quarterly drill").await;
    settle(&stage).await;
    stage.web.clock.advance(Duration::days(3));
    stage.sign_in().await;
    (stage, run)
}

/// Does what is due until nothing is.
async fn settle(stage: &Stage) {
    let timers = &stage.web.app.timers;
    loop {
        timers.catch_up_all().await;
        if timers.do_due().await.unwrap() == 0 {
            return;
        }
    }
}

fn cited<'a>(told: &'a Value, run: &str, field: &str) -> Option<&'a Value> {
    let of = |cited: &&Value| cited["kind"] == "run" && cited["id"] == run && cited["field"] == field;
    told["citations"].as_array().unwrap().iter().find(of).map(|cited| &cited["value"])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_waits_for_is_told_by_rules_and_holds_as_of_the_answers_position() {
    let (stage, run) = a_run_waits().await;
    let told = stage.ask("What do our workflows wait for?").await;
    let answer = told["answer"].as_str().unwrap();
    assert!(answer.contains("Latest runs of workflows: 1, of which 1 waiting."), "{answer}");
    assert!(answer.contains("“Quarterly drill”, set off by a person"), "{answer}");
    assert!(answer.contains("waits for people to decide, for 3 days by now"), "{answer}");
    assert_eq!(cited(&told, &run, "state"), Some(&json!("waiting")), "{told}");
    assert_eq!(cited(&told, &run, "wait.days"), Some(&json!("3")));
    assert_eq!(told["struck"], json!([]));
    // The run goes on; what was said of it stays true of the position it was said of, and of no other.
    stage.post(&format!("/api/workflow-runs/{run}/cancel"), json!({"reason": "over"})).await.expect(200);
    settle(&stage).await;
    assert_eq!(stage.get(&format!("/api/workflow-runs/{run}")).await["state"], "cancelled");
    let tenant: TenantId = stage.tenant.parse().unwrap();
    let position = Position::new(told["position"].as_u64().unwrap());
    let at = serde_json::from_value(told["at"].clone()).unwrap();
    let texts = [answer, told["rationale"].as_str().unwrap()];
    let citations: Vec<Citation> = serde_json::from_value(told["citations"].clone()).unwrap();
    let then = stage.web.app.read_models.panel_snapshot_as_of(tenant, position, at).await.unwrap();
    assert_eq!(check(&texts, &citations, &then).struck, []);
    let now = stage.web.app.read_models.panel_snapshot(tenant, "", at).await.unwrap();
    assert!(!check(&texts, &citations, &now).struck.is_empty(), "it would not hold against what is now");
    // Before the run there was none.
    let before = stage.web.app.read_models.panel_snapshot_as_of(tenant, Position::new(3), at).await.unwrap();
    assert_eq!(before.runs, []);
    stage.web.stop().await;
}

/// A model that looks at the runs that wait and cites what one waits for, and counts one run that there is not.
fn says_what_waits(body: &Value) -> Vec<(String, Value)> {
    let messages = body["messages"].as_array().expect("messages");
    let Some(shown) = messages.iter().find(|message| message["role"] == "tool") else {
        return vec![("list_runs".to_owned(), json!({"status": "waiting"}))];
    };
    let data =
        shown["content"].as_str().expect("a text").trim_start_matches("<data>").trim_end_matches("</data>");
    let runs: Value = serde_json::from_str(data).expect("the data is JSON");
    assert_eq!(runs[0]["steps"], json!([{"id": "decide", "kind": "await_approval", "state": "under_way"}]));
    let days = &runs[0]["fields"]["wait.days"];
    let answer = format!(
        "Decide on the drill: it has waited for {} days, and 8 others have failed.",
        days.as_str().expect("a text")
    );
    let citations = json!([
        {"kind": "run", "id": runs[0]["id"], "field": "wait.days", "value": days},
        {"kind": "portfolio", "id": "all", "field": "runs.latest.failed", "value": "8"},
    ]);
    vec![("answer".to_owned(), json!({"answer": answer, "rationale": "It waits.", "citations": citations}))]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_reads_runs_and_what_it_says_of_them_is_checked() {
    let (stage, run) = a_run_waits().await;
    let far = FarModel::start(says_what_waits);
    let choice = far.choice("canary-key-5150");
    stage.web.command(Method::PUT, &stage.token, "/api/model-config", &choice, &[]).await.expect(200);
    let told = stage.ask("What do our workflows wait for?").await;
    assert_eq!(told["by"]["kind"], "model", "{told}");
    let answer = told["answer"].as_str().unwrap();
    assert!(answer.contains("it has waited for 3 days, and ~~8~~ [unverified] others"), "{answer}");
    assert_eq!(cited(&told, &run, "wait.days"), Some(&json!("3")));
    let wrong = json!({"figure": "all.runs.latest.failed = 8", "why": "wrong"});
    assert!(told["struck"].as_array().unwrap().contains(&wrong), "{told}");
    stage.web.stop().await;
}
