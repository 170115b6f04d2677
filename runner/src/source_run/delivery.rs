//! Values that come by themselves: written one by one, each where it is wired, and told as one delivery.

use std::collections::BTreeMap;

use draxis_commands::{CommandError, Context};
use draxis_domain::kri::{KriCommand, NewReading};
use draxis_domain::source::{Delivery, DeliveryWay, SkippedSlug, Source, SourceCommand};
use draxis_domain::{KriId, KriSlug, Quantity, Rejection, SourceId, TenantId};
use draxis_event_store::Committed;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::json;

use crate::connector::reading::Reading;
use crate::source_run::SourceRuns;

/// How many KRIs are written to at once.
const SIDE_BY_SIDE: usize = 8;

impl SourceRuns {
    /// Refuses values for a source that is not there, or that takes none in this way.
    pub async fn must_receive(
        &self,
        tenant: TenantId,
        source: SourceId,
        way: DeliveryWay,
    ) -> Result<(), CommandError> {
        let source = self.commands.load::<Source>(tenant, &source.to_string()).await?;
        let state = source.in_use().ok_or(Rejection::NotFound { noun: "source" })?;
        Ok(state.body.must_receive_by(way)?)
    }

    /// Writes readings that came to a source. In a task of its own, so that a caller who hangs up cuts nothing off; repeated
    /// after a failure, what was written before is found to be there.
    pub async fn receive(
        &self,
        context: Context,
        source: SourceId,
        (way, readings): (DeliveryWay, Vec<Reading>),
    ) -> Result<Committed, CommandError> {
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.commands.answered(tenant, &context).await? {
            return Ok(before);
        }
        let arrival = Arrival { runs: self.clone(), tenant, context, source };
        let taking = self.tasks.spawn(async move { arrival.take(way, readings).await });
        taking.await.map_err(CommandError::failed)?
    }
}

/// A delivery that is being written.
struct Arrival {
    runs: SourceRuns,
    tenant: TenantId,
    context: Context,
    source: SourceId,
}

impl Arrival {
    async fn take(self, way: DeliveryWay, readings: Vec<Reading>) -> Result<Committed, CommandError> {
        let written = futures_util::stream::iter(by_kri(readings))
            .map(|(slug, readings)| self.take_kri(slug, readings))
            .buffered(SIDE_BY_SIDE)
            .try_collect::<Vec<_>>()
            .await?;
        let mut delivery = Delivery::begun(way);
        for row in written.into_iter().flatten() {
            match row {
                Row::Written => delivery.wrote(),
                Row::Skipped(skipped) => delivery.skip(skipped),
            }
        }
        let answer = json!({
            "rowsWritten": delivery.rows_written,
            "rowsSkipped": delivery.rows_skipped,
            "skipped": delivery.skipped,
        });
        let command = (SourceCommand::ReceiveValues(delivery), answer.to_string().into_bytes());
        self.runs.commands.end_run(&self.context, self.source, command).await
    }

    async fn take_kri(&self, slug: KriSlug, readings: Vec<Reading>) -> Result<Vec<Row>, CommandError> {
        let slugs = std::slice::from_ref(&slug);
        let wired = self.runs.commands.wired_kris(self.tenant, self.source, slugs).await?;
        let Some(kri) = wired.into_iter().next().flatten() else {
            let why = "no KRI with this slug is wired to this source";
            return Ok(readings.iter().map(|_| Row::skipped(&slug, why)).collect());
        };
        let mut rows = Vec::with_capacity(readings.len());
        for reading in readings {
            rows.push(self.take_reading(kri, &slug, reading).await?);
        }
        Ok(rows)
    }

    /// What a KRI's rules say against one value is no reason to refuse the others: it is told with the delivery.
    async fn take_reading(&self, kri: KriId, slug: &KriSlug, reading: Reading) -> Result<Row, CommandError> {
        let context = Context { key: None, ..self.context.clone() };
        let command = KriCommand::RecordReading(NewReading {
            value: Quantity::new(reading.value),
            observed_at: reading.observed_at,
            source_id: Some(self.source),
            run_id: None,
            note: None,
            expires_at: None,
        });
        match self.runs.commands.change_kri(&context, kri, command).await {
            Ok(_) => Ok(Row::Written),
            Err(CommandError::Rejected(Rejection::Conflict { detail, .. })) => {
                Ok(Row::skipped(slug, &detail))
            }
            Err(error) => Err(error),
        }
    }
}

/// What became of one value.
enum Row {
    Written,
    Skipped(SkippedSlug),
}

impl Row {
    fn skipped(slug: &KriSlug, why: &str) -> Self {
        Self::Skipped(SkippedSlug { slug: slug.clone(), why: why.to_owned() })
    }
}

/// Each KRI's readings in the order of their times, so that the latest is current when all are written.
fn by_kri(mut readings: Vec<Reading>) -> BTreeMap<KriSlug, Vec<Reading>> {
    readings.sort_by_key(|reading| reading.observed_at);
    let mut sorted: BTreeMap<KriSlug, Vec<Reading>> = BTreeMap::new();
    for reading in readings {
        sorted.entry(reading.slug.clone().into()).or_default().push(reading);
    }
    sorted
}
