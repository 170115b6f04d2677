//! The baseline: one prepared INSERT of the same row into a table with the same columns, checks and indexes, each a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use draxis_domain::TenantId;
use draxis_event_store::{Ids, StoredEvent, UlidIds};
use draxis_tests::house::TestDatabase;
use sqlx::{Executor, PgConnection};

const INSERT: &str =
    "INSERT INTO plain_events (tenant_id, position, event_id, aggregate_type, aggregate_id, sequence,
    event_type, event_version, payload, metadata, recorded_at, leaf_hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $10::json, $11, $12)";

/// One connection that inserts rows, one after the other.
pub(crate) struct Inserter {
    connection: PgConnection,
    row: Arc<StoredEvent>,
    tenant: sqlx::types::Uuid,
    aggregate: String,
    positions: Arc<AtomicI64>,
    sequence: i64,
}

/// Makes the table, once a database.
pub(crate) async fn make_table(database: &TestDatabase) {
    database
        .owner()
        .await
        .execute("CREATE TABLE plain_events (LIKE events INCLUDING ALL)")
        .await
        .expect("the table is made");
}

impl Inserter {
    /// Connections that write rows like that one.
    pub(crate) async fn some(database: &TestDatabase, count: usize, row: StoredEvent) -> Vec<Self> {
        let row = Arc::new(row);
        let positions = Arc::new(AtomicI64::new(1));
        let tenant = TenantId::new(UlidIds.next()).uuid();
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(Self {
                connection: database.owner().await,
                row: Arc::clone(&row),
                tenant,
                aggregate: UlidIds.next().to_string(),
                positions: Arc::clone(&positions),
                sequence: 0,
            });
        }
        all
    }

    pub(crate) async fn insert(mut self) -> Self {
        self.sequence += 1;
        let position = self.positions.fetch_add(1, Ordering::Relaxed);
        sqlx::query(INSERT)
            .bind(self.tenant)
            .bind(position)
            .bind(UlidIds.next().to_string())
            .bind(&self.row.aggregate_type)
            .bind(&self.aggregate)
            .bind(self.sequence)
            .bind(&self.row.event_type)
            .bind(i32::from(self.row.version))
            .bind(&self.row.payload)
            .bind(&self.row.metadata)
            .bind(self.row.recorded_at)
            .bind(&self.row.leaf_hash)
            .execute(&mut self.connection)
            .await
            .expect("the row is inserted");
        self
    }
}
