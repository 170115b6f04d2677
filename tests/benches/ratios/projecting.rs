//! Keeping up: events folded into Postgres while others append at full rate, and how soon a value is on the dashboard.

use std::time::{Duration, Instant};

use draxis_domain::{Position, TenantId};
use draxis_event_store::head;
use draxis_projections::{ReadModels, Settings};
use draxis_tests::house::{Fitting, Process, TestDatabase, new_tenant};
use sqlx::{Executor, PgConnection, Row};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::measure::{Measured, block_on, in_turn, median, rate, span};
use crate::stream::{KRIS, append_long};
use crate::subject::Recorder;

const CALLERS: usize = 32;

/// A program whose read models follow, and callers on one tenant.
struct Stage {
    database: TestDatabase,
    process: Process,
    models: ReadModels,
    tenant: TenantId,
    callers: Vec<Recorder>,
    _following: JoinSet<()>,
}

impl Stage {
    async fn set() -> Self {
        let database = TestDatabase::with_connections(24).await;
        let fitting = Fitting { readers: 12, writers: 2, ..Fitting::default() };
        let process = Process::over(database.options("draxis"), fitting).await;
        let models = ReadModels::new(&process.pools, Settings::default());
        let tenant = new_tenant();
        append_long(&process.writer, tenant, KRIS * 6).await;
        let mut callers = Vec::new();
        for _ in 0..CALLERS {
            callers.push(Recorder::new(&process.commands, tenant).await);
        }
        models.catch_up(tenant, Position::START).await.expect("the read models are caught up");
        let mut following = JoinSet::new();
        models.start(process.writer.wakeups().subscribe(), &mut following);
        Self { database, process, models, tenant, callers, _following: following }
    }
}

/// The position that every projection has reached, and the stream's head, of one instant.
async fn places(superuser: &mut PgConnection, tenant: TenantId) -> (i64, i64) {
    let query = format!(
        "SELECT min(c.position), max(h.position) FROM stream_heads AS h
         JOIN projection_checkpoints AS c ON c.tenant_id = h.tenant_id AND c.serving WHERE h.tenant_id = '{}'",
        tenant.uuid()
    );
    let row = superuser.fetch_one(query.as_str()).await.expect("both are there");
    (row.get(0), row.get(1))
}

/// Events a second into all projections against events a second into the stream, over the same span.
pub(crate) fn live() -> Measured {
    block_on(async {
        let mut stage = Stage::set().await;
        let mut superuser = stage.database.superuser().await;
        let mut pairs = Vec::new();
        for _ in 0..8 {
            let callers = std::mem::take(&mut stage.callers);
            let mut appending = JoinSet::new();
            appending.spawn(async move { rate(callers, Recorder::record).await.1 });
            // Both have found their pace.
            tokio::time::sleep(span() / 4).await;
            let (begun, before) = (Instant::now(), places(&mut superuser, stage.tenant).await);
            tokio::time::sleep(span() / 2).await;
            let (spent, after) = (begun.elapsed(), places(&mut superuser, stage.tenant).await);
            stage.callers = appending.join_next().await.expect("one task").expect("the callers come back");
            let a_second = |count: i64| count as f64 / spent.as_secs_f64();
            pairs.push((a_second(after.0 - before.0), a_second(after.1 - before.1)));
            let end = head(&stage.process.pools.app, stage.tenant).await.expect("the head is read");
            stage.models.catch_up(stage.tenant, end).await.expect("the read models are caught up");
        }
        let measured = &pairs[1..];
        Measured {
            subject: median(measured.iter().map(|(projected, _)| *projected)),
            baseline: median(measured.iter().map(|(_, appended)| *appended)),
            ratio: median(measured.iter().map(|(projected, appended)| projected / appended)),
        }
    })
}

/// From the acknowledgement of a value until a dashboard shows it, at half of the load that the program takes; the 99th
/// percentile in milliseconds, against one commit on the same database.
pub(crate) fn visible() -> Measured {
    block_on(async {
        let mut stage = Stage::set().await;
        let full = rate(std::mem::take(&mut stage.callers), Recorder::record).await;
        let (full, callers) = full;
        let (load, half) = watch::channel(true);
        let mut loading = JoinSet::new();
        let pause = Duration::from_secs_f64(2.0 * CALLERS as f64 / full);
        for mut caller in callers {
            let half = half.clone();
            loading.spawn(async move {
                let mut ticks = tokio::time::interval(pause);
                while *half.borrow() {
                    ticks.tick().await;
                    caller = caller.record().await;
                }
            });
        }
        let mut one = Some(Recorder::new(&stage.process.commands, stage.tenant).await);
        let mut owner = stage.database.owner().await;
        owner.execute("CREATE TABLE one_row (n bigint); INSERT INTO one_row VALUES (0)").await.expect("made");
        let subject = async || {
            let (begun, mut waited) = (Instant::now(), Vec::new());
            while begun.elapsed() < span() || waited.len() < 100 {
                let recorder = one.take().expect("it came back").record().await;
                let acknowledged = Instant::now();
                let wanted = recorder.last_position();
                let shown = stage.models.dashboard(stage.tenant, Some(wanted)).await.expect("it is shown");
                assert!(shown.position >= wanted, "the value is on it");
                waited.push(acknowledged.elapsed().as_secs_f64() * 1e3);
                one = Some(recorder);
            }
            waited.sort_by(f64::total_cmp);
            waited[waited.len() * 99 / 100]
        };
        let baseline = async || {
            let mut taken = Vec::new();
            for _ in 0..100 {
                let begun = Instant::now();
                owner.execute("UPDATE one_row SET n = n + 1").await.expect("it commits");
                taken.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            median(taken.into_iter())
        };
        let measured = in_turn(subject, baseline).await;
        load.send_replace(false);
        while loading.join_next().await.is_some() {}
        measured
    })
}
