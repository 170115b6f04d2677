//! What these tests stand on: a program with read models over a stream of several thousand events, all kinds of rows in it.

use std::collections::BTreeMap;

use draxis_commands::{Caller, Context};
use draxis_domain::kri::KriCommand;
use draxis_domain::{KriId, Position, TenantId};
use draxis_event_store::head;
use draxis_projections::{ReadModels, Settings};
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection, Row};

use crate::house::{Process, TestDatabase, define_kri, edits, new_tenant, reading};

/// The tables that are folded from a tenant's stream.
pub(super) fn tables() -> Vec<&'static str> {
    ReadModels::projections_of(new_tenant())
}

/// A program with read models, and a tenant.
pub(super) struct Scene {
    pub(super) database: TestDatabase,
    pub(super) process: Process,
    pub(super) models: ReadModels,
    pub(super) tenant: TenantId,
    pub(super) kris: Vec<KriId>,
    outcome: String,
}

impl Scene {
    /// Two KRIs with some values each, and an outcome that is edited until there are so many events.
    pub(super) async fn set(events: u64) -> Self {
        let database = TestDatabase::make().await;
        let process = Process::start(&database).await;
        let models = ReadModels::new(&process.pools, Settings::default());
        let tenant = new_tenant();
        let body = serde_json::from_value(json!({"name": "Customers can pay"})).unwrap();
        let context = Context::of(Caller::runner(tenant));
        let done = process.commands.define_outcome(&context, body).await.unwrap();
        let answer: Value = serde_json::from_slice(&done.answer.body).unwrap();
        let outcome = answer["id"].as_str().unwrap().to_owned();
        let kris = vec![define_kri(&process, tenant, "one").await, define_kri(&process, tenant, "two").await];
        let scene = Self { database, process, models, tenant, kris, outcome };
        for n in 0..20 {
            scene.read_value(n).await;
        }
        scene.edit_until(events).await;
        scene
    }

    /// The n-th value: every fifth opens or closes a breach.
    pub(super) async fn read_value(&self, n: i64) {
        let kri = self.kris[usize::try_from(n).unwrap() % 2];
        let value = if n % 10 > 6 { 25 } else { n % 10 };
        let context = Context::of(Caller::runner(self.tenant));
        let command = KriCommand::RecordReading(reading(value, n - 100_000));
        self.process.commands.change_kri(&context, kri, command).await.unwrap();
    }

    /// Edits of the outcome, five hundred at a time, until the stream is that long.
    pub(super) async fn edit_until(&self, events: u64) {
        let edited = "SELECT coalesce(max(sequence), 0) FROM events WHERE aggregate_id = $1";
        #[expect(clippy::disallowed_methods, reason = "a look behind the product's back")]
        let edited = sqlx::query(edited).bind(&self.outcome);
        let mut sequence: i64 = edited.fetch_one(&mut self.database.superuser().await).await.unwrap().get(0);
        let mut missing = events.saturating_sub(self.head().await.get());
        while missing > 0 {
            let count = missing.min(500);
            let at = u64::try_from(sequence).unwrap();
            self.process.writer.append(edits(self.tenant, &self.outcome, at, count)).await.unwrap();
            sequence += i64::try_from(count).unwrap();
            missing -= count;
        }
    }

    pub(super) async fn head(&self) -> Position {
        head(&self.process.pools.app, self.tenant).await.unwrap()
    }

    /// Every row that serves, by table and key, byte for byte, after everything is folded.
    pub(super) async fn rows(&self) -> BTreeMap<String, String> {
        self.models.catch_up(self.tenant, self.head().await).await.unwrap();
        let mut superuser = self.database.superuser().await;
        let mut rows = BTreeMap::new();
        for table in tables() {
            let query = format!(
                "SELECT key, body::text FROM {table} AS t JOIN projection_checkpoints AS c
                     ON c.tenant_id = t.tenant_id AND c.generation = t.generation AND c.projection = '{table}' AND c.serving
                 WHERE t.tenant_id = '{}'",
                self.tenant.uuid()
            );
            for row in superuser.fetch_all(query.as_str()).await.unwrap() {
                rows.insert(format!("{table}/{}", row.get::<&str, _>(0)), row.get(1));
            }
        }
        rows
    }

    /// What the comparison with the log names: table and key of each row that differs.
    pub(super) async fn differences(&self) -> Vec<String> {
        let verified = self.models.verify(self.tenant).await.unwrap();
        assert_eq!(
            verified.len(),
            tables().len() + 1,
            "every projection, and the snapshots of the risk model"
        );
        verified
            .into_iter()
            .filter_map(|model| model.difference.map(|found| format!("{}/{}", model.projection, found.key)))
            .collect()
    }
}

/// How many generations of each table there are rows of.
pub(super) async fn generations(superuser: &mut PgConnection) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in tables() {
        let query = format!("SELECT count(DISTINCT generation) FROM {table}");
        counts.push(superuser.fetch_one(query.as_str()).await.unwrap().get(0));
    }
    counts
}
