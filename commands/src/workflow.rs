//! Commands on workflows: definitions held against the tenant, versions, and the states they stand in.

mod begin;
mod facts;
mod start;
mod trial;
mod warning;

use std::sync::Arc;

use draxis_domain::workflow::{
    Definition, Problem, Provenance, Standing, TenantFacts, Workflow, WorkflowCommand, WorkflowEvent,
    definition_at, validate, validate_text,
};
use draxis_domain::{EventSet, Position, Rejection, TenantId, WorkflowId};
use draxis_event_store::{Answer, Committed, TenantTx, head, read_aggregate_until};
use serde_json::{Value, json};

use crate::execution::{Commands, Context, Execution};
use crate::platform::created;
use crate::{CommandError, Guarded, Permission};

pub use begin::BegunRun;
pub use start::{RunStarted, SeenWorkflow, TriggeredBreach};
pub use trial::Trial;
pub use warning::{Warning, WarningLink};

/// What takes away something that a definition was found to need.
const TAKING_AWAY: &[&str] = &["relay.removed"];
/// What makes a workflow need something that it did not need before.
pub(crate) const NEEDING: &[&str] = &["workflow.activated", "workflow.edited", "workflow.restored"];
/// How often what was overtaken is decided again.
pub(crate) const OVERTAKEN: usize = 8;

/// The events that make a version.
const VERSIONS: [&str; 3] = ["workflow.drafted", "workflow.edited", "workflow.restored"];

impl Commands {
    /// Brings a workflow into being as a draft.
    pub async fn draft_workflow(
        &self,
        context: &Context,
        (definition, provenance): (&Value, Provenance),
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let facts = self.workflow_facts(tenant, definition).await?;
        let definition = fitting(definition, &facts)?;
        let id = WorkflowId::new(self.ids().next());
        let command = WorkflowCommand::Draft { id, definition, provenance };
        self.on_tenant(
            context,
            Execution::<Workflow> { id: id.to_string(), command, respond: Arc::new(created) },
        )
        .await
    }

    /// Replaces a workflow's definition, which makes a version.
    pub async fn edit_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
        (definition, provenance): (&Value, Provenance),
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        if self.load::<Workflow>(tenant, &id.to_string()).await?.state().is_none() {
            return Err(Rejection::NotFound { noun: "workflow" }.into());
        }
        let context = &context.clone().unless(head(&self.pools().app, tenant).await?, TAKING_AWAY);
        let facts = self.workflow_facts(tenant, definition).await?;
        let definition = fitting(definition, &facts)?;
        let warnings = self.warnings_while_active((tenant, id), &definition, &facts).await?;
        let command = WorkflowCommand::Edit { definition, provenance };
        self.change_workflow(context, id, (command, warnings)).await
    }

    /// Puts an old version back, which makes a new one. What has gone from the tenant since is refused as in any other edit.
    pub async fn restore_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
        version: u64,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let context = &context.clone().unless(head(&self.pools().app, tenant).await?, TAKING_AWAY);
        let workflow = self.load::<Workflow>(tenant, &id.to_string()).await?;
        let current = workflow.state().ok_or(Rejection::NotFound { noun: "workflow" })?;
        // A version that is not there is for the rule to refuse; it looks at the number first.
        let (definition, warnings) = match self.version_of_workflow(tenant, id, version).await? {
            Some(old) => {
                let old = old.to_value();
                let facts = self.workflow_facts(tenant, &old).await?;
                let old = fitting(&old, &facts)?;
                let warnings = self.warnings_while_active((tenant, id), &old, &facts).await?;
                (old, warnings)
            }
            None => (Box::new(current.definition.clone()), Vec::new()),
        };
        self.change_workflow(context, id, (WorkflowCommand::Restore { version, definition }, warnings)).await
    }

    /// Switches a workflow's trigger on. What has gone from the tenant since the draft was written is told problem by problem;
    /// a way round through other workflows is a warning (hazards H11).
    pub async fn activate_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        for _ in 0..OVERTAKEN {
            match self.try_to_activate(context, id).await {
                Err(CommandError::Contended) => {}
                done => return done,
            }
        }
        Err(CommandError::Contended)
    }

    async fn try_to_activate(&self, context: &Context, id: WorkflowId) -> Result<Committed, CommandError> {
        let tenant = context.caller.tenant()?;
        let context = &context.clone().unless(head(&self.pools().app, tenant).await?, TAKING_AWAY);
        let workflow = self.load::<Workflow>(tenant, &id.to_string()).await?;
        let state = workflow.state().ok_or(Rejection::NotFound { noun: "workflow" })?;
        let definition = state.definition.to_value();
        let facts = self.workflow_facts(tenant, &definition).await?;
        let warnings = self.cycle_warnings((tenant, id), &state.definition, &facts).await?;
        let command = WorkflowCommand::Activate { facts: Box::new(facts.clone()) };
        match self.change_workflow(context, id, (command, warnings)).await {
            Err(CommandError::Rejected(Rejection::Invalid { code: "workflow.not_ready", violations })) => {
                let problems = validate(&definition, &facts).err().unwrap_or_default();
                Err(if problems.is_empty() {
                    Rejection::Invalid { code: "workflow.not_ready", violations }.into()
                } else {
                    misfits("workflow.not_ready", problems)
                })
            }
            done => done,
        }
    }

    /// Switches a workflow's trigger off. Runs in flight finish.
    pub async fn pause_workflow(&self, context: &Context, id: WorkflowId) -> Result<Committed, CommandError> {
        self.change_workflow(context, id, (WorkflowCommand::Pause, Vec::new())).await
    }

    /// Takes a workflow out of use for good. Runs in flight finish.
    pub async fn archive_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
    ) -> Result<Committed, CommandError> {
        self.change_workflow(context, id, (WorkflowCommand::Archive, Vec::new())).await
    }

    /// A version of a workflow, by the log.
    pub async fn version_of_workflow(
        &self,
        tenant: TenantId,
        id: WorkflowId,
        version: u64,
    ) -> Result<Option<Definition>, CommandError> {
        let events = {
            let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
            let names = VERSIONS.map(str::to_owned);
            let (id, end) = (id.to_string(), Position::new(u64::MAX));
            read_aggregate_until(&mut transaction, ("workflow", &id), &names, end).await?
        };
        let events: Vec<WorkflowEvent> = events
            .into_iter()
            .map(|event| WorkflowEvent::decode(&event.event_type, event.version, &event.payload))
            .collect::<Result<_, _>>()
            .map_err(CommandError::failed)?;
        Ok(definition_at(&events, version).cloned())
    }

    async fn change_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
        (command, warnings): (WorkflowCommand, Vec<Warning>),
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(move |workflow: &Workflow, id: &str| {
            let version = workflow.version();
            let body = json!({ "id": id, "version": version, "state": workflow.state().map(|state| state.standing),
                               "warnings": warnings });
            Answer { status: 200, body: body.to_string().into_bytes(), version: Some(version) }
        });
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }

    async fn warnings_while_active(
        &self,
        (tenant, id): (TenantId, WorkflowId),
        definition: &Definition,
        facts: &TenantFacts,
    ) -> Result<Vec<Warning>, CommandError> {
        let workflow = self.load::<Workflow>(tenant, &id.to_string()).await?;
        if workflow.state().is_some_and(|state| state.standing == Standing::Active) {
            self.cycle_warnings((tenant, id), definition, facts).await
        } else {
            Ok(Vec::new())
        }
    }
}

/// The definition, if it fits the schema and the tenant.
fn fitting(given: &Value, facts: &TenantFacts) -> Result<Box<Definition>, CommandError> {
    // As text, so that the bound on its size holds for this way in too.
    validate_text(&given.to_string(), facts)
        .map(Box::new)
        .map_err(|problems| misfits("definition.invalid", problems))
}

/// Problems of a definition, with pointers into the command's body.
fn misfits(code: &'static str, problems: Vec<Problem>) -> CommandError {
    let into_body =
        |problem: Problem| Problem { pointer: format!("/definition{}", problem.pointer), ..problem };
    CommandError::Misfits { code, problems: problems.into_iter().map(into_body).collect() }
}

impl Guarded for WorkflowCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Draft { .. }
            | Self::Edit { .. }
            | Self::Restore { .. }
            | Self::Activate { .. }
            | Self::Pause
            | Self::Archive
            | Self::Breached { .. }
            | Self::Run { .. }
            | Self::Tick { .. }
            | Self::EndRun { .. } => Permission::ManageWorkflows,
        }
    }
}
