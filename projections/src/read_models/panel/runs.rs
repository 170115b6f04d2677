//! The latest runs of workflows as the panel sees them: exactly as they were at a position, however far they have gone on since.

use draxis_domain::panel::{
    EffectKnown, RunCause, RunEffectLine, RunIncident, RunLine, RunStands, RunStepLine, RunWait, RunWaitsFor,
    StepStands,
};
use draxis_domain::workflow::RunTrigger;
use draxis_domain::workflow_run::WaitingFor;
use draxis_domain::{Position, Sequence, TenantId};
use draxis_event_store::{OfAggregate, TenantTx, read_aggregate};

use crate::approvals::place;
use crate::effects::EffectStanding;
use crate::error::ReadError;
use crate::page::PageOf;
use crate::projection::recorded;
use crate::read_models::ReadModels;
use crate::workflow_runs::{
    RunEffect, RunStepRow, RunStepState, WorkflowRunFilter, WorkflowRunRow, WorkflowRunState, of_run,
};

/// How many runs the panel looks at: the latest.
const LATEST: usize = 40;
/// How many events of one run are read at once.
const PAGE: u32 = 500;

impl ReadModels {
    /// The latest runs that were started by a position, as they were then. Which there are is told by the read model, where a start
    /// stays what it is; how far each was is folded from its own events, for its row may have gone on since.
    pub(super) async fn runs_seen(
        &self,
        tenant: TenantId,
        until: Position,
    ) -> Result<Vec<RunLine>, ReadError> {
        let page = PageOf { cursor: Some(place(until.next())), limit: LATEST };
        let latest =
            self.list_workflow_runs(tenant, Some(until), &WorkflowRunFilter::default(), &page).await?.items;
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let mut seen = Vec::new();
        for run in latest {
            seen.push(line(as_it_was(&mut transaction, run, until).await?));
        }
        Ok(seen)
    }
}

/// A run as it was at a position.
async fn as_it_was(
    transaction: &mut TenantTx,
    run: WorkflowRunRow,
    until: Position,
) -> Result<WorkflowRunRow, ReadError> {
    let mut run = run.just_started();
    let (of, mut after) = (OfAggregate::new("workflow_run", run.id.to_string()), Sequence::START);
    loop {
        let page = read_aggregate(transaction, &of, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(run) };
        let over = last.position >= until || page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        after = last.sequence;
        for event in page.iter().filter(|event| event.position <= until) {
            let told = recorded(event)?;
            if let Some(event) = of_run(&told.event) {
                run.evolve(event, &told);
            }
        }
        if over {
            return Ok(run);
        }
    }
}

fn line(run: WorkflowRunRow) -> RunLine {
    RunLine {
        id: run.id,
        workflow_id: run.workflow_id,
        workflow: run.workflow_name,
        version: run.version,
        cause: match run.trigger {
            RunTrigger::KriBreach(reached) => RunCause::KriBreach(reached.kri),
            RunTrigger::Schedule { .. } => RunCause::Schedule,
            RunTrigger::Manual { .. } => RunCause::Manual,
        },
        state: match run.state {
            WorkflowRunState::Running => RunStands::Running,
            WorkflowRunState::Waiting => RunStands::Waiting,
            WorkflowRunState::Completed => RunStands::Completed,
            WorkflowRunState::Rejected => RunStands::Rejected,
            WorkflowRunState::Failed => RunStands::Failed,
            WorkflowRunState::Cancelled => RunStands::Cancelled,
        },
        started_at: run.started_at,
        ended_at: run.ended_at,
        steps: run.steps.into_iter().map(step).collect(),
        wait: run.waiting.map(|waiting| RunWait {
            step: waiting.step.to_string(),
            what: match waiting.waiting_for {
                WaitingFor::Time => RunWaitsFor::Time,
                WaitingFor::Ticket { .. } => RunWaitsFor::Ticket,
                WaitingFor::Approval { .. } => RunWaitsFor::Approval,
            },
            since: waiting.since,
        }),
        incident: run.incident.map(|incident| RunIncident {
            step: incident.step.to_string(),
            code: incident.code,
            detail: incident.detail,
            at: incident.at,
        }),
        effects: run.effects.into_iter().map(effect).collect(),
    }
}

fn step(step: RunStepRow) -> RunStepLine {
    RunStepLine {
        id: step.id.to_string(),
        kind: step.kind,
        state: match step.state {
            RunStepState::Pending => StepStands::Pending,
            RunStepState::Running | RunStepState::Retrying | RunStepState::Waiting => StepStands::UnderWay,
            RunStepState::Succeeded => StepStands::Done,
            RunStepState::Skipped => StepStands::Skipped,
            RunStepState::Failed => StepStands::Failed,
        },
    }
}

fn effect(effect: RunEffect) -> RunEffectLine {
    RunEffectLine {
        channel: effect.channel.as_str().to_owned(),
        known: match effect.state {
            EffectStanding::Planned | EffectStanding::Sending => EffectKnown::UnderWay,
            EffectStanding::Confirmed | EffectStanding::Decided => EffectKnown::Done,
            EffectStanding::Rejected => EffectKnown::NotDone,
            EffectStanding::Ambiguous => EffectKnown::Ambiguous,
        },
        made: effect.reference.map(|reference| reference.name),
    }
}
