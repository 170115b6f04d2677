//! Looking back: the dashboard as of a position against folding from the start, and a year drawn to as many points as fit.

use std::time::Instant;

use draxis_domain::Position;
use draxis_projections::{AsOf, HistoryRange, ReadModels, Settings};
use draxis_tests::house::start_of_time;
use sqlx::{Executor as _, PgConnection};

use crate::grown::{Grown, events};
use crate::measure::{Measured, block_on, in_turn};

async fn caught_up(grown: &Grown) -> ReadModels {
    let read_models = ReadModels::new(&grown.process.pools, Settings::default());
    read_models.rebuild(grown.tenant, None, &mut |_| {}).await.expect("the read models are built");
    read_models
}

/// The time of a look at a position somewhere in the stream; against the same without snapshots to begin at. Both in seconds.
pub(crate) fn as_of() -> Measured {
    block_on(async {
        let grown = Grown::to(events()).await;
        let read_models = caught_up(&grown).await;
        let mut superuser = grown.database.superuser().await;
        run(&mut superuser, "CREATE TABLE kept AS SELECT * FROM risk_model_snapshots").await;
        let mut turn = 0_u64;
        let mut other = grown.database.superuser().await;
        // The same scattered positions for both: the fractional parts of multiples of the golden ratio.
        let place = |turn: u64| {
            Position::new(1 + (turn * 618_033_989) % 1_000_000_000 * grown.events / 1_000_000_000)
        };
        let subject = async || {
            turn += 1;
            run(&mut superuser, "INSERT INTO risk_model_snapshots SELECT * FROM kept ON CONFLICT DO NOTHING")
                .await;
            look(&read_models, &grown, place(turn)).await
        };
        let mut again = 0_u64;
        let baseline = async || {
            again += 1;
            run(&mut other, "DELETE FROM risk_model_snapshots").await;
            look(&read_models, &grown, place(again)).await
        };
        in_turn(subject, baseline).await
    })
}

async fn run(superuser: &mut PgConnection, statement: &str) {
    superuser.execute(statement).await.expect("the statement holds");
}

async fn look(read_models: &ReadModels, grown: &Grown, position: Position) -> f64 {
    let begun = Instant::now();
    read_models.dashboard_as_of(grown.tenant, AsOf::Position(position)).await.expect("the past is told");
    begun.elapsed().as_secs_f64()
}

/// A year of hourly values drawn to 400 points, as often a second as it can be; against Postgres thinning the same events.
pub(crate) fn plot() -> Measured {
    const HOURS: u64 = 8_760;
    const KRIS: u64 = 50;
    block_on(async {
        let grown = Grown::to(HOURS * KRIS.min(events() / HOURS + 1)).await;
        let read_models = caught_up(&grown).await;
        let kri = grown.kris[0];
        let (from, to) = (start_of_time(), start_of_time() + chrono::Duration::hours(8_761));
        let subject = async || {
            let range = HistoryRange { from, to, known_at: None, max_points: 400 };
            let begun = Instant::now();
            for _ in 0..5 {
                let shown = read_models.kri_history(grown.tenant, kri, None, range).await;
                assert!(shown.expect("the history is told").points.len() <= 400);
            }
            5.0 / begun.elapsed().as_secs_f64()
        };
        let mut superuser = grown.database.superuser().await;
        let thinned = format!(
            "SELECT width_bucket(extract(epoch FROM (payload ->> 'observedAt')::timestamptz), {0}, {1}, 400),
                    min((payload ->> 'value')::numeric), max((payload ->> 'value')::numeric), count(*)
             FROM events WHERE tenant_id = '{2}' AND aggregate_type = 'kri' AND aggregate_id = '{kri}'
               AND event_type = 'kri.value_recorded'
             GROUP BY 1 ORDER BY 1",
            from.timestamp(),
            to.timestamp(),
            grown.tenant.uuid()
        );
        let baseline = async || {
            let begun = Instant::now();
            for _ in 0..5 {
                superuser.fetch_all(thinned.as_str()).await.expect("it is thinned");
            }
            5.0 / begun.elapsed().as_secs_f64()
        };
        in_turn(subject, baseline).await
    })
}
