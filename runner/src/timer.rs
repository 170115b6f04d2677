//! Timers: what is due and when, folded from the log, and done once by whoever holds it, whatever dies (hazards H1, H14).
//!
//! A timer is no truth of its own: [`fold`] makes it of events, so its table can be deleted and folded again. What is done when
//! it is due ([`duty`]) is a command whose rule answers a second telling with nothing; the lease only keeps processes from
//! doing the same work at once. For a breach that this process has just committed there is a way past the table ([`reflex`]).

mod duty;
mod fold;
mod folding;
mod follow;
mod kind;
mod lanes;
mod places;
mod reflex;
mod settings;
mod work;
mod writing;

use std::sync::{Arc, OnceLock};

use draxis_commands::Commands;
use draxis_domain::{Position, TenantId};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use duty::Afterwards;
pub(crate) use fold::RunStart;
pub use folding::FoldError;
pub use kind::{Lane, TimerKind};
pub use settings::{LaneLimits, TimerSettings};

use crate::run::WorkflowRuns;
use crate::source_run::SourceRuns;
use crate::timer::lanes::Lanes;
use crate::timer::reflex::Reflexes;

/// The timers of one process; clones share them.
#[derive(Clone)]
pub struct Timers(Arc<Shared>);

struct Shared {
    commands: Commands,
    source_runs: SourceRuns,
    workflow_runs: WorkflowRuns,
    settings: TimerSettings,
    lanes: Lanes,
    reflexes: Reflexes,
    /// Where this process works at what is due; empty until it has started to.
    working: OnceLock<Working>,
}

/// Work that goes on until it is told to stop, and the tasks that it is done in.
#[derive(Debug, Clone)]
struct Working {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Timers {
    /// Timers whose duties are commands, source runs and runs of workflows.
    pub fn new(
        commands: Commands,
        (source_runs, workflow_runs): (SourceRuns, WorkflowRuns),
        settings: TimerSettings,
    ) -> Self {
        let (lanes, reflexes, working) = (Lanes::new(&settings), Reflexes::default(), OnceLock::new());
        Self(Arc::new(Shared { commands, source_runs, workflow_runs, settings, lanes, reflexes, working }))
    }

    /// Starts what keeps the timers folded and what does what is due, each in a task of its own. Told to stop, they take nothing
    /// more, and the tasks end when what they have begun has.
    pub fn start(
        &self,
        stop: &CancellationToken,
        tasks: &TaskTracker,
        wakeups: broadcast::Receiver<(TenantId, Position)>,
    ) {
        let working = self.0.working.get_or_init(|| Working { stop: stop.clone(), tasks: tasks.clone() });
        self.listen();
        tasks.spawn(self.clone().follow(wakeups, stop.clone()));
        for lane in Lane::ALL {
            tasks.spawn(self.clone().work(lane, working.clone()));
        }
    }
}
