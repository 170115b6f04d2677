//! Many sources of many tenants due at once, some hanging and some failing: nobody waits for another's (hazards A4).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use draxis_commands::{Caller, Commands, Context};
use draxis_domain::TenantId;
use draxis_domain::kri::KriBody;
use draxis_domain::source::SourceBody;
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

/// What has ended of each tenant, by the event's name.
async fn ended(superuser: &mut sqlx::PgConnection, event: &str) -> BTreeMap<String, usize> {
    let query = format!(
        "SELECT tenant_id::text, count(*) FROM events WHERE event_type = '{event}' GROUP BY tenant_id"
    );
    let rows = superuser.fetch_all(query.as_str()).await.unwrap();
    rows.iter().map(|row| (row.get(0), usize::try_from(row.get::<i64, _>(1)).unwrap())).collect()
}

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
        .buffer_unordered(64)
        .collect::<Vec<()>>()
        .await;
    web.app.timers.catch_up_all().await;

    let mut superuser = database.superuser().await;
    let mut wakeups = commands.log().writer().wakeups().subscribe();
    let (all, before, begun) = (tenants * WELL, resident(), Instant::now());
    let (mut half, mut peak, mut finished) = (None, before, BTreeMap::new());
    web.clock.advance(chrono::Duration::minutes(61));
    let patience = Duration::from_secs(if long() { 600 } else { 300 });
    let coming = async {
        loop {
            drop(wakeups.recv().await);
            let done = ended(&mut superuser, "source.run_completed").await;
            peak = peak.max(resident());
            for tenant in done.iter().filter(|(_, count)| **count == WELL).map(|(tenant, _)| tenant) {
                finished.entry(tenant.clone()).or_insert_with(|| begun.elapsed());
            }
            let sum: usize = done.values().sum();
            if half.is_none() && sum * 2 >= all {
                half = Some((done.len(), done.values().copied().min().unwrap_or_default()));
            }
            if sum == all {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(patience, coming).await.is_ok();
    let took = begun.elapsed();
    let come = ended(&mut superuser, "source.run_completed").await.into_values().sum::<usize>();
    let given_up = ended(&mut superuser, "source.run_failed").await.into_values().sum::<usize>();
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
    if took < Duration::from_secs(50) {
        assert!(
            given_up <= tenants,
            "none that hangs has been given up, and yet all others are done: {told}"
        );
    }

    // What hangs ends as well, each in its own history.
    far.let_go();
    let ending = async {
        while ended(&mut superuser, "source.run_failed").await.into_values().sum::<usize>() < 2 * tenants {
            drop(wakeups.recv().await);
        }
    };
    tokio::time::timeout(patience, ending).await.expect("those that hang or fail end too");
    let failed = ended(&mut superuser, "source.run_failed").await;
    assert!(failed.len() == tenants && failed.values().all(|count| *count == 2), "{failed:?}");
    web.stop().await;
}
