//! The engine: keeps the read models in Postgres caught up with the log, builds them anew, and proves that they equal it.

mod advance;
mod catch_up;
mod follow;
mod rebuild;
mod slots;
mod sweep;
mod verify;

use std::sync::Arc;

use draxis_event_store::Pools;
use sqlx::PgPool;

pub use rebuild::Progress;
pub(crate) use rebuild::{folder_named, names_of};
pub(crate) use verify::Refold;
pub use verify::{Difference, Refolded, Verified};

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
}

impl Live {
    pub(crate) fn new(pools: &Pools) -> Self {
        Self { pool: pools.app.clone(), slots: Arc::default() }
    }
}
