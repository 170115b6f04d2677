//! Starting runs: what the definition emits is pinned as it stands, and the workflow's own rule decides.

use std::sync::Arc;

use draxis_domain::kri_event_definition::{EventType, KriEventDefinition};
use draxis_domain::workflow::{
    BreachReached, Definition, KriRef, PinnedKriEvent, RunKey, TenantFacts, Workflow, WorkflowCommand,
};
use draxis_domain::workflow_run::{ChainLink, WorkflowRun};
use draxis_domain::{KriId, Position, Rejection, TenantId, WorkflowId, WorkflowRunId};
use draxis_event_store::{Answer, Committed, TenantTx, claims_of, head};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::execution::{Commands, Context, Execution, Responder};
use crate::workflow::OVERTAKEN;
use crate::{CommandError, Permission};

/// What changes the definition that a run starts under, or the KRI events that it emits.
pub(super) const CHANGING: &[&str] =
    &["workflow.edited", "workflow.restored", "kri_event_definition.declared", "kri_event_definition.edited"];

/// The answer to the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStarted {
    /// The run.
    pub run_id: WorkflowRunId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The version that the run stays on.
    pub version: u64,
}

/// A workflow that a run is to be started of, as it stood at a place in the stream or later.
#[derive(Debug, Clone)]
pub struct SeenWorkflow {
    /// Which.
    pub id: WorkflowId,
    /// A place that the stream had reached before it was loaded.
    pub since: Position,
    /// As it was loaded.
    pub workflow: Workflow,
}

/// A breach that workflows are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggeredBreach {
    /// Which, and the level it has reached.
    pub reached: BreachReached,
    /// Whether it is still open.
    pub open: bool,
    /// The runs that led to it, where a run brought it about.
    pub chain: Vec<ChainLink>,
}

impl Commands {
    /// Somebody presses the button. The same person's same `Idempotency-Key` is one press; without a key each is its own.
    pub async fn run_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
        inputs: &Map<String, Value>,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        if let Some(before) = self.answered(context.caller.tenant()?, context).await? {
            return Ok(before);
        }
        let press = context.key.as_ref().map_or_else(|| self.ids().next().to_string(), |key| key.key.clone());
        let key = format!("{}:{press}", context.caller.actor);
        let run_id = WorkflowRunId::of(id, &RunKey::Manual(key.clone()));
        let respond: Responder<Workflow> = Arc::new(move |workflow, _| {
            let started = RunStarted { run_id, workflow_id: id, version: workflow.version() };
            Answer { status: 201, body: json!(started).to_string().into_bytes(), version: None }
        });
        let command =
            |kri_events| WorkflowCommand::Run { key: key.clone(), inputs: inputs.clone(), kri_events };
        let seen = self.see_workflow(context.caller.tenant()?, id).await?;
        self.start(context, seen, (&command, respond)).await
    }

    /// Tells a workflow of a breach. One whose run has begun is told to nobody again: the workflow remembers its latest runs
    /// alone, a run itself for good that it has begun.
    pub async fn tell_workflow(
        &self,
        context: &Context,
        seen: SeenWorkflow,
        told: &TriggeredBreach,
    ) -> Result<(), CommandError> {
        let TriggeredBreach { reached, open, chain } = told;
        let tenant = context.caller.tenant()?;
        if let Some(run) = seen.workflow.state().and_then(|state| state.run_on(reached))
            && self.load_run(tenant, run).await?.state().is_some()
        {
            return Ok(());
        }
        let command = |kri_events| WorkflowCommand::Breached {
            breach: reached.clone(),
            open: *open,
            chain: chain.clone(),
            kri_events,
        };
        self.start(context, seen, (&command, unanswered())).await?;
        Ok(())
    }

    /// The workflow as it stands, and a place that the stream had reached before.
    pub async fn see_workflow(&self, tenant: TenantId, id: WorkflowId) -> Result<SeenWorkflow, CommandError> {
        let since = self.log().reached(tenant).await?;
        self.see_workflow_since(tenant, (id, since)).await
    }

    /// The same from a place that it has reached.
    pub async fn see_workflow_since(
        &self,
        tenant: TenantId,
        (id, since): (WorkflowId, Position),
    ) -> Result<SeenWorkflow, CommandError> {
        Ok(SeenWorkflow { id, since, workflow: self.load(tenant, &id.to_string()).await? })
    }

    /// Has a workflow serve whatever is due.
    pub async fn tick_workflow(&self, context: &Context, id: WorkflowId) -> Result<Committed, CommandError> {
        let command = |kri_events| WorkflowCommand::Tick { kri_events };
        let seen = self.see_workflow(context.caller.tenant()?, id).await?;
        self.start(context, seen, (&command, unanswered())).await
    }

    /// Tells a workflow that a run is over, so that what waited has its turn.
    pub async fn end_workflow_run(
        &self,
        context: &Context,
        id: WorkflowId,
        run_id: WorkflowRunId,
    ) -> Result<Committed, CommandError> {
        let command = |kri_events| WorkflowCommand::EndRun { run_id, kri_events };
        let seen = self.see_workflow(context.caller.tenant()?, id).await?;
        self.start(context, seen, (&command, unanswered())).await
    }

    /// The runs that led to a run and itself, where breaches set off runs that set off breaches.
    pub async fn chain_of_run(
        &self,
        tenant: TenantId,
        run: WorkflowRunId,
    ) -> Result<Vec<ChainLink>, CommandError> {
        let run = self.load::<WorkflowRun>(tenant, &run.to_string()).await?;
        Ok(run.state().map(|state| state.begun.chain.clone()).unwrap_or_default())
    }

    /// The KRI in use that is meant, by the names that are held now.
    pub async fn find_kri(&self, tenant: TenantId, named: &KriRef) -> Result<Option<KriId>, CommandError> {
        let facts = TenantFacts { kris: self.kri_facts(tenant).await?, ..TenantFacts::default() };
        Ok(facts.kri(named).map(|kri| kri.id))
    }

    async fn start(
        &self,
        context: &Context,
        mut seen: SeenWorkflow,
        (command, respond): (&(dyn Fn(Vec<PinnedKriEvent>) -> WorkflowCommand + Sync), Responder<Workflow>),
    ) -> Result<Committed, CommandError> {
        for _ in 0..OVERTAKEN {
            match self.try_to_start(context, &seen, (command, Arc::clone(&respond))).await {
                Err(CommandError::Contended) => {
                    // Further back than the head would be overtaken again by what has overtaken it now.
                    let tenant = context.caller.tenant()?;
                    let since = head(&self.pools().app, tenant).await?;
                    seen = self.see_workflow_since(tenant, (seen.id, since)).await?;
                }
                done => return done,
            }
        }
        Err(CommandError::Contended)
    }

    async fn try_to_start(
        &self,
        context: &Context,
        seen: &SeenWorkflow,
        (command, respond): (&(dyn Fn(Vec<PinnedKriEvent>) -> WorkflowCommand + Sync), Responder<Workflow>),
    ) -> Result<Committed, CommandError> {
        let tenant = context.caller.tenant()?;
        let context = &context.clone().unless(seen.since, CHANGING);
        let state = seen.workflow.state().ok_or(Rejection::NotFound { noun: "workflow" })?;
        let command = command(self.pinned(tenant, &state.definition).await?);
        self.on_tenant(context, Execution { id: seen.id.to_string(), command, respond }).await
    }

    /// The KRI events that a definition's steps emit, as they stand now.
    pub(super) async fn pinned(
        &self,
        tenant: TenantId,
        definition: &Definition,
    ) -> Result<Vec<PinnedKriEvent>, CommandError> {
        let emitted = definition.emits();
        if emitted.is_empty() {
            return Ok(Vec::new());
        }
        let named = {
            let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
            claims_of(&mut transaction, KriEventDefinition::NAME).await?
        };
        let mut pinned = Vec::new();
        for (_, id) in
            named.iter().filter(|(name, _)| emitted.iter().any(|it: &&EventType| it.as_str() == name))
        {
            if let KriEventDefinition::Declared(declared) =
                self.load::<KriEventDefinition>(tenant, id).await?
            {
                let (id, version, definition) = (declared.id, declared.version, declared.body);
                pinned.push(PinnedKriEvent { id, version, definition });
            }
        }
        Ok(pinned)
    }
}

/// What a command of the program's own is answered with.
pub(super) fn unanswered() -> Responder<Workflow> {
    Arc::new(|workflow, _| Answer { status: 204, body: Vec::new(), version: Some(workflow.version()) })
}
