//! Many sources of many tenants due at once, some hanging and some failing: nobody waits for another's (hazards A4).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use draxis_commands::{Caller, Commands, Context};
use draxis_domain::kri::KriBody;
use draxis_domain::source::SourceBody;
use draxis_domain::{Position, TenantId};
use draxis_runner::egress::EgressConfig;
use draxis_runner::source_run::SealedSettings;
use draxis_runner::timer::TimerSettings;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use sqlx::{Executor, Row};

use super::far::Far;
use crate::house::{TestDatabase, Web, kri_body, long, new_tenant};

/// Of each tenant: eight that answer, one that hangs and one that fails.
const OF_A_TENANT: usize = 10;
const WELL: usize = 8;

fn manner(tenant: usize, source: usize) -> &'static str {
    match (source, tenant % 2) {
        (0..WELL, _) => "answers",
        (WELL, _) => "hangs",
        (_, 0) => "refuses",
        (_, _) => "breaks",
    }
}

/// Connects a source with a KRI that it measures.
async fn connect(commands: Commands, tenant: TenantId, url: String, nth: usize) {
    let context = Context::of(Caller::runner(tenant));
    let slug = format!("kri_{nth}");
    let body = json!({"name": "Many", "sourceType": "generic", "vendor": "http-json", "schedule": "hourly"});
    let body: SourceBody = serde_json::from_value(body).unwrap();
    let config = json!({"url": url, "values": [{"slug": slug, "value": ".count"}]});
    let sealed: SealedSettings = serde_json::from_value(json!({ "config": config })).unwrap();
    let done = commands.connect_source(&context, body, Some(sealed.seal())).await.unwrap();
    let source: Value = serde_json::from_slice(&done.answer.body).unwrap();
    let source = source["id"].as_str().unwrap().parse().unwrap();
    let kri = KriBody { source_id: Some(source), ..kri_body(&slug) };
    commands.define_kri(&context, kri).await.unwrap();
}

/// How many runs of each tenant have ended, with values and without. Counted tenant by tenant as they are woken, so that
/// counting costs next to nothing beside what is counted.
#[derive(Default)]
struct Ended(BTreeMap<TenantId, (usize, usize)>);

impl Ended {
    async fn count(&mut self, superuser: &mut sqlx::PgConnection, tenant: TenantId) {
        let query = format!(
            "SELECT count(*) FILTER (WHERE event_type = 'source.run_completed'),
                    count(*) FILTER (WHERE event_type = 'source.run_failed')
             FROM events WHERE tenant_id = '{}'",
            tenant.uuid()
        );
        let row = superuser.fetch_one(query.as_str()).await.unwrap();
        let counted = |at| usize::try_from(row.get::<i64, _>(at)).unwrap();
        self.0.insert(tenant, (counted(0), counted(1)));
    }

    /// Waits until somebody has written, and counts what there is of them.
    async fn hear(
        &mut self,
        superuser: &mut sqlx::PgConnection,
        (wakeups, all): (&mut Wakeups, &[TenantId]),
    ) {
        match wakeups.recv().await {
            Ok((tenant, _)) => self.count(superuser, tenant).await,
            Err(_) => self.count_all(superuser, all).await,
        }
    }

    async fn count_all(&mut self, superuser: &mut sqlx::PgConnection, all: &[TenantId]) {
        for tenant in all {
            self.count(superuser, *tenant).await;
        }
    }

    fn completed(&self) -> impl Iterator<Item = usize> {
        self.0.values().map(|(completed, _)| *completed)
    }

    fn failed(&self) -> impl Iterator<Item = usize> {
        self.0.values().map(|(_, failed)| *failed)
    }
}

type Wakeups = tokio::sync::broadcast::Receiver<(TenantId, Position)>;

/// How runs have failed, by class.
async fn failures(superuser: &mut sqlx::PgConnection) -> BTreeMap<String, i64> {
    let classes = "SELECT payload -> 'failure' ->> 'class', count(*) FROM events
                   WHERE event_type = 'source.run_failed' GROUP BY 1";
    superuser.fetch_all(classes).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The memory that this process holds, in MiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or_default() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_crowd_due_at_once_those_that_answer_wait_for_none_that_hangs_or_fails() {
    let tenants = if long() { 200 } else { 20 };
    let database = TestDatabase::with_connections(20).await;
    let (web, far) = (Web::start(&database).await, Far::start().await);
    let commands = web.app.commands.clone();
    let ids: Vec<TenantId> = (0..tenants).map(|_| new_tenant()).collect();
    let connecting =
        ids.iter().enumerate().flat_map(|(n, id)| (0..OF_A_TENANT).map(move |source| (n, *id, source)));
    stream::iter(connecting)
        .map(|(n, id, source)| {
            let url = far.at(&format!("{}/{n}/{source}", manner(n, source)));
            connect(commands.clone(), id, url, source)
        })
        .buffer_unordered(16)
        .collect::<Vec<()>>()
        .await;
    web.app.timers.catch_up_all().await;

    let mut superuser = database.superuser().await;
    let mut wakeups = commands.log().writer().wakeups().subscribe();
    let (all, before, begun) = (tenants * WELL, resident(), Instant::now());
    let (mut half, mut peak, mut finished) = (None, before, BTreeMap::new());
    web.clock.advance(chrono::Duration::minutes(61));
    let patience = Duration::from_secs(if long() { 600 } else { 300 });
    let mut runs = Ended::default();
    let coming = async {
        loop {
            runs.hear(&mut superuser, (&mut wakeups, &ids)).await;
            peak = peak.max(resident());
            for (tenant, _) in runs.0.iter().filter(|(_, (completed, _))| *completed == WELL) {
                finished.entry(*tenant).or_insert_with(|| begun.elapsed());
            }
            let sum: usize = runs.completed().sum();
            if half.is_none() && sum * 2 >= all {
                runs.count_all(&mut superuser, &ids).await;
                half = Some((runs.completed().filter(|count| *count > 0).count(), runs.completed().min()));
            }
            if sum == all {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(patience, coming).await.is_ok();
    let took = begun.elapsed();
    runs.count_all(&mut superuser, &ids).await;
    let (come, given_up) = (runs.completed().sum::<usize>(), runs.failed().sum::<usize>());
    let (first, last) = (finished.values().min(), finished.values().max());
    let (most, failed) = (far.most_at_once(), failures(&mut superuser).await);
    let told = format!(
        "{come} of {all} that answer in {took:?}; tenants whole after {first:?} to {last:?}; at half (tenants, fewest of one) {half:?}; \
         {most} connections at most; memory {before} MiB, at most {peak} MiB; given up meanwhile {given_up}: {failed:?}"
    );
    if long() {
        writeln!(std::io::stderr(), "{told}").unwrap();
    }
    assert!(in_time, "those that answer are read in time: {told}");
    assert_eq!(half.unwrap().0, tenants, "at half nobody is left out: {told}");
    assert!(most <= usize::try_from(TimerSettings::default().outside.at_once).unwrap(), "{told}");
    // Other tests share the process, so that only the long form, run alone, says whose memory it is.
    assert!(!long() || peak.saturating_sub(before) < 512, "{told}");
    // One that hangs is given up once it has said nothing for so long.
    if took < EgressConfig::default().timeouts.idle {
        assert!(
            given_up <= tenants,
            "none that hangs has been given up, and yet all others are done: {told}"
        );
    }

    // What hangs ends as well, each in its own history.
    far.let_go();
    let ending = async {
        while runs.failed().sum::<usize>() < 2 * tenants {
            runs.hear(&mut superuser, (&mut wakeups, &ids)).await;
        }
    };
    tokio::time::timeout(patience, ending).await.expect("those that hang or fail end too");
    assert!(runs.0.len() == tenants && runs.failed().all(|count| count == 2), "{:?}", runs.0);
    let failed = failures(&mut superuser).await;
    assert!(
        !failed.contains_key("internal") && !failed.contains_key("lost"),
        "nobody else's fault: {failed:?}"
    );
    web.stop().await;
}
