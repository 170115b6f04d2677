//! Upkeep from the command line: rebuilding read models while another process serves.

use std::io::IsTerminal as _;
use std::time::Instant;

use draxis_domain::{Position, TenantId};
use draxis_event_store::{Pools, stream_positions};
use draxis_projections::{ReadError, ReadModels, Settings};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How many streams are looked up at once.
const STREAMS: i32 = 500;

/// Rebuilds one projection or all, of one tenant or all, each beside the old one while that serves.
pub async fn rebuild(
    pools: &Pools,
    tenant: Option<TenantId>,
    projection: Option<&str>,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<(), ReadError> {
    let read_models = ReadModels::new(pools, Settings::default());
    let began = Instant::now();
    let mut events = 0_u64;
    for (tenant, head) in streams(pools, tenant).await? {
        let bar = bar(head);
        let reached = read_models.rebuild(tenant, projection, &mut |done| bar.set_position(done.position.get())).await?;
        bar.finish_and_clear();
        events = events.saturating_add(reached.get());
        progress(&format!("Rebuilt the read models of {tenant} up to {reached}"));
    }
    progress(&format!("{events} events in {:.1} s", began.elapsed().as_secs_f32()));
    Ok(())
}

async fn streams(pools: &Pools, one: Option<TenantId>) -> Result<Vec<(TenantId, Position)>, ReadError> {
    if let Some(tenant) = one {
        return Ok(vec![(tenant, draxis_event_store::head(&pools.app, tenant).await?)]);
    }
    let mut streams = vec![(TenantId::PLATFORM, draxis_event_store::head(&pools.app, TenantId::PLATFORM).await?)];
    let mut after = TenantId::PLATFORM;
    loop {
        let found = stream_positions(&pools.app, after, STREAMS).await?;
        let Some((last, _)) = found.last() else { return Ok(streams) };
        after = *last;
        streams.extend(found);
    }
}

fn bar(head: Position) -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(head.get()), target).with_style(style)
}
