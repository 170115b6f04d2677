//! The wire to our own database cut anywhere while a scheduled run is begun, carried out and ended: whatever its process was told,
//! one run begins for the slot and comes to its end.

use std::time::Duration;

use draxis_domain::TenantId;
use draxis_domain::source::Schedule;
use draxis_runner::timer::TimerSettings;
use sqlx::Executor;

use super::far::Far;
use super::program::Program;
use crate::house::{Cut, Tap, TestDatabase, long, new_tenant};

/// A program behind a tap, and one that is not, which only looks.
struct Stage {
    tap: Tap,
    cut: Program,
    looking: Program,
    superuser: sqlx::PgConnection,
    tenant: TenantId,
}

impl Stage {
    async fn set(database: &TestDatabase) -> Self {
        let tap = database.tap();
        let cut = Program::over(tap.options("draxis"), TimerSettings::default()).await;
        let (looking, superuser) = (Program::start(database).await, database.superuser().await);
        Self { tap, cut, looking, superuser, tenant: new_tenant() }
    }

    async fn count(&self, event_type: &str) -> usize {
        self.looking.events(self.tenant, event_type).await.len()
    }

    /// Lets the source's next slot come, with the wire cut there, and the program go on until the slot's run is over. Whether
    /// the cut came about.
    async fn slot(&mut self, nth: usize, cut: Cut) -> bool {
        let due = self.looking.due(self.tenant, "source_run").await.unwrap();
        self.cut.advance_to(due);
        self.tap.arm(cut);
        let going_on = async {
            while self.count("source.run_completed").await < nth {
                self.cut.timers.catch_up_all().await;
                drop(self.cut.timers.do_due().await);
                // A claim of which the answer was lost holds for a minute, a timer that failed for seconds.
                self.superuser.execute("UPDATE timers SET held_until = '-infinity'").await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_mins(1), going_on).await.expect("the run comes to its end");
        self.tap.disarm()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_run_begins_once_and_is_finished_wherever_the_wire_is_cut() {
    let database = TestDatabase::with_connections(30).await;
    let far = Far::start().await;
    let mut stage = Stage::set(&database).await;
    let source = stage.cut.connect(stage.tenant, &far.answering(), Schedule::Hourly).await;
    stage.cut.measure(stage.tenant, source, "open_findings").await;
    // Connections are made and statements prepared by a slot in which nothing is cut.
    assert!(!stage.slot(1, Cut::Answering(u32::MAX)).await);
    let (mut slots, mut cuts) = (1, 0);
    for message in (1..).step_by(if long() { 1 } else { 3 }) {
        slots += 1;
        if !stage.slot(slots, Cut::Answering(message)).await {
            break;
        }
        cuts += 1;
    }
    assert!(cuts >= 20, "the exchange has more parts than {cuts}");
    assert_eq!(stage.count("source.run_started").await, slots, "one run a slot");
    assert_eq!(stage.count("source.run_completed").await, slots, "each came to its end");
    assert_eq!(stage.count("kri.value_recorded").await, slots, "and wrote its value once");
    stage.cut.stop().await;
    stage.looking.stop().await;
}
