//! Runs of workflows at work: whoever holds a run does what it needs next, says what came of it, and goes on until it waits.
//!
//! What may happen is for the run's own rule to say; nothing here decides. A run that is cut off anywhere is gone on with by
//! whoever claims its timer next (hazards H3, H14).

mod approval;
mod drive;
mod house;
mod kri_event;
mod scene;
mod send;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use draxis_commands::Commands;
use draxis_domain::source::BaseUrl;
use draxis_domain::workflow::Workflow;
use draxis_domain::{EventId, TenantId, WorkflowId, WorkflowRunId};
use draxis_event_store::StoredEvent;

use crate::panel::PanelDesk;
use crate::relay::{OpenedRelay, Relays};
use crate::timer::RunStart;

/// What does the runs of all tenants; clones share it.
#[derive(Clone)]
pub struct WorkflowRuns(Arc<Shared>);

struct Shared {
    commands: Commands,
    relays: Relays,
    panel: PanelDesk,
    settings: RunSettings,
}

/// How runs are done.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// Our own address, as people reach it: what letters lead to.
    pub public: BaseUrl,
    /// How often a ticket that is waited for is looked at.
    pub ticket_every: Duration,
}

/// A run that a worker has claimed.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedRun {
    pub(crate) tenant: TenantId,
    pub(crate) id: WorkflowRunId,
    /// Where its start is told; none once it has been taken up.
    pub(crate) start: Option<RunStart>,
    /// The event that tells of it, where it has just been read.
    pub(crate) told: Option<StoredEvent>,
    /// The number of the claim.
    pub(crate) fence: i64,
    /// The event that made it due.
    pub(crate) cause: EventId,
}

impl WorkflowRuns {
    /// Runs whose steps go through these.
    pub fn new(commands: Commands, (relays, panel): (Relays, PanelDesk), settings: RunSettings) -> Self {
        Self(Arc::new(Shared { commands, relays, panel, settings }))
    }

    /// The relay that a workflow's first step goes through, as far as that is known: whoever begins a run of it will need it.
    pub(crate) async fn open_first(&self, tenant: TenantId, workflow: WorkflowId) -> Option<OpenedRelay> {
        let known = self.0.commands.log().known::<Workflow>(tenant, &workflow.to_string())?;
        let channel = known.state()?.definition.steps.first()?.action.relay()?;
        self.0.relays.open(tenant, channel).await.ok()
    }

    /// The run's page, as people reach it.
    pub(crate) fn page(&self, run: WorkflowRunId) -> String {
        format!("{}/api/workflow-runs/{run}", self.0.settings.public.as_str())
    }
}
