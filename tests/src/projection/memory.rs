//! Memory while a long stream is rebuilt: what the program holds hangs on the read models, not on how long the stream is.

use std::process::Stdio;

use sqlx::Executor;

use super::scene::Scene;
use crate::house::{draxis, long};

/// What is allowed beyond what a short stream with the same read models takes.
const MOST: u64 = 64 << 10;

/// The greatest memory that a rebuild of the stream takes, in KiB, as Linux counts it (proc(5), `VmHWM`).
fn peak_of_rebuild(scene: &Scene) -> u64 {
    let mut command = draxis(&scene.database, &["rebuild", "--tenant", &scene.tenant.to_string()]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let seen = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        peak = peak.max(seen.unwrap_or_default());
        std::thread::yield_now();
    }
    assert!(child.wait().unwrap().success());
    peak
}

/// Repeats the stream's last edit until it is that long, behind the product's back: what an append costs is not asked here.
async fn lengthen(scene: &Scene, events: u64) {
    let copy = format!(
        "INSERT INTO events
         SELECT e.tenant_id, e.position + n, e.event_id, e.aggregate_type, e.aggregate_id, e.sequence + n, e.event_type,
                e.event_version, e.payload, e.metadata, e.recorded_at, e.leaf_hash
         FROM (SELECT * FROM events WHERE tenant_id = '{0}' ORDER BY position DESC LIMIT 1) AS e,
              generate_series(1, {events} - e.position) AS n;
         UPDATE stream_heads SET position = {events} WHERE tenant_id = '{0}'",
        scene.tenant.uuid()
    );
    scene.database.superuser().await.execute(copy.as_str()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_takes_no_more_memory_for_a_long_stream_than_for_a_short_one() {
    let scene = Scene::set(1_000).await;
    scene.rows().await;
    let short = peak_of_rebuild(&scene);
    let events = if long() { 1_000_000 } else { 40_000 };
    lengthen(&scene, events).await;
    let long = peak_of_rebuild(&scene);
    assert!(short > 0 && long < short + MOST, "{short} KiB for a thousand events, {long} KiB for {events}");
}
