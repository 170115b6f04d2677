//! Running sources: whole runs (begun, fetched, measured, written, ended) against the bare fetching of the same replies.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use draxis_commands::{Caller, Context};
use draxis_domain::kri::KriBody;
use draxis_domain::{SourceId, TenantId};
use draxis_event_store::ManualClock;
use draxis_runner::connector::registry::Registry;
use draxis_runner::egress::{AllowedNetworks, Egress, EgressConfig, SystemResolver};
use draxis_runner::source_run::{SealedSettings, SourceRuns};
use draxis_tests::house::{Fitting, Process, TestDatabase, kri_body, new_tenant, start_of_time};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::measure::{Measured, block_on, in_turn, rate};

/// Sources that run at once, four a tenant.
const SOURCES: usize = 64;
const OF_A_TENANT: usize = 4;

/// A vendor on loopback that answers whatever it is asked, and keeps its connections.
async fn vendor(tasks: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(answer(stream));
        }
    });
    base
}

async fn answer(mut stream: TcpStream) {
    let body = json!({"findings": vec![json!({"severity": "critical", "open": true}); 50]}).to_string();
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut asked = Vec::new();
    while stream.read_buf(&mut asked).await.is_ok_and(|read| read > 0) {
        if asked.ends_with(b"\r\n\r\n") {
            asked.clear();
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// One source, run again and again, an hour later each time.
struct Running {
    runs: SourceRuns,
    clock: ManualClock,
    tenant: TenantId,
    source: SourceId,
    due_at: DateTime<Utc>,
}

impl Running {
    async fn run(mut self) -> Self {
        self.due_at += Duration::hours(1);
        // A value of the same instant would be no news.
        self.clock.advance(Duration::milliseconds(1));
        self.runs.run_scheduled(self.tenant, self.source, self.due_at).await.expect("it runs");
        self
    }
}

async fn connected(process: &Process, tenant: TenantId, url: &str) -> SourceId {
    let context = Context::of(Caller::runner(tenant));
    let body = json!({"name": "Many", "sourceType": "generic", "vendor": "http-json", "schedule": "hourly"});
    let body = serde_json::from_value(body).expect("a source");
    let slug = format!("kri-{}", url.rsplit('/').next().unwrap_or_default());
    let count = "[.findings[] | select(.open)] | length";
    let config = json!({"url": url, "values": [{"slug": slug, "value": count}]});
    let sealed: SealedSettings = serde_json::from_value(json!({ "config": config })).expect("settings");
    let done = process.commands.connect_source(&context, body, Some(sealed.seal())).await.expect("connected");
    let done: Value = serde_json::from_slice(&done.answer.body).expect("JSON");
    let source = done["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let kri = KriBody { source_id: Some(source), ..kri_body(&slug) };
    process.commands.define_kri(&context, kri).await.expect("defined");
    source
}

/// One asker of the baseline.
struct Asking {
    client: reqwest::Client,
    url: String,
}

impl Asking {
    async fn ask(self) -> Self {
        let answer = self.client.get(&self.url).send().await.expect("an answer");
        assert!(!answer.bytes().await.expect("whole").is_empty());
        self
    }
}

pub(crate) fn whole_runs() -> Measured {
    block_on(async {
        drop(rustls::crypto::ring::default_provider().install_default());
        let database = TestDatabase::with_connections(24).await;
        let fitting = Fitting { readers: 16, writers: 2, ..Fitting::default() };
        let process = Process::over(database.options("draxis"), fitting).await;
        let config = EgressConfig { allow: AllowedNetworks::loopback(), ..EgressConfig::default() };
        let egress = Arc::new(Egress::new(&config, Arc::new(SystemResolver)).expect("a way out"));
        let registry = Arc::new(Registry::open(None).expect("the connectors read"));
        let runs = SourceRuns::new(process.commands.clone(), registry, egress, TaskTracker::new());
        let mut tasks = JoinSet::new();
        let base = vendor(&mut tasks).await;
        let tenants: Vec<TenantId> = (0..SOURCES / OF_A_TENANT).map(|_| new_tenant()).collect();
        let (mut running, mut asking) = (Vec::new(), Vec::new());
        let client = reqwest::Client::new();
        for n in 0..SOURCES {
            let (tenant, url) = (tenants[n / OF_A_TENANT], format!("{base}/{n}"));
            let source = connected(&process, tenant, &url).await;
            let (runs, clock) = (runs.clone(), process.clock.clone());
            running.push(Running { runs, clock, tenant, source, due_at: start_of_time() });
            asking.push(Asking { client: client.clone(), url });
        }
        let (running, asking) = (std::cell::Cell::new(running), std::cell::Cell::new(asking));
        let subject = async || {
            let (rate, callers) = rate(running.take(), Running::run).await;
            running.set(callers);
            rate
        };
        let baseline = async || {
            let (rate, callers) = rate(asking.take(), Asking::ask).await;
            asking.set(callers);
            rate
        };
        in_turn(subject, baseline).await
    })
}
