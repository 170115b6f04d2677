//! A long stream folded into all projections, in memory and in Postgres; against the same stream copied out and thrown away.

use std::time::Instant;

use draxis_domain::TenantId;
use draxis_projections::{ReadModels, Settings};
use draxis_tests::house::{Fitting, Process, TestDatabase, new_tenant};
use futures_util::StreamExt;
use sqlx::PgConnection;

use crate::measure::{Measured, block_on, events, in_long_turn, per_second};
use crate::stream::append_long;

/// A program, its read models and a long stream.
struct Stage {
    database: TestDatabase,
    process: Process,
    models: ReadModels,
    tenant: TenantId,
    head: u64,
}

impl Stage {
    async fn set() -> Self {
        let database = TestDatabase::make().await;
        let process = Process::over(database.options("draxis"), Fitting::default()).await;
        let models = ReadModels::new(&process.pools, Settings::default());
        let tenant = new_tenant();
        let head = append_long(&process.writer, tenant, events(1_000_000)).await.get();
        let analyze = "VACUUM ANALYZE events";
        sqlx::query(analyze).execute(&mut database.superuser().await).await.expect("the table is analysed");
        Self { database, process, models, tenant, head }
    }

    /// Against the stream copied out as text, as `COPY` does it, and thrown away.
    async fn against_copy(self, subject: impl AsyncFn(&Self)) -> Measured {
        let mut reader = self.database.superuser().await;
        let measured = in_long_turn(
            async || {
                let begun = Instant::now();
                subject(&self).await;
                per_second(self.head, begun)
            },
            async || {
                let begun = Instant::now();
                copy_out(&mut reader, self.tenant).await;
                per_second(self.head, begun)
            },
        );
        let measured = measured.await;
        self.process.end().await;
        measured
    }
}

async fn copy_out(reader: &mut PgConnection, tenant: TenantId) {
    let copy = format!(
        "COPY (SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                      metadata, recorded_at, leaf_hash
               FROM events WHERE tenant_id = '{}' ORDER BY position) TO STDOUT",
        tenant.uuid()
    );
    let mut rows = reader.copy_out_raw(&copy).await.expect("the copy begins");
    let mut bytes = 0;
    while let Some(row) = rows.next().await {
        bytes += row.expect("the copy goes on").len();
    }
    assert!(bytes > 0, "the stream is copied");
}

/// Read, decoded and folded into all projections in memory.
pub(crate) fn fold() -> Measured {
    block_on(async {
        let stage = Stage::set().await;
        stage
            .against_copy(async |stage| {
                let folded = stage.models.refold(stage.tenant).await.expect("the stream folds");
                assert_eq!(folded.position.get(), stage.head, "all of it");
            })
            .await
    })
}

/// The same, written into Postgres.
pub(crate) fn rebuild() -> Measured {
    block_on(async {
        let stage = Stage::set().await;
        stage.models.catch_up(stage.tenant, draxis_domain::Position::START).await.expect("they are kept");
        stage
            .against_copy(async |stage| {
                let built = stage.models.rebuild(stage.tenant, None, &mut |_| {}).await;
                assert_eq!(built.expect("they are built").get(), stage.head, "all of it");
            })
            .await
    })
}
