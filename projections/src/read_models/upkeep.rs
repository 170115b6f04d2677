//! Keeping the read models: catching up, following, sweeping, rebuilding, verifying.

use std::collections::BTreeMap;

use draxis_domain::{Position, TenantId};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::error::ReadError;
use crate::live::{Progress, Refolded, Verified, names_of};
use crate::read_models::ReadModels;

impl ReadModels {
    /// Brings every projection of a stream to its head; answers with where they are. A position past the head is an error.
    pub async fn catch_up(&self, tenant: TenantId, at_least: Position) -> Result<Position, ReadError> {
        let reached = self.live.catch_up(tenant, at_least).await?;
        if reached < at_least {
            return Err(ReadError::Ahead { wanted: at_least, head: reached });
        }
        Ok(reached)
    }

    /// Follows the writer and sweeps now and then, in these tasks.
    pub fn start(&self, wakeups: broadcast::Receiver<(TenantId, Position)>, tasks: &mut JoinSet<()>) {
        tasks.spawn(self.live.clone().follow(wakeups));
        tasks.spawn(self.live.clone().sweep_every(self.settings.sweep_every));
    }

    /// Walks all streams once and catches up those left behind; answers with how many there were.
    pub async fn sweep(&self) -> Result<usize, ReadError> {
        self.live.sweep(&mut BTreeMap::new()).await
    }

    /// The names of the projections that a stream has.
    pub fn projections_of(tenant: TenantId) -> Vec<&'static str> {
        names_of(tenant)
    }

    /// Builds one projection of a stream anew, or all, beside what serves meanwhile. One that was cut off goes on where it
    /// stood; the first progress told is where it begins. Answers with the position at which the new rows took over.
    pub async fn rebuild(
        &self,
        tenant: TenantId,
        projection: Option<&str>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Position, ReadError> {
        self.live.rebuild(tenant, projection, progress).await
    }

    /// Folds a stream once more in memory, into all its projections, and tells what that makes: the first half of verifying.
    pub async fn refold(&self, tenant: TenantId) -> Result<Refolded, ReadError> {
        self.live.refold(tenant).await
    }

    /// Folds a stream once more and compares the rows byte for byte, one answer for each projection.
    pub async fn verify(&self, tenant: TenantId) -> Result<Vec<Verified>, ReadError> {
        self.live.verify(tenant).await
    }
}
