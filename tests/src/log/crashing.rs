//! Postgres killed under load, with receipts held by those who were told (hazards D3): what was acknowledged is there, once.

use std::collections::BTreeMap;

use draxis_commands::sealing::{Sealing, SealingSettings};
use draxis_commands::{Caller, Commands, Context};
use draxis_domain::outcome::OutcomeBody;
use draxis_domain::{Name, Position, TenantId};
use draxis_event_store::{CommandKey, RequestHash, StoredEvent};
use draxis_projections::{ReadModels, Settings};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::house::{Fitting, OwnServer, Process, long, new_tenant, sound_stream};

const CALLERS: u32 = 8;

/// What a caller was told: under this key, at this position.
type Receipt = (String, Position);

async fn ask(commands: &Commands, tenant: TenantId, key: &str) -> Option<Position> {
    let command =
        CommandKey { caller: "runner".to_owned(), key: key.to_owned(), request: RequestHash([1; 32]) };
    let context = Context { key: Some(command), ..Context::of(Caller::runner(tenant)) };
    let body =
        OutcomeBody { name: Name::parse("Customers can pay").unwrap(), description: None, reason: None };
    Some(commands.define_outcome(&context, body).await.ok()?.position)
}

/// How a caller tells of each answer, and hears that the server was killed.
#[derive(Clone)]
struct Line {
    told: mpsc::UnboundedSender<Receipt>,
    killed: watch::Receiver<bool>,
}

/// Asks again and again until not told, or until the server was killed; in the first case what was asked last may hold or not.
async fn caller(commands: Commands, tenant: TenantId, name: String, line: Line) -> Option<String> {
    for n in 0_u64.. {
        let key = format!("{name}-{n}");
        let Some(position) = ask(&commands, tenant, &key).await else { return Some(key) };
        line.told.send((key, position)).unwrap();
        if *line.killed.borrow() {
            return None;
        }
    }
    None
}

/// One round of load that a kill puts an end to, once so many were told; what was told, and what was left open.
async fn until_killed(
    server: &mut OwnServer,
    process: &Process,
    (tenant, round, enough): (TenantId, u32, usize),
) -> (Vec<Receipt>, Vec<String>) {
    let (told, mut telling) = mpsc::unbounded_channel();
    let (kill, killed) = watch::channel(false);
    let line = Line { told, killed };
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        callers.spawn(caller(process.commands.clone(), tenant, format!("{round}-{n}"), line.clone()));
    }
    drop(line);
    let mut receipts = Vec::new();
    while receipts.len() < enough {
        receipts.push(telling.recv().await.expect("somebody is still being answered"));
    }
    tokio::task::block_in_place(|| server.kill_and_restart());
    kill.send_replace(true);
    let open = callers.join_all().await.into_iter().flatten().collect();
    while let Some(receipt) = telling.recv().await {
        receipts.push(receipt);
    }
    (receipts, open)
}

/// The positions of the events that bear each key.
fn by_key(stream: &[StoredEvent]) -> BTreeMap<String, Vec<Position>> {
    let mut found: BTreeMap<String, Vec<Position>> = BTreeMap::new();
    for event in stream {
        let metadata: serde_json::Value = serde_json::from_str(&event.metadata).unwrap();
        found.entry(metadata["command"].as_str().unwrap().to_owned()).or_default().push(event.position);
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_when_postgres_is_killed_under_load() {
    let kills = if long() { 200 } else { 5 };
    let mut server = OwnServer::start().await;
    let tenant = new_tenant();
    let (mut receipts, mut before) = (Vec::new(), Vec::new());
    for round in 0..kills {
        let process = Process::over(server.options("draxis"), Fitting::default()).await;
        // Read models follow, so that kills fall between their batches, too.
        let mut following = JoinSet::new();
        let models = ReadModels::new(&process.pools, Settings::default());
        models.start(process.writer.wakeups().subscribe(), &mut following);
        // Not always at the same place of a batch.
        let enough = 40 + usize::try_from(round * 7 % 31).unwrap();
        let (told, open) = until_killed(&mut server, &process, (tenant, round, enough)).await;
        receipts.extend(told);
        following.shutdown().await;
        process.kill().await;
        let process = Process::over(server.options("draxis"), Fitting::default()).await;
        for key in open {
            let position = ask(&process.commands, tenant, &key).await.unwrap();
            receipts.push((key, position));
        }
        let stream = sound_stream(&process.pools.app, tenant).await;
        assert_eq!(
            stream.get(..before.len()),
            Some(before.as_slice()),
            "the past is as it was, byte for byte"
        );
        before = stream;
        process.end().await;
    }
    let found = by_key(&before);
    for (key, position) in &receipts {
        assert_eq!(found.get(key), Some(&vec![*position]), "{key}");
    }
    assert_eq!(found.len(), receipts.len(), "nothing is there that nobody was told of");
    let process = Process::over(server.options("draxis"), Fitting::default()).await;
    let models = ReadModels::new(&process.pools, Settings::default());
    for model in models.verify(tenant).await.unwrap() {
        assert_eq!(model.difference, None, "{} is not as the log gives it", model.projection);
    }
    let sealing = Sealing::open(&process.commands, SealingSettings::try_default().unwrap()).await.unwrap();
    sealing.seal(tenant).await.unwrap();
    let shown = sealing.verify(tenant, &[], &[], |_, _| {}).await.unwrap();
    assert!(shown.holds(), "{shown:?}");
    process.end().await;
}

fn careless(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("synchronous_commit", "off")])
}

/// The control: a commit that does not wait for the disk loses what was acknowledged, and the receipts see it, though every
/// hash of what is left verifies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_see_what_a_careless_commit_loses() {
    let mut server = OwnServer::start().await;
    for round in 0..20 {
        let tenant = new_tenant();
        let process = Process::over(careless(server.options("draxis")), Fitting::default()).await;
        let (told, _) = until_killed(&mut server, &process, (tenant, round, 60)).await;
        process.kill().await;
        let process = Process::over(server.options("draxis"), Fitting::default()).await;
        let found = by_key(&sound_stream(&process.pools.app, tenant).await);
        process.end().await;
        if told.iter().any(|(key, _)| !found.contains_key(key)) {
            return;
        }
    }
    panic!("no acknowledged event was lost, so the test above proves nothing");
}
