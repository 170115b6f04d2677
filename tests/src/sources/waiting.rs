//! Runs that take their time: whoever asks is told where to look, never two at once of one source, and a pause is kept.

use draxis_commands::{Caller, Context};
use draxis_domain::RunId;
use draxis_domain::source::{RunTrigger, SourceCommand};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::Method;
use serde_json::{Value, json};

use super::far::Far;
use super::given::Tenant;
use crate::house::{TestDatabase, Told};

/// A source that is asked there, and a KRI that it measures.
async fn slow(tenant: &Tenant, url: String) -> (String, String) {
    let source = json!({"name": "Slow", "sourceType": "generic", "vendor": "http-json",
                        "config": {"url": url, "values": [{"slug": "slow_count", "value": ".count"}]}});
    let source = tenant.connect(&source).await;
    let kri = tenant.wire("slow_count", &source).await;
    (source, kri)
}

async fn run_preferring(tenant: &Tenant, source: &str, wait: &str) -> Told {
    let path = format!("/api/kri-sources/{source}/run");
    tenant.web.command(Method::POST, &tenant.token, &path, &json!({}), &[("prefer", wait)]).await
}

/// Waits until the source's last run has ended: woken by the writer, so no time is slept away.
async fn ended(tenant: &Tenant, source: &str) -> Value {
    let mut wakeups = tenant.web.app.commands.log().writer().wakeups().subscribe();
    let coming = async {
        loop {
            let run = tenant.last_run(source).await;
            if run["state"] != "running" {
                return run;
            }
            drop(wakeups.recv().await);
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), coming).await.expect("the run ends")
}

async fn count(tenant: &Tenant, event: &str) -> usize {
    tenant.written().await.iter().filter(|written| written["type"] == event).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_no_longer_is_told_where_to_look_and_the_run_goes_on() {
    let database = TestDatabase::make().await;
    let (tenant, far) = (Tenant::start(&database).await, Far::start().await);
    let (source, kri) = slow(&tenant, far.at("waits")).await;
    let told = run_preferring(&tenant, &source, "respond-async").await.expect(202).json();
    let look = told["lookAt"].as_str().unwrap();
    let run = tenant.get(look).await["items"][0].clone();
    assert_eq!((&run["id"], &run["state"]), (&told["runId"], &json!("running")), "{run}");
    assert_eq!(tenant.get(&format!("/api/kris/{kri}")).await["value"], Value::Null);
    far.let_go();
    let run = ended(&tenant, &source).await;
    assert_eq!((&run["id"], &run["state"]), (&told["runId"], &json!("completed")), "{run}");
    assert_eq!(tenant.get(&format!("/api/kris/{kri}")).await["value"], "3");
    tenant.web.clock.advance(chrono::Duration::seconds(1));
    let patient = run_preferring(&tenant, &source, "wait=30").await.expect(200).json();
    assert_eq!(patient["rowsWritten"], 1);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_press_the_button_at_once_one_begins_a_run() {
    let database = TestDatabase::make().await;
    let (tenant, far) = (Tenant::start(&database).await, Far::start().await);
    let (source, _) = slow(&tenant, far.at("waits")).await;
    let mut pressed: FuturesUnordered<_> = (0..8).map(|_| tenant.run(&source)).collect();
    for _ in 0..7 {
        let refused = pressed.next().await.unwrap().expect(409).json();
        assert_eq!(refused["type"], "urn:draxis:problem:source.run_in_progress");
    }
    assert_eq!((count(&tenant, "source.run_started").await, far.most_at_once()), (1, 1));
    far.let_go();
    pressed.next().await.unwrap().expect(200);
    drop(pressed);
    assert_eq!(count(&tenant, "source.run_completed").await, 1);
    assert_eq!(count(&tenant, "kri.value_recorded").await, 1);
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_process_was_killed_fails_as_lost_in_its_history_and_the_next_one_begins() {
    let database = TestDatabase::make().await;
    let (mut tenant, far) = (Tenant::start(&database).await, Far::start().await);
    let (source, kri) = slow(&tenant, far.at("answers")).await;
    let commands = tenant.web.app.commands.clone();
    let tenant_id = tenant.get("/api/auth/me").await["tenantId"].as_str().unwrap().parse().unwrap();
    // What a process writes before it is killed.
    let run_id = RunId::new(commands.ids().next());
    let start = SourceCommand::StartRun { run_id, trigger: RunTrigger::Manual };
    let context = Context::of(Caller::runner(tenant_id));
    commands.change_source(&context, source.parse().unwrap(), start).await.unwrap();
    tenant.web.clock.advance(chrono::Duration::minutes(14));
    tenant.run(&source).await.expect(409);
    tenant.web.clock.advance(chrono::Duration::minutes(2));
    tenant.token = tenant.fresh_token().await;
    let lost = ended(&tenant, &source).await;
    assert_eq!((&lost["id"], &lost["failure"]["class"]), (&json!(run_id), &json!("lost")), "{lost}");
    assert_eq!(tenant.run(&source).await.expect(200).json()["rowsWritten"], 1);
    assert_eq!(tenant.get(&format!("/api/kris/{kri}")).await["value"], "3");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_source_is_run_on_demand_alone_and_an_archived_one_never_again() {
    let database = TestDatabase::make().await;
    let (tenant, far) = (Tenant::start(&database).await, Far::start().await);
    let (source, _) = slow(&tenant, far.at("answers")).await;
    let path = format!("/api/kri-sources/{source}");
    let standing = async || tenant.get(&path).await["standing"].clone();
    for (verb, event, left) in [("pause", "source.paused", "paused"), ("resume", "source.resumed", "active")]
    {
        for _ in 0..2 {
            tenant.post(&format!("{path}/{verb}"), &json!({"reason": "as agreed"})).await.expect(200);
        }
        assert_eq!((standing().await, count(&tenant, event).await), (json!(left), 1), "{verb} twice is once");
        assert_eq!(tenant.written().await.pop().unwrap()["metadata"]["reason"], "as agreed");
    }
    tenant.post(&format!("{path}/pause"), &json!({})).await.expect(200);
    tenant.run(&source).await.expect(200);
    let edit = json!({"name": "Slower", "sourceType": "generic", "vendor": "http-json", "schedule": "weekly", "reason": "too often"});
    let seen = [("if-match", "\"1\"")];
    let put = async || tenant.web.command(Method::PUT, &tenant.token, &path, &edit, &seen).await;
    assert_eq!(put().await.expect(200).header("etag"), "\"2\"");
    let mut later = edit.clone();
    later["schedule"] = json!("hourly");
    let late = tenant.web.command(Method::PUT, &tenant.token, &path, &later, &seen).await.expect(412);
    assert_eq!(late.header("etag"), "\"2\"");
    let shown = tenant.get(&path).await;
    assert_eq!((&shown["schedule"], &shown["standing"]), (&json!("weekly"), &json!("paused")), "{shown}");
    tenant.post(&format!("{path}/archive"), &json!({"reason": "replaced"})).await.expect(200);
    for verb in ["run", "pause", "resume", "test"] {
        let told = tenant.post(&format!("{path}/{verb}"), &json!({})).await;
        assert!([404, 409].contains(&told.status), "{verb}: {} {}", told.status, told.text);
    }
    assert_eq!(count(&tenant, "source.run_started").await, 1);
    tenant.web.stop().await;
}
