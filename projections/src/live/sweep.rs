//! The sweep: finds streams whose read models were left behind, whoever wrote to them.

use std::collections::BTreeMap;

use draxis_domain::{Position, TenantId};
use draxis_event_store::{TenantTx, head, stream_positions};

use crate::error::ReadError;
use crate::live::Live;
use crate::projection::Log;
use crate::store::{Folder, checkpoint};

/// How many streams are asked for at once.
const PAGE: i32 = 500;

impl Live {
    /// Walks all streams and catches up those that are behind. `known` is what earlier walks of this process saw, so that a
    /// quiet stream costs nothing. A stream that cannot be caught up is logged and does not hold up the others. Answers with
    /// how many were behind.
    pub(crate) async fn sweep(&self, known: &mut BTreeMap<TenantId, Position>) -> Result<usize, ReadError> {
        let mut behind = 0_usize;
        let mut page = vec![(TenantId::PLATFORM, head(&self.pool, TenantId::PLATFORM).await?)];
        while let Some((last, _)) = page.last().copied() {
            for (tenant, head) in page {
                if known.get(&tenant).is_none_or(|seen| *seen < head) && self.swept(tenant, head, known).await
                {
                    behind = behind.saturating_add(1);
                }
            }
            page = stream_positions(&self.pool, last, PAGE).await?;
        }
        Ok(behind)
    }

    /// Whether the stream was behind.
    async fn swept(
        &self,
        tenant: TenantId,
        head: Position,
        known: &mut BTreeMap<TenantId, Position>,
    ) -> bool {
        let current = match self.is_current(tenant, head).await {
            Ok(true) => Ok(head),
            Ok(false) => self.catch_up(tenant, head).await.inspect(|reached| {
                tracing::info!(tenant.id = %tenant, position = reached.get(), "read models were behind and are caught up");
            }),
            Err(error) => Err(error),
        };
        match current {
            Ok(reached) => {
                let known = known.insert(tenant, reached.max(head));
                known.is_some_and(|seen| seen < head)
            }
            Err(error) => {
                tracing::error!(tenant.id = %tenant, error = error.chain(), "read models cannot be caught up");
                true
            }
        }
    }

    /// Whether every projection of the stream serves in this program's version at the head.
    async fn is_current(&self, tenant: TenantId, head: Position) -> Result<bool, ReadError> {
        let mut transaction = TenantTx::begin(&self.pool, tenant).await?;
        let served = checkpoint::served(&mut transaction).await?;
        let wanted: Vec<(&str, i32)> = if tenant == TenantId::PLATFORM {
            draxis_domain::PlatformEvent::folders().iter().map(|folder| named(*folder)).collect()
        } else {
            draxis_domain::TenantEvent::folders().iter().map(|folder| named(*folder)).collect()
        };
        Ok(wanted.into_iter().all(|(name, version)| {
            served
                .iter()
                .any(|found| found.projection == name && found.version >= version && found.position >= head)
        }))
    }
}

fn named<E>(folder: &dyn Folder<E>) -> (&'static str, i32) {
    (folder.table().name(), folder.version())
}
