//! Loading an aggregate with a long history, nothing cached, no snapshot; against postgres-es on the same events.

use std::sync::Arc;

use cqrs_es::EventStore;
use cqrs_es::persist::PersistedEventStore;
use draxis_domain::TenantId;
use draxis_domain::kri::Kri;
use draxis_event_store::{TenantLog, UlidIds};
use draxis_tests::house::{Fitting, Process, TestDatabase, new_tenant};
use sqlx::{Executor, PgConnection};

use crate::measure::{Measured, block_on, in_turn};
use crate::postgres_es_alone::{pool, repository};
use crate::subject::Recorder;

const EVENTS: u32 = 10_000;
/// Loads in one measurement.
const LOADS: u32 = 10;

/// Multiplies the one reading that is there, and copies all to the published table.
async fn lengthen(superuser: &mut PgConnection, tenant: TenantId) {
    let copy = format!(
        "INSERT INTO events
         SELECT tenant_id, position + n, event_id, aggregate_type, aggregate_id, sequence + n, event_type, event_version,
                replace(payload::text, '.001Z', '.' || lpad((n % 1000)::text, 3, '0') || 'Z')::json, metadata, recorded_at, leaf_hash
         FROM events, generate_series(1, {EVENTS} - 2) AS n WHERE tenant_id = '{0}' AND sequence = 2;
         UPDATE stream_heads SET position = {EVENTS} WHERE tenant_id = '{0}';
         INSERT INTO published_events
         SELECT aggregate_type, aggregate_id, sequence, event_type, event_version::text,
                json_build_object(event_type, payload), metadata FROM events WHERE tenant_id = '{0}';
         ANALYZE events; ANALYZE published_events",
        tenant.uuid()
    );
    superuser.execute(copy.as_str()).await.expect("the history is made");
}

pub(crate) fn ten_thousand() -> Measured {
    block_on(async {
        let database = TestDatabase::make().await;
        let process = Process::over(database.options("draxis"), Fitting::default()).await;
        let pool = pool(&database, 1).await;
        let mut superuser = database.superuser().await;
        let tenant = new_tenant();
        let kri = Recorder::new(&process.commands, tenant).await.record().await.kri.to_string();
        lengthen(&mut superuser, tenant).await;
        let published = PersistedEventStore::<_, Kri>::new_event_store(repository(&pool));
        let subject = async || {
            let mut spent = std::time::Duration::ZERO;
            for _ in 0..LOADS {
                superuser.execute("DELETE FROM snapshots").await.expect("snapshots are deleted");
                // Another log knows nothing of what this one has loaded before.
                let log = TenantLog::new(process.pools.clone(), process.writer.clone(), Arc::new(UlidIds));
                let begun = std::time::Instant::now();
                log.load::<Kri>(tenant, &kri).await.expect("it loads");
                spent += begun.elapsed();
            }
            f64::from(LOADS) / spent.as_secs_f64()
        };
        let baseline = async || {
            let begun = std::time::Instant::now();
            for _ in 0..LOADS {
                published.load_aggregate(&kri).await.expect("it loads");
            }
            f64::from(LOADS) / begun.elapsed().as_secs_f64()
        };
        in_turn(subject, baseline).await
    })
}
