//! Backtests: the recorded history told to a definition, event by event.

use draxis_domain::workflow::{Backtest, Backtested, Tried, WorkflowEvent, own_time};
use draxis_domain::{Position, Recorded, Sequence, TenantEvent, TenantId, WorkflowId};
use draxis_event_store::{OfAggregate, StoredEvent, Stretch, TenantTx, read_aggregate};

use crate::error::ReadError;
use crate::projection::recorded;
use crate::read_models::ReadModels;

/// How many events of the workflow are read at once.
const PAGE: u32 = 1_000;

impl ReadModels {
    /// Which runs the definition would have started by what was recorded.
    pub async fn backtest(&self, tenant: TenantId, tried: Tried) -> Result<Backtested, ReadError> {
        let until = tried.until;
        let own = self.told_of_workflow(tenant, tried.id, until).await?;
        let mut backtest = Backtest::new(tried, &own);
        let mut reader = Stretch::all(tenant, Position::START, until).read(self.pool());
        while let Some(events) = reader.next().await? {
            // A rule decides thousands of times: off the async threads.
            backtest = tokio::task::spawn_blocking(move || told(backtest, events)).await??;
        }
        Ok(tokio::task::spawn_blocking(move || backtest.finish()).await?)
    }

    /// The positions between which a version of a workflow was in force by now; none where it never was.
    pub async fn own_time(
        &self,
        (tenant, id): (TenantId, WorkflowId),
        version: u64,
        end: Position,
    ) -> Result<Option<(Position, Position)>, ReadError> {
        let own = self.told_of_workflow(tenant, id, end).await?;
        Ok(own_time(&own, version).map(|(after, until)| (after, until.unwrap_or(end))))
    }

    /// A workflow's own events up to a position.
    async fn told_of_workflow(
        &self,
        tenant: TenantId,
        id: WorkflowId,
        until: Position,
    ) -> Result<Vec<Recorded<WorkflowEvent>>, ReadError> {
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let of = OfAggregate::new("workflow", id.to_string());
        let (mut own, mut after) = (Vec::new(), Sequence::START);
        loop {
            let page = read_aggregate(&mut transaction, &of, after, PAGE).await?;
            let Some(last) = page.last().map(|event| event.sequence) else { return Ok(own) };
            after = last;
            for stored in page.into_iter().filter(|stored| stored.position <= until) {
                let told: Recorded<TenantEvent> = recorded(&stored)?;
                if let TenantEvent::Workflow(event) = told.event {
                    own.push(Recorded {
                        position: told.position,
                        event_id: told.event_id,
                        aggregate_id: told.aggregate_id,
                        sequence: told.sequence,
                        recorded_at: told.recorded_at,
                        metadata: told.metadata,
                        event,
                    });
                }
            }
        }
    }
}

fn told(mut backtest: Backtest, events: Vec<StoredEvent>) -> Result<Backtest, ReadError> {
    for stored in events {
        // What is of no KRI and of no workflow need not even be read.
        if matches!(stored.aggregate_type.as_str(), "kri" | "workflow") {
            backtest.tell(&recorded(&stored)?);
        }
    }
    Ok(backtest)
}
