//! Following: after a commit the tenant's timers are folded. The wakeup is a hint, the sweep over all streams the truth.

use std::collections::{BTreeMap, BTreeSet};

use draxis_commands::CommandError;
use draxis_domain::{Position, TenantId};
use draxis_event_store::stream_positions;
use futures_util::{StreamExt as _, stream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::timer::{FoldError, Timers};

/// How many tenants are folded at once.
const AT_ONCE: usize = 4;
/// How many streams are asked for at once.
const PAGE: i32 = 500;

/// Where each tenant was seen to stand, so that a quiet one costs nothing at the next sweep, and who could not be folded, so
/// that it is said once.
#[derive(Debug, Default)]
struct Known {
    folded: BTreeMap<TenantId, Position>,
    failing: BTreeSet<TenantId>,
}

impl Timers {
    /// Folds whoever was written to, until told to stop.
    pub(super) async fn follow(
        self,
        mut wakeups: broadcast::Receiver<(TenantId, Position)>,
        stop: CancellationToken,
    ) {
        let (mut written, mut known) = (BTreeSet::new(), Known::default());
        let mut sweep_at = Instant::now();
        let (mut fold_at, mut rested_at) = (None, Instant::now());
        loop {
            let next = fold_at.map_or(sweep_at, |at: Instant| at.min(sweep_at));
            tokio::select! {
                () = stop.cancelled() => return,
                woken = wakeups.recv() => match woken {
                    Ok((tenant, _)) => {
                        written.insert(tenant);
                        // At once where it has been quiet; under load, together with what comes within a moment.
                        fold_at.get_or_insert_with(|| Instant::now().max(rested_at));
                    }
                    // What was missed is found by the sweep.
                    Err(RecvError::Lagged(_)) => sweep_at = Instant::now(),
                    Err(RecvError::Closed) => return,
                },
                () = sleep_until(next) => {
                    fold_at = None;
                    let begun = Instant::now();
                    self.fold_each(std::mem::take(&mut written), &mut known).await;
                    rested_at = Instant::now() + self.0.settings.gather.min(begun.elapsed());
                    if Instant::now() >= sweep_at {
                        self.sweep(&mut known).await;
                        sweep_at = Instant::now() + self.0.settings.sweep_every;
                    }
                }
            }
        }
    }

    /// Brings every tenant's timers to its stream's head; one that cannot be is logged and holds up no other.
    pub async fn catch_up_all(&self) {
        self.sweep(&mut Known::default()).await;
    }

    async fn sweep(&self, known: &mut Known) {
        // The platform's own stream, which the first id stands for, has nothing that is due.
        let mut last = TenantId::PLATFORM;
        loop {
            let page = match stream_positions(&self.0.commands.pools().app, last, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    let error = CommandError::from(error);
                    let chain: &dyn std::error::Error = &error;
                    tracing::error!(error = chain, "streams could not be looked at for timers");
                    return;
                }
            };
            let Some((furthest, _)) = page.last() else { return };
            last = *furthest;
            let behind =
                page.into_iter().filter(|(tenant, head)| known.folded.get(tenant).is_none_or(|at| at < head));
            self.fold_each(behind.map(|(tenant, _)| tenant).collect(), known).await;
        }
    }

    async fn fold_each(&self, tenants: BTreeSet<TenantId>, known: &mut Known) {
        let folds = tenants.into_iter().filter(|tenant| *tenant != TenantId::PLATFORM);
        let mut folded = stream::iter(folds)
            .map(|tenant| async move {
                self.0.reflexes.ended(tenant).await;
                (tenant, self.catch_up(tenant).await)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((tenant, result)) = folded.next().await {
            match result {
                Ok(position) => {
                    known.folded.insert(tenant, position);
                    known.failing.remove(&tenant);
                }
                Err(error) => {
                    if known.failing.insert(tenant) {
                        complain(tenant, &error);
                    }
                }
            }
        }
    }
}

fn complain(tenant: TenantId, error: &FoldError) {
    let chain: &dyn std::error::Error = error;
    tracing::error!(tenant.id = %tenant, error = chain, "a tenant's timers cannot be folded");
}
