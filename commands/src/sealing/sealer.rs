//! The sealer: seals every active stream at least every minute, or every 1,000 events where they come faster.

use std::collections::BTreeMap;
use std::time::Duration;

use draxis_domain::{Position, TenantId};
use draxis_event_store::stream_positions;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::MissedTickBehavior;

use crate::sealing::{SealError, Sealing};

/// Less than a minute, so that with the time a round takes no event waits for longer.
const ROUND: Duration = Duration::from_secs(50);
const EVENTS: u64 = 1_000;
const PAGE: i32 = 1_000;

impl Sealing {
    /// Seals until it is stopped. Wakeups are hints; every stream is looked at once a round.
    pub async fn follow(self, mut wakeups: Receiver<(TenantId, Position)>) {
        let mut sealed = BTreeMap::new();
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = round.tick() => self.go_round(&mut sealed).await,
                woken = wakeups.recv() => match woken {
                    Ok((tenant, head)) => self.seal_if_due(tenant, head, &mut sealed).await,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    /// Seals every stream that has grown, the platform's among them.
    pub async fn seal_all(&self) -> Result<(), SealError> {
        for (tenant, head) in self.streams().await? {
            if head > Position::START {
                self.seal(tenant).await?;
            }
        }
        Ok(())
    }

    /// Every stream with its head, the platform's first.
    pub async fn streams(&self) -> Result<Vec<(TenantId, Position)>, SealError> {
        let pool = &self.office.pools.app;
        let platform = draxis_event_store::head(pool, TenantId::PLATFORM).await?;
        let mut streams = vec![(TenantId::PLATFORM, platform)];
        while let Some((after, _)) = streams.last().copied() {
            let page = stream_positions(pool, after, PAGE).await?;
            if page.is_empty() {
                break;
            }
            streams.extend(page);
        }
        Ok(streams)
    }

    async fn go_round(&self, sealed: &mut BTreeMap<TenantId, Position>) {
        if let Err(error) = self.refresh_keys().await {
            complain(&error);
        }
        match self.streams().await {
            Ok(streams) => {
                for (tenant, head) in streams {
                    if head > sealed.get(&tenant).copied().unwrap_or_default() {
                        self.seal_and_note(tenant, sealed).await;
                    }
                }
            }
            Err(error) => complain(&error),
        }
    }

    async fn seal_if_due(&self, tenant: TenantId, head: Position, sealed: &mut BTreeMap<TenantId, Position>) {
        let before = sealed.get(&tenant).copied().unwrap_or_default();
        if head.get().saturating_sub(before.get()) >= EVENTS {
            self.seal_and_note(tenant, sealed).await;
        }
    }

    async fn seal_and_note(&self, tenant: TenantId, sealed: &mut BTreeMap<TenantId, Position>) {
        match self.seal(tenant).await {
            Ok(tree) => drop(sealed.insert(tenant, Position::new(tree.checkpoint.size()))),
            Err(error) => complain(&error),
        }
    }
}

/// Each time again: a stream that cannot be sealed is not a thing to be told of once.
fn complain(error: &SealError) {
    let chain: &dyn std::error::Error = error;
    tracing::error!(error = chain, "a stream was not sealed");
}
