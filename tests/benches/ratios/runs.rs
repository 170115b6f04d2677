//! Runs of workflows: how soon a breach's first effect leaves, and how many runs are done in a second.

use std::time::{Duration, Instant};

use chrono::Duration as Span;
use draxis_commands::{Caller, Context, Permission};
use draxis_domain::{Position, TenantId, WorkflowId};
use draxis_event_store::head;
use draxis_runner::far_systems::{FarJira, FarSystem};
use draxis_tests::house::{TestDatabase, Web, new_tenant};
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Map, Value, json};
use sqlx::postgres::PgListener;
use sqlx::{Connection as _, Executor, PgConnection};

use crate::measure::{Measured, block_on, events, in_long_turn, p99, rate};
use crate::subject::Recorder;

const KRI: &str = "critical_cves_unpatched";
/// Events of a run of three steps: its start, its beginning, two for each step and its end.
const EVENTS_A_RUN: f64 = 9.0;
/// How often it is asked whether all runs are over: seldom, since asking costs the program under measure what it is measured by.
const LOOK: Duration = Duration::from_millis(20);

struct Stage {
    database: TestDatabase,
    web: Web,
    tenant: TenantId,
    token: String,
    kri: String,
    jira: FarSystem<FarJira>,
}

impl Stage {
    async fn set() -> Self {
        let database = TestDatabase::with_connections(24).await;
        let web = Web::start(&database).await;
        let root = web.register().await;
        let (tenant, above) = web.tenant(&root, "acme-corp").await;
        let (_, token) = web.join(&above, (&tenant, "tenant_admin", "admin")).await;
        let kri = json!({"slug": KRI, "name": "CVEs", "unit": "count", "direction": "higher_is_worse",
                         "warn": 5, "critical": 10});
        let kri = web.post(&token, "/api/kris", &kri).await.expect(201).field("id");
        let jira = FarJira::new("ann@example.com", "token", &["SEC"]);
        let jira = FarSystem::start(jira).await.expect("the far system starts");
        let relay = json!({"settings": {"baseUrl": jira.url(), "user": "ann@example.com"}, "credentials": {"token": "token"}});
        web.command(Method::PUT, &token, "/api/relay-config/jira", &relay, &[]).await.expect(200);
        let tenant = tenant.parse().expect("a tenant's id");
        Self { database, web, tenant, token, kri, jira }
    }

    async fn workflow(&self, trigger: &Value, steps: &Value) -> String {
        let definition = json!({"schemaVersion": 1, "name": "Patch", "owners": [{"role": "tenant_admin"}],
                                "trigger": trigger, "steps": steps});
        let body = json!({"definition": definition, "reason": "measured"});
        let id = self.web.post(&self.token, "/api/workflows", &body).await.expect(201).field("id");
        let activate = format!("/api/workflows/{id}/activate");
        self.web.post(&self.token, &activate, &json!({"reason": "measured"})).await.expect(200);
        id
    }

    async fn measure(&self, value: u32) {
        self.web.clock.advance(Span::milliseconds(100));
        let path = format!("/api/kris/{}/values", self.kri);
        self.web.post(&self.token, &path, &json!({"value": value})).await.expect(200);
    }

    /// Until so many runs have come to their end since then.
    async fn until_completed(&self, runs: usize, since: Position) {
        let mut looking = self.database.superuser().await;
        let wanted = i64::try_from(runs).expect("few");
        while self.completed(&mut looking, since).await < wanted {
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn completed(&self, looking: &mut PgConnection, since: Position) -> i64 {
        let completed = sqlx::query_scalar!(
            r#"SELECT count(*) AS "completed!" FROM events
               WHERE tenant_id = $1 AND position > $2 AND event_type = 'workflow_run.completed'"#,
            self.tenant.uuid(),
            since.as_i64()
        );
        completed.fetch_one(looking).await.expect("the log is read")
    }

    /// What Postgres does by itself within a minute of the first rows: plans that were made for empty tables are made anew.
    async fn analyse(&self) {
        self.database.owner().await.execute("ANALYZE").await.expect("the tables are analysed");
    }

    /// Until nothing is left to be done, and the read models have seen all of it.
    async fn rest(&self) {
        let (timers, models) = (&self.web.app.timers, &self.web.app.read_models);
        loop {
            timers.catch_up_all().await;
            if timers.do_due().await.expect("what is due is done") == 0 {
                break;
            }
        }
        models.catch_up(self.tenant, Position::START).await.expect("the read models are caught up");
    }

    /// From the acknowledged value to the request at the far side, on a program that has done all that came of the last one.
    async fn breach(&self) -> Duration {
        let before = self.jira.requests();
        self.measure(12).await;
        let acknowledged = Instant::now();
        self.jira.more_requests_than(before).await;
        let took = acknowledged.elapsed();
        self.measure(1).await;
        self.rest().await;
        took
    }
}

/// One commit and one notification of it to another connection.
struct Notified {
    writing: PgConnection,
    hearing: PgListener,
}

impl Notified {
    async fn set(database: &TestDatabase) -> Self {
        let mut writing = database.owner().await;
        writing.execute("CREATE TABLE IF NOT EXISTS noted (id bigserial)").await.expect("a table");
        let pool = sqlx::PgPool::connect_lazy_with(database.options("draxis_owner"));
        let mut hearing = PgListener::connect_with(&pool).await.expect("a listener");
        hearing.listen("noted").await.expect("it listens");
        Self { writing, hearing }
    }

    async fn once(&mut self) -> Duration {
        let begun = Instant::now();
        let mut transaction = self.writing.begin().await.expect("a transaction");
        transaction.execute("INSERT INTO noted DEFAULT VALUES").await.expect("a row");
        transaction.execute("SELECT pg_notify('noted', '')").await.expect("a notification");
        transaction.commit().await.expect("a commit");
        self.hearing.recv().await.expect("it is heard");
        begun.elapsed()
    }
}

/// p99 of a breach's way to its first effect against p99 of one commit with its notification, in milliseconds.
pub(crate) fn latency() -> Measured {
    block_on(async {
        let stage = Stage::set().await;
        let steps = json!([{"id": "ticket", "type": "create_ticket", "summary": "Patch",
                            "destination": {"system": "jira", "project": "SEC"}}]);
        stage.workflow(&json!({"type": "kri_breach", "kri": KRI, "level": "red"}), &steps).await;
        let notified = tokio::sync::Mutex::new(Notified::set(&stage.database).await);
        let count = usize::try_from(events(200_000) / 1_000).expect("few").max(20);
        let subject = async || {
            stage.analyse().await;
            let mut took = Vec::new();
            for _ in 0..count {
                took.push(stage.breach().await);
            }
            p99(took)
        };
        let baseline = async || {
            let mut took = Vec::new();
            let mut notified = notified.lock().await;
            for _ in 0..count {
                took.push(notified.once().await);
            }
            p99(took)
        };
        let measured = in_long_turn(subject, baseline).await;
        stage.web.stop().await;
        measured
    })
}

/// Events of whole runs a second against events appended a second, by as many callers: neither comes over HTTP.
pub(crate) fn throughput() -> Measured {
    const CALLERS: usize = 32;
    block_on(async {
        let stage = Stage::set().await;
        let step = |id: &str| json!({"id": id, "type": "produce_document", "title": "T", "body": "Body of {{ run.id }}"});
        let steps = json!([step("one"), step("two"), step("three")]);
        let workflow: WorkflowId =
            stage.workflow(&json!({"type": "manual"}), &steps).await.parse().expect("an id");
        let runs = usize::try_from(events(1_000_000) / 1_000).expect("few").max(40);
        let subject = async || {
            stage.analyse().await;
            let commands = &stage.web.app.commands;
            let since = head(&commands.pools().app, stage.tenant).await.expect("the log is read");
            let begun = Instant::now();
            let started = stream::iter(0..runs).map(|_| async {
                let context = Context::of(Caller::runner(stage.tenant).also(Permission::ManageWorkflows));
                commands.run_workflow(&context, workflow, &Map::new()).await.expect("the run starts");
            });
            started.buffer_unordered(CALLERS).collect::<Vec<_>>().await;
            stage.until_completed(runs, since).await;
            runs as f64 * EVENTS_A_RUN / begun.elapsed().as_secs_f64()
        };
        let other = new_tenant();
        let callers = tokio::sync::Mutex::new(Vec::new());
        for _ in 0..CALLERS {
            callers.lock().await.push(Recorder::new(&stage.web.app.commands, other).await);
        }
        let baseline = async || {
            let taken = std::mem::take(&mut *callers.lock().await);
            let (a_second, back) = rate(taken, Recorder::record).await;
            *callers.lock().await = back;
            a_second
        };
        let measured = in_long_turn(subject, baseline).await;
        stage.web.stop().await;
        measured
    })
}
