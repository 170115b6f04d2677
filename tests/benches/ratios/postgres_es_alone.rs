//! cqrs-es and postgres-es as published, on the table they publish, in the same database.

use cqrs_es::CqrsFramework;
use draxis_domain::kri::{Kri, KriCommand};
use draxis_domain::{Actor, KriId, Moment, RunId, SourceId, TenantId};
use draxis_event_store::{Ids, UlidIds, flatten};
use draxis_tests::house::{TestDatabase, start_of_time};
use postgres_es::{PostgresCqrs, PostgresEventRepository};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};

use crate::subject::{definition, nth_reading};

/// Its table, as in its `db/init.sql`.
const TABLE: &str = "CREATE TABLE published_events (
    aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

/// Makes the table, and a pool of so many connections.
pub(crate) async fn pool(database: &TestDatabase, connections: u32) -> PgPool {
    database.owner().await.execute(TABLE).await.expect("the table is made");
    PgPoolOptions::new()
        .max_connections(connections)
        .connect_with(database.options(draxis_api::embedded_postgres::OWNER))
        .await
        .expect("the pool opens")
}

pub(crate) fn repository(pool: &PgPool) -> PostgresEventRepository {
    PostgresEventRepository::new(pool.clone()).with_tables("published_events", "published_snapshots")
}

/// One caller, who records readings of one KRI through it.
pub(crate) struct Published {
    framework: PostgresCqrs<Kri>,
    kri: KriId,
    source: SourceId,
    run: RunId,
    count: i64,
}

impl Published {
    pub(crate) async fn new(pool: &PgPool) -> Self {
        let store = cqrs_es::persist::PersistedEventStore::new_event_store(repository(pool));
        let framework = CqrsFramework::new(store, Vec::new(), Moment::new(start_of_time(), Actor::Runner));
        let (kri, source, run) =
            (KriId::new(UlidIds.next()), SourceId::new(UlidIds.next()), RunId::new(UlidIds.next()));
        let published = Self { framework, kri, source, run, count: 0 };
        published.give(definition(kri, source)).await;
        published
    }

    pub(crate) async fn record(mut self) -> Self {
        self.count += 1;
        self.give(KriCommand::RecordReading(nth_reading(self.count, self.source, self.run))).await;
        self
    }

    async fn give(&self, command: KriCommand) {
        let metadata = draxis_domain::Metadata {
            correlation: Some(format!("run:{}", self.run.ulid())),
            request: Some(TenantId::PLATFORM.to_string()),
            ..draxis_domain::Metadata::by(Actor::Runner)
        };
        let metadata = flatten(&metadata).expect("metadata is flat");
        self.framework
            .execute_with_metadata(&self.kri.to_string(), command, metadata)
            .await
            .expect("the command holds");
    }
}
