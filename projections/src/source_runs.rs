//! Runs of sources: one row each with the raw summary of what it saw.

use chrono::{DateTime, Utc};
use draxis_domain::source::{RunFailure, RunSummary, RunTrigger, SourceEvent};
use draxis_domain::{Recorded, RunId, SourceId, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::sources::of_source;
use crate::store::Table;

/// The projection of runs. Keys: `<source id>/<run id>`; run ids begin with their time, so that a source's runs stand in order.
#[derive(Debug, Clone, Copy)]
pub struct SourceRuns;

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceRunRow {
    /// Its id.
    pub id: RunId,
    /// The source.
    pub source_id: SourceId,
    /// What set it off.
    pub trigger: RunTrigger,
    /// How far it is.
    pub state: RunState,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it saw.
    pub summary: Option<RunSummary>,
    /// How it failed.
    pub failure: Option<RunFailure>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Under way.
    Running,
    /// Ended with values.
    Completed,
    /// Ended without.
    Failed,
}

impl Projection for SourceRuns {
    const TABLE: Table = Table::SourceRuns;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = Box<SourceRunRow>;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        of_source(&told.event)
            .and_then(run_of)
            .map(|run| key(&told.aggregate_id, &run.to_string()))
            .into_iter()
            .collect()
    }

    fn apply(_: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        let Some(event) = of_source(&told.event) else { return row };
        match event {
            SourceEvent::RunStarted(started) => Some(Box::new(SourceRunRow {
                id: started.run_id,
                source_id: told.aggregate_id.parse().ok()?,
                trigger: started.trigger.clone(),
                state: RunState::Running,
                started_at: started.started_at,
                ended_at: None,
                summary: None,
                failure: None,
            })),
            SourceEvent::RunCompleted(completed) => row.map(|mut run| {
                run.state = RunState::Completed;
                run.ended_at = Some(told.recorded_at);
                run.summary = Some(completed.summary.clone());
                run
            }),
            SourceEvent::RunFailed(failed) => row.map(|mut run| {
                run.state = RunState::Failed;
                run.ended_at = Some(told.recorded_at);
                run.failure = Some(failed.failure.clone());
                run
            }),
            SourceEvent::Connected(_)
            | SourceEvent::Edited(_)
            | SourceEvent::Paused(_)
            | SourceEvent::Resumed(_)
            | SourceEvent::Archived(_)
            | SourceEvent::ValuesReceived(_)
            | SourceEvent::PushTokenMinted(_)
            | SourceEvent::PushTokenRevoked(_) => row,
        }
    }
}

/// The key of a run.
pub(crate) fn key(source: &str, run: &str) -> String {
    format!("{source}/{run}")
}

const fn run_of(event: &SourceEvent) -> Option<RunId> {
    match event {
        SourceEvent::RunStarted(started) => Some(started.run_id),
        SourceEvent::RunCompleted(completed) => Some(completed.run_id),
        SourceEvent::RunFailed(failed) => Some(failed.run_id),
        SourceEvent::Connected(_)
        | SourceEvent::Edited(_)
        | SourceEvent::Paused(_)
        | SourceEvent::Resumed(_)
        | SourceEvent::Archived(_)
        | SourceEvent::ValuesReceived(_)
        | SourceEvent::PushTokenMinted(_)
        | SourceEvent::PushTokenRevoked(_) => None,
    }
}
