//! Backtests: the recorded history told to a definition, event by event.

use draxis_domain::workflow::{Backtest, Backtested, Tried, WorkflowEvent};
use draxis_domain::{Position, Recorded, Sequence, TenantEvent, TenantId};
use draxis_event_store::{OfAggregate, StoredEvent, Stretch, TenantTx, head, read_aggregate};

use crate::error::ReadError;
use crate::projection::recorded;
use crate::read_models::ReadModels;

/// How many events of the workflow are read at once.
const PAGE: u32 = 1_000;

impl ReadModels {
    /// Which runs the definition would have started by what was recorded. Answers with the last position that was looked at.
    pub async fn backtest(
        &self,
        tenant: TenantId,
        tried: Tried,
    ) -> Result<(Backtested, Position), ReadError> {
        let until = tried.to;
        let own = self.own_events(tenant, &tried).await?;
        let end = head(self.pool(), tenant).await?;
        let mut backtest = Backtest::new(tried, &own);
        let mut reader = Stretch::all(tenant, Position::START, end).read(self.pool());
        let mut last = Position::START;
        while let Some(mut events) = reader.next().await? {
            let count = events.len();
            events.retain(|event| event.recorded_at <= until);
            let ended = events.len() < count;
            last = events.last().map_or(last, |event| event.position);
            // A rule decides thousands of times: off the async threads.
            backtest = tokio::task::spawn_blocking(move || told(backtest, events)).await??;
            if ended {
                break;
            }
        }
        let shown = tokio::task::spawn_blocking(move || backtest.finish()).await?;
        Ok((shown, last))
    }

    async fn own_events(
        &self,
        tenant: TenantId,
        tried: &Tried,
    ) -> Result<Vec<Recorded<WorkflowEvent>>, ReadError> {
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let of = OfAggregate::new("workflow", tried.id.to_string());
        let (mut own, mut after) = (Vec::new(), Sequence::START);
        loop {
            let page = read_aggregate(&mut transaction, &of, after, PAGE).await?;
            let Some(last) = page.last().map(|event| event.sequence) else { return Ok(own) };
            after = last;
            for stored in page.into_iter().filter(|stored| stored.recorded_at <= tried.to) {
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
