//! Appending: commands a second through the whole command layer against bare inserts, and against postgres-es.

use draxis_domain::TenantId;
use draxis_event_store::StoredEvent;
use draxis_tests::house::{Fitting, Process, TestDatabase, new_tenant, whole_stream};

use crate::measure::{Measured, block_on, in_turn, rate};
use crate::plain::{Inserter, make_table};
use crate::postgres_es_alone::{Published, pool};
use crate::subject::Recorder;

/// A program fitted out as it is by default.
async fn program(database: &TestDatabase) -> Process {
    Process::over(database.options("draxis"), Fitting { readers: 8, writers: 2, ..Fitting::default() }).await
}

/// The row that the subject writes, for the baseline to write the like.
async fn row_of(process: &Process, tenant: TenantId) -> StoredEvent {
    let row = whole_stream(&process.pools.app, tenant).await.pop().expect("a reading was recorded");
    let size = row.payload.len() + row.metadata.len() + row.aggregate_id.len() + row.event_type.len();
    assert!((500..700).contains(&size), "an event of about 600 bytes, not {size}");
    row
}

async fn against_inserts(tenants: &[TenantId], callers: usize, connections: usize) -> Measured {
    let database = TestDatabase::with_connections(84).await;
    make_table(&database).await;
    let process = program(&database).await;
    let mut recorders = Vec::new();
    for n in 0..callers {
        recorders.push(Recorder::new(&process.commands, tenants[n % tenants.len()]).await.record().await);
    }
    let row = row_of(&process, tenants[0]).await;
    let (mut recorders, mut inserters) =
        (Some(recorders), Some(Inserter::some(&database, connections, row).await));
    let subject = async || {
        let (rate, back) = rate(recorders.take().expect("they came back"), Recorder::record).await;
        recorders = Some(back);
        rate
    };
    let baseline = async || {
        let (rate, back) = rate(inserters.take().expect("they came back"), Inserter::insert).await;
        inserters = Some(back);
        rate
    };
    let measured = in_turn(subject, baseline).await;
    process.end().await;
    measured
}

/// One tenant, each caller with a KRI of its own; against 32 connections.
pub(crate) fn hot(callers: usize) -> Measured {
    block_on(against_inserts(&[new_tenant()], callers, 32))
}

/// 64 callers over 64 tenants; against 64 connections.
pub(crate) fn spread() -> Measured {
    let tenants: Vec<TenantId> = (0..64).map(|_| new_tenant()).collect();
    block_on(against_inserts(&tenants, 64, 64))
}

/// One caller; against one connection.
pub(crate) fn one() -> Measured {
    block_on(against_inserts(&[new_tenant()], 1, 1))
}

/// 64 callers on one tenant; against 64 on postgres-es's own table.
pub(crate) fn against_postgres_es() -> Measured {
    block_on(async {
        let database = TestDatabase::with_connections(84).await;
        let process = program(&database).await;
        let pool = pool(&database, 64).await;
        let tenant = new_tenant();
        // New KRIs each time: postgres-es reads a KRI's whole history for each command.
        let subject = async || {
            let mut recorders = Vec::new();
            for _ in 0..64 {
                recorders.push(Recorder::new(&process.commands, tenant).await);
            }
            rate(recorders, Recorder::record).await.0
        };
        let baseline = async || {
            let mut recorders = Vec::new();
            for _ in 0..64 {
                recorders.push(Published::new(&pool).await);
            }
            rate(recorders, Published::record).await.0
        };
        in_turn(subject, baseline).await
    })
}
