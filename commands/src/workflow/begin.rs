//! Starting a run and beginning it in one commit: the short way from a breach to the first step of a run. Whatever stands in its
//! way leaves nothing behind, and the long way, by what is folded from the log, finds the breach untold.

use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::AggregateError;
use draxis_domain::workflow::{
    PinnedKriEvent, RunTrigger, Standing, Workflow, WorkflowCommand, WorkflowEvent, WorkflowRunStarted,
};
use draxis_domain::workflow_run::{Turn, WorkflowRun, WorkflowRunCommand};
use draxis_domain::{EventId, Rejection, Root as _, TenantId, WorkflowId, WorkflowRunId};
use draxis_event_store::{Accompany, CacheUse, Companion};

use crate::execution::{Commands, Context, Execution};
use crate::workflow::start::{CHANGING, TriggeredBreach, unanswered};
use crate::workflow_run::Holder;
use crate::workflow_run::started::beginning;
use crate::{CommandError, Guarded as _};

/// A run that has begun in the commit that started it.
#[derive(Debug, Clone)]
pub struct BegunRun {
    /// Who holds it: whoever started it, before any claim.
    pub holder: Holder,
    /// The run.
    pub id: WorkflowRunId,
    /// As it stands.
    pub run: WorkflowRun,
    /// The event that started it.
    pub cause: EventId,
}

/// A workflow and what its steps emit, as a run of it would be pinned to.
struct Pinned {
    workflow: Workflow,
    context: Context,
    kri_events: Vec<PinnedKriEvent>,
}

impl Commands {
    /// Tells a workflow of a breach as [`Commands::tell_workflow`] does, and has the run that comes of it begin in the same commit;
    /// none where it is not for that workflow.
    ///
    /// # Errors
    /// Also where that was decided on what does not hold any more, or the run has begun before: it is tried once, and another try
    /// is for the long way.
    pub async fn begin_on_breach(
        &self,
        context: &Context,
        (id, told): (WorkflowId, &TriggeredBreach),
        page: impl Fn(WorkflowRunId) -> String + Send,
    ) -> Result<Option<BegunRun>, CommandError> {
        let tenant = context.caller.tenant()?;
        let Some(Pinned { workflow, context, kri_events }) = self.pinned_to(context, (tenant, id)).await?
        else {
            return Ok(None);
        };
        let Some(state) = workflow.state().filter(|state| state.standing == Standing::Active) else {
            return Ok(None);
        };
        let Some(run) = state.run_on(&told.reached) else { return Ok(None) };
        let trigger = RunTrigger::KriBreach(told.reached.clone());
        let scene = self.run_scene(tenant, (&trigger, &state.definition), page(run)).await?;
        let begun = Arc::new(Mutex::new(None));
        let accompany =
            self.beginning_of((tenant, id), self.turn(Holder::STARTER, scene), Arc::clone(&begun));
        let TriggeredBreach { reached, open, chain } = told.clone();
        let command = WorkflowCommand::Breached { breach: reached, open, chain, kri_events };
        context.caller.must(command.permission())?;
        let execution = Execution { id: id.to_string(), command, respond: unanswered() };
        self.attempt((tenant, &context), &execution, (CacheUse::Trusted, Some(accompany))).await?;
        Ok(begun.lock().unwrap_or_else(PoisonError::into_inner).take())
    }

    /// The workflow as it is known here, where it emits nothing: the append finds out whether it is so still. What emits KRI events
    /// is read together with these.
    async fn pinned_to(
        &self,
        context: &Context,
        (tenant, id): (TenantId, WorkflowId),
    ) -> Result<Option<Pinned>, CommandError> {
        let known = self.log().known::<Workflow>(tenant, &id.to_string());
        if let Some(workflow) = known.filter(emits_nothing) {
            return Ok(Some(Pinned { workflow, context: context.clone(), kri_events: Vec::new() }));
        }
        let seen = self.see_workflow(tenant, id).await?;
        let Some(state) = seen.workflow.state() else { return Ok(None) };
        let kri_events = self.pinned(tenant, &state.definition).await?;
        let context = context.clone().unless(seen.since, CHANGING);
        Ok(Some(Pinned { workflow: seen.workflow, context, kri_events }))
    }

    /// What makes a run begin with the event that starts it.
    fn beginning_of(
        &self,
        (tenant, workflow): (TenantId, WorkflowId),
        turn: Box<Turn>,
        left: Arc<Mutex<Option<BegunRun>>>,
    ) -> Accompany<Workflow> {
        let commands = self.clone();
        Box::new(move |events, ids| {
            let ([WorkflowEvent::RunStarted(started)], [cause]) = (events, ids) else { return Ok(None) };
            // Edited since it was looked at, and what it emits now has not been pinned.
            if started.kri_events.is_empty() && !started.definition.emits().is_empty() {
                return Err(AggregateError::AggregateConflict);
            }
            let (companion, begun) = commands.begin((tenant, workflow), (started, *cause), turn.clone())?;
            *left.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
            Ok(Some(companion))
        })
    }

    fn begin(
        &self,
        (tenant, workflow): (TenantId, WorkflowId),
        (started, cause): (&WorkflowRunStarted, EventId),
        turn: Box<Turn>,
    ) -> Result<(Companion, BegunRun), AggregateError<Rejection>> {
        let id = started.run_id;
        let begun = beginning((tenant, workflow), started.clone(), (None, self.clock().now()));
        let holder = Holder::new((tenant, id), Holder::STARTER, cause).of(&begun);
        let command = WorkflowRunCommand::Begin { begun: Box::new(begun), turn };
        let decided = WorkflowRun::Absent.decide(command, &self.moment(&holder.context));
        let events = decided.map_err(AggregateError::UserError)?;
        let metadata = holder.context.metadata();
        let companion = Companion::beginning::<WorkflowRun>(self.ids(), (id.to_string(), events), &metadata)
            .map_err(|error| AggregateError::UnexpectedError(Box::new(error)))?;
        let run = companion.state::<WorkflowRun>().cloned().unwrap_or_default();
        Ok((companion, BegunRun { holder, id, run, cause }))
    }
}

fn emits_nothing(workflow: &Workflow) -> bool {
    workflow.state().is_some_and(|state| state.definition.emits().is_empty())
}
