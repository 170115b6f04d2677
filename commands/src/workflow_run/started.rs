//! What a workflow has said of a run that it started: all that the run begins with.

use chrono::{DateTime, Utc};
use draxis_domain::workflow::{WorkflowEvent, WorkflowRunStarted};
use draxis_domain::workflow_run::RunBegun;
use draxis_domain::{AccountId, EventSet as _, Metadata, Sequence, TenantId, WorkflowId, WorkflowRunId};
use draxis_event_store::{OfAggregate, StoredEvent, TenantTx, read_aggregate_back};

use crate::CommandError;
use crate::execution::Commands;

/// The event that tells of a start.
const STARTED: &[&str] = &["workflow.run_started"];
/// How many starts are read at once, the latest first: a run is taken up soon after it was started.
const PAGE: u32 = 8;

impl Commands {
    /// What a run begins with, where its start is told at this place of its workflow.
    pub async fn read_started_run(
        &self,
        tenant: TenantId,
        (workflow, place, run): (WorkflowId, Sequence, WorkflowRunId),
    ) -> Result<Option<RunBegun>, CommandError> {
        let of = OfAggregate::new("workflow", workflow.to_string()).only(STARTED);
        let told = {
            let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
            read_aggregate_back(&mut transaction, &of, place.next(), 1).await?
        };
        told.first().map_or(Ok(None), |told| begun((tenant, workflow, run), told))
    }

    /// What a run begins with, by the event that tells of its start; none where it tells of another.
    pub fn started_run(
        &self,
        tenant: TenantId,
        (workflow, run): (WorkflowId, WorkflowRunId),
        told: &StoredEvent,
    ) -> Result<Option<RunBegun>, CommandError> {
        begun((tenant, workflow, run), told)
    }

    /// What a run begins with; none where the workflow has not started it.
    pub async fn find_started_run(
        &self,
        tenant: TenantId,
        (workflow, run): (WorkflowId, WorkflowRunId),
    ) -> Result<Option<RunBegun>, CommandError> {
        let of = OfAggregate::new("workflow", workflow.to_string()).only(STARTED);
        let mut before = Sequence::new(u64::MAX);
        loop {
            let page = {
                let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
                read_aggregate_back(&mut transaction, &of, before, PAGE).await?
            };
            let Some(last) = page.last() else { return Ok(None) };
            before = last.sequence;
            for stored in &page {
                if let Some(begun) = begun((tenant, workflow, run), stored)? {
                    return Ok(Some(begun));
                }
            }
        }
    }
}

fn begun(
    (tenant_id, workflow_id, run): (TenantId, WorkflowId, WorkflowRunId),
    stored: &StoredEvent,
) -> Result<Option<RunBegun>, CommandError> {
    let event = WorkflowEvent::decode(&stored.event_type, stored.version, &stored.payload);
    let WorkflowEvent::RunStarted(started) = event.map_err(CommandError::failed)? else { return Ok(None) };
    if started.run_id != run {
        return Ok(None);
    }
    let metadata: Metadata = serde_json::from_str(&stored.metadata).map_err(CommandError::failed)?;
    let requester = metadata.actor.account();
    Ok(Some(beginning((tenant_id, workflow_id), started, (requester, stored.recorded_at))))
}

/// What a run begins with.
pub(crate) fn beginning(
    (tenant_id, workflow_id): (TenantId, WorkflowId),
    started: WorkflowRunStarted,
    (requester, started_at): (Option<AccountId>, DateTime<Utc>),
) -> RunBegun {
    RunBegun {
        id: started.run_id,
        tenant_id,
        workflow_id,
        version: started.version,
        definition: started.definition,
        trigger: started.trigger,
        kri_events: started.kri_events,
        requester,
        started_at,
        chain: started.chain,
    }
}
