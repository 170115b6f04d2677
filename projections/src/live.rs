//! The engine: keeps the read models in Postgres caught up with the log, builds them anew, and proves that they equal it.

mod advance;
mod at_hand;
mod catch_up;
mod follow;
mod rebuild;
mod slots;
mod step;
mod sweep;
mod verify;

use std::sync::Arc;

use draxis_domain::{PlatformEvent, TenantEvent};
use draxis_event_store::Pools;
use sqlx::PgPool;

pub use rebuild::Progress;
pub(crate) use rebuild::{folder_named, names_of};
pub(crate) use verify::Refold;
pub use verify::{Difference, Refolded, Verified};

use at_hand::AtHand;
use slots::Slots;

/// How many events are folded in one transaction while a tenant is caught up.
const BATCH: u32 = 1_000;

/// How many are while a read model is built, where nobody waits for the lock.
const CHUNK: u32 = 5_000;

/// The engine of one process; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) pool: PgPool,
    slots: Arc<Slots>,
    at_hand: Arc<RowsAtHand>,
}

/// The rows at hand of both logs.
#[derive(Debug, Default)]
struct RowsAtHand {
    of_tenants: AtHand<TenantEvent>,
    of_platform: AtHand<PlatformEvent>,
}

impl Live {
    pub(crate) fn new(pools: &Pools) -> Self {
        Self { pool: pools.app.clone(), slots: Arc::default(), at_hand: Arc::default() }
    }
}
