//! A reader that keeps only a position, behind writers that commit in any order (hazards D6): it misses nothing.

use std::collections::BTreeSet;

use draxis_domain::{Position, TenantId};
use draxis_event_store::{
    Clock, Database, EventFilter, Pools, SystemClock, TenantTx, Writer, WriterLimits, head, read_events,
};
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::house::{TestDatabase, edits, long, new_tenant, sound_stream};

const WRITERS: u64 = 12;

/// Numbers that look random and are the same in every run (Numerical Recipes' constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// How many events each writer writes: some 20,000 in all, or a million.
fn share() -> u64 {
    if long() { 1_000_000 / WRITERS } else { 20_000 / WRITERS }
}

/// Makes every transaction that wrote to the table wait a little, right before it commits.
async fn delay_commits(connection: &mut PgConnection, table: &str) {
    let trigger = format!(
        "CREATE FUNCTION wait_a_little() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN IF random() < 0.02 THEN PERFORM pg_sleep(random() * 0.01); END IF; RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER delay AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION wait_a_little()"
    );
    connection.execute(trigger.as_str()).await.unwrap();
}

async fn write(writer: Writer, tenant: TenantId, n: u64) {
    let (mut dice, mut sequence) = (Dice(n), 0);
    let id = format!("outcome-{n}");
    while sequence < share() {
        let count = (1 + dice.roll(40)).min(share() - sequence);
        writer.append(edits(tenant, &id, sequence, count)).await.unwrap();
        sequence += count;
    }
}

/// Follows the stream by its last position alone, until told that all is written and nothing is left.
async fn follow(pools: Pools, tenant: TenantId, done: watch::Receiver<bool>) -> Vec<(u64, String, u64)> {
    let (mut seen, mut last) = (Vec::new(), Position::START);
    loop {
        let finished = *done.borrow();
        let mut transaction = TenantTx::begin(&pools.app, tenant).await.unwrap();
        let page = read_events(&mut transaction, last, &EventFilter::default(), 500).await.unwrap();
        drop(transaction);
        if page.is_empty() && finished {
            return seen;
        }
        for event in page {
            last = event.position;
            seen.push((event.position.get(), event.aggregate_id, event.sequence.get()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_processes_write_with_delays_and_a_tailing_reader_misses_nothing() {
    let database = TestDatabase::with_connections(20).await;
    delay_commits(&mut database.superuser().await, "events").await;
    let pools = Database::new(database.options("draxis"), 2).open().await.unwrap();
    let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(SystemClock);
    let tenant = new_tenant();
    let (mut processes, mut writing) = (JoinSet::new(), JoinSet::new());
    for n in 0..WRITERS {
        let writer = Writer::start(&pools, &clock, WriterLimits::default(), 1, &mut processes);
        writing.spawn(write(writer, tenant, n));
    }
    let (finish, done) = watch::channel(false);
    let mut following = JoinSet::new();
    following.spawn(follow(pools.clone(), tenant, done));
    while let Some(written) = writing.join_next().await {
        written.unwrap();
    }
    finish.send_replace(true);
    let seen = following.join_next().await.unwrap().unwrap();

    let total = share() * WRITERS;
    assert_eq!(head(&pools.app, tenant).await.unwrap().get(), total);
    let positions: Vec<u64> = seen.iter().map(|(position, ..)| *position).collect();
    assert!(positions.into_iter().eq(1..=total), "each position once, in order, without gaps");
    let events: BTreeSet<(&str, u64)> =
        seen.iter().map(|(_, id, sequence)| (id.as_str(), *sequence)).collect();
    assert_eq!(u64::try_from(events.len()).unwrap(), total, "every event was seen");
    if !long() {
        sound_stream(&pools.app, tenant).await;
    }
}

async fn insert_plainly(options: sqlx::postgres::PgConnectOptions, n: u64) {
    let (mut dice, mut written) = (Dice(n), 0);
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    while written < 2000 {
        let count = 1 + dice.roll(40);
        let insert = format!("INSERT INTO plain (body) SELECT 'event' FROM generate_series(1, {count})");
        connection.execute(insert.as_str()).await.unwrap();
        written += count;
    }
}

async fn follow_plainly(options: sqlx::postgres::PgConnectOptions, done: watch::Receiver<bool>) -> i64 {
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let (mut seen, mut last) = (0, 0_i64);
    loop {
        let finished = *done.borrow();
        let query = format!("SELECT id FROM plain WHERE id > {last} ORDER BY id LIMIT 500");
        let page = connection.fetch_all(query.as_str()).await.unwrap();
        if page.is_empty() && finished {
            return seen;
        }
        for row in page {
            last = row.get(0);
            seen += 1;
        }
    }
}

/// The control: the same reader over what a table with a serial number gives it loses events, so the test above can see it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_reader_over_a_plain_sequence_loses_some() {
    let database = TestDatabase::with_connections(16).await;
    let mut owner = database.owner().await;
    owner.execute("CREATE TABLE plain (id bigserial PRIMARY KEY, body text NOT NULL)").await.unwrap();
    delay_commits(&mut owner, "plain").await;
    let options = || database.options(draxis_api::embedded_postgres::OWNER);
    let (finish, done) = watch::channel(false);
    let (mut writing, mut following) = (JoinSet::new(), JoinSet::new());
    following.spawn(follow_plainly(options(), done));
    for n in 0..WRITERS {
        writing.spawn(insert_plainly(options(), n));
    }
    while let Some(written) = writing.join_next().await {
        written.unwrap();
    }
    finish.send_replace(true);
    let seen = following.join_next().await.unwrap().unwrap();
    let written: i64 = owner.fetch_one("SELECT count(*) FROM plain").await.unwrap().get(0);
    assert!(seen < written, "{seen} of {written} were seen");
}
