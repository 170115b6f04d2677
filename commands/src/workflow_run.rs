//! Commands on runs: taken up and driven by the worker that holds them, helped or ended by people.

mod document;
mod scene;
pub(crate) mod started;

use std::sync::{Arc, Mutex, PoisonError};

use draxis_domain::workflow_run::{
    EffectId, Help, Progress, RunBegun, RunStanding, RunState, Scene, Turn, Verdict, WorkflowRun,
    WorkflowRunCommand,
};
use draxis_domain::{Depth, EventId, Sequence, TenantId, WorkflowId, WorkflowRunId};
use draxis_event_store::{Answer, Committed, OfAggregate, TenantTx, read_aggregate_back};
use serde_json::json;

use crate::execution::{Commands, Context, Execution};
use crate::{Caller, CommandError, Guarded, Permission};

pub use document::ProducedDocument;

/// The worker that holds a run.
#[derive(Debug, Clone)]
pub struct Holder {
    /// As whom it writes.
    pub context: Context,
    /// The number of its claim.
    pub fence: i64,
}

impl Holder {
    /// The number of whoever begins a run in the commit that starts it: no claim has it, and each comes after it.
    pub(crate) const STARTER: i64 = 0;

    /// Who holds a run under a claim's number, because of that event.
    pub fn new((tenant, run): (TenantId, WorkflowRunId), fence: i64, cause: EventId) -> Self {
        let context = Context {
            correlation: Some(run.to_string()),
            causation: Some(cause),
            ..Context::of(Caller::workflow_run(tenant, run))
        };
        Self { context, fence }
    }

    /// The same once it is known what the run began with: each run in its chain reacts to a breach, and what it does reacts to
    /// the run (hazards H11).
    #[must_use]
    pub fn of(mut self, begun: &RunBegun) -> Self {
        let reactions = begun.chain.len().saturating_mul(2).max(1);
        self.context.depth = Depth(u8::try_from(reactions).unwrap_or(u8::MAX));
        self
    }
}

/// A run as its worker has left it.
#[derive(Debug)]
pub struct DrivenRun {
    /// As it stands.
    pub run: WorkflowRun,
    /// Whether that recorded anything.
    pub recorded: bool,
}

impl Commands {
    /// A run as the log has it now.
    pub async fn load_run(&self, tenant: TenantId, id: WorkflowRunId) -> Result<WorkflowRun, CommandError> {
        self.load(tenant, &id.to_string()).await
    }

    /// A run of whose start one has just heard has most likely not been taken up: the log is asked by taking it up.
    pub fn presume_untaken(&self, tenant: TenantId, id: WorkflowRunId) {
        self.log().presume_absent::<WorkflowRun>(tenant, &id.to_string());
    }

    /// Takes up a run that its workflow has started, unless somebody has; answers with the run as it stands then.
    pub async fn begin_run(
        &self,
        holder: &Holder,
        begun: RunBegun,
        scene: Scene,
    ) -> Result<DrivenRun, CommandError> {
        let (id, turn) = (begun.id, self.turn(holder.fence, scene));
        let command = WorkflowRunCommand::Begin { begun: Box::new(begun), turn };
        self.run_after(holder, id, command).await
    }

    /// Drives a run on by whatever has come of it, in one commit; answers with the run as it stands then.
    pub async fn drive_run(
        &self,
        holder: &Holder,
        id: WorkflowRunId,
        (scene, with): (Scene, Vec<Progress>),
    ) -> Result<DrivenRun, CommandError> {
        let turn = self.turn(holder.fence, scene);
        self.run_after(holder, id, WorkflowRunCommand::Drive { turn, with }).await
    }

    /// A run as driving it on by that would leave it, recording nothing.
    pub fn run_ahead(
        &self,
        holder: &Holder,
        run: &RunState,
        (scene, with): (Scene, Progress),
    ) -> Result<RunState, CommandError> {
        let turn = self.turn(holder.fence, scene);
        Ok(run.ahead(&turn, with, self.clock().now())?)
    }

    pub(crate) fn turn(&self, fence: i64, scene: Scene) -> Box<Turn> {
        let [.., a, b, c, d] = self.ids().next().0.to_be_bytes();
        Box::new(Turn { fence, luck: u32::from_be_bytes([a, b, c, d]), scene })
    }

    async fn run_after(
        &self,
        holder: &Holder,
        id: WorkflowRunId,
        command: WorkflowRunCommand,
    ) -> Result<DrivenRun, CommandError> {
        let left = Arc::new(Mutex::new(WorkflowRun::Absent));
        let seen = Arc::clone(&left);
        let respond = Arc::new(move |run: &WorkflowRun, _: &str| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).clone_from(run);
            Answer { status: 200, body: Vec::new(), version: None }
        });
        let done =
            self.on_tenant(&holder.context, Execution { id: id.to_string(), command, respond }).await?;
        let run = std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(DrivenRun { run, recorded: !done.events.is_empty() })
    }

    /// What a person asks of a run: to try again, to pass over its step, to end. A run that nobody has taken up yet is known by
    /// its workflow alone: which one that is, the caller has from wherever it found the run, and the log confirms.
    pub async fn help_run(
        &self,
        context: &Context,
        (id, workflow): (WorkflowRunId, Option<WorkflowId>),
        help: Help,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        let started = match (self.load_run(tenant, id).await?, workflow) {
            (WorkflowRun::Absent, Some(workflow)) => self.find_started_run(tenant, (workflow, id)).await?,
            (WorkflowRun::Absent | WorkflowRun::Present(_), _) => None,
        };
        self.change_run(context, id, WorkflowRunCommand::Help { help, started: started.map(Box::new) }).await
    }

    /// What a person does to a run follows from what the run had come to.
    async fn after_the_last_of(&self, context: &Context, id: WorkflowRunId) -> Result<Context, CommandError> {
        let mut transaction = TenantTx::begin(&self.pools().app, context.caller.tenant()?).await?;
        let of = OfAggregate::new("workflow_run", id.to_string());
        let last = read_aggregate_back(&mut transaction, &of, Sequence::new(u64::MAX), 1).await?;
        last.first().map_or_else(|| Ok(context.clone()), |last| context.following(last))
    }

    /// What a person found out about an effect.
    pub async fn decide_effect(
        &self,
        context: &Context,
        (id, effect): (WorkflowRunId, EffectId),
        verdict: Verdict,
    ) -> Result<Committed, CommandError> {
        self.change_run(context, id, WorkflowRunCommand::DecideEffect { effect, verdict }).await
    }

    async fn change_run(
        &self,
        context: &Context,
        id: WorkflowRunId,
        command: WorkflowRunCommand,
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(|run: &WorkflowRun, id: &str| {
            // One that is left as its workflow started it goes on by itself.
            let state = run.state().map_or(RunStanding::UnderWay, |run| run.standing);
            let body = json!({ "id": id, "state": state });
            Answer { status: 200, body: body.to_string().into_bytes(), version: None }
        });
        let context = &self.after_the_last_of(context, id).await?;
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }
}

impl Guarded for WorkflowRunCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Begin { .. } | Self::Drive { .. } | Self::Help { .. } | Self::DecideEffect { .. } => {
                Permission::ManageWorkflows
            }
        }
    }
}
