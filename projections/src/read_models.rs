//! The read models of a process: everything that can be asked of them, and what keeps them.

mod approval;
mod backtest;
mod causes;
mod explain;
mod history;
mod interview;
mod memory;
mod panel;
mod past;
mod platform;
mod risk;
mod source;
mod then;
mod upkeep;
mod workflow;
mod workflow_run;
mod workflow_surroundings;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use draxis_event_store::Pools;

use crate::dashboard::Models;
use crate::live::Live;

pub use causes::{Effect, EventExplained};
pub use memory::{FoundDocument, FoundInMemory, Words};
pub use then::{RowThen, RowsThen};
pub use workflow::WorkflowThen;

/// How much is kept in memory, and how often streams are looked at that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many tenants' risk models are kept in memory.
    pub models: NonZeroUsize,
    /// How long the sweep pauses between two walks.
    pub sweep_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { models: NonZeroUsize::MIN.saturating_add(127), sweep_every: Duration::from_secs(30) }
    }
}

/// What can be read. Every question may name a position that the answer must hold (`at_least`), such as the one a command was
/// answered with; without one it is answered as of the stream's head at that moment.
#[derive(Debug, Clone)]
pub struct ReadModels {
    live: Live,
    models: Arc<Models>,
    settings: Settings,
}

impl ReadModels {
    /// The read models behind these pools; nothing is read yet.
    pub fn new(pools: &Pools, settings: Settings) -> Self {
        let live = Live::new(pools);
        Self { models: Arc::new(Models::new(live.clone(), settings.models)), live, settings }
    }

    /// The pool that the log is read through.
    pub(crate) const fn pool(&self) -> &sqlx::PgPool {
        &self.live.pool
    }
}
