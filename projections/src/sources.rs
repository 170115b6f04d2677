//! Sources as they are read: what each is, whether it is read, and how its last runs went. Nothing of its secrets.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use draxis_domain::source::{
    BaseUrl, RunFailure, RunTrigger, Schedule, SourceBody, SourceConnected, SourceEvent, SourceType, Vendor,
};
use draxis_domain::{KriSlug, Name, Recorded, RunId, SourceId, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::page::Archived;
use crate::projection::Projection;
use crate::source_runs::RunState;
use crate::store::Table;

/// The projection of sources, one row each under its id.
#[derive(Debug, Clone, Copy)]
pub struct Sources;

/// A source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceRow {
    /// Its id.
    pub id: SourceId,
    /// Counts edits; the `ETag`.
    pub version: u64,
    /// What people call it.
    pub name: Name,
    /// What kind of system it is.
    pub source_type: SourceType,
    /// The connector that reads it.
    pub vendor: Vendor,
    /// Where it is reached.
    pub base_url: Option<BaseUrl>,
    /// How often it is read.
    pub schedule: Schedule,
    /// KRIs it is not asked for.
    pub unticked: BTreeSet<KriSlug>,
    /// Whether credentials or extra config lie sealed for it.
    pub has_credentials: bool,
    /// Whether it is read.
    pub standing: SourceStanding,
    /// How its runs go.
    pub health: SourceHealth,
    /// How many runs have failed since the last that did not.
    pub failures_in_a_row: u32,
    /// When a run or a delivery last brought values.
    pub last_success_at: Option<DateTime<Utc>>,
    /// The latest run, which may be under way.
    pub last_run: Option<LastRun>,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
    /// When its definition or standing last changed.
    pub updated_at: DateTime<Utc>,
}

/// Whether a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceStanding {
    /// On schedule and on demand.
    Active,
    /// On demand only.
    Paused,
    /// Never again.
    Archived,
}

/// How the runs of a source go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceHealth {
    /// No run has ended yet.
    Unknown,
    /// The last one brought all that was asked for.
    Healthy,
    /// The last one brought values, and something could not be measured.
    Degraded,
    /// The last one failed.
    Failing,
}

/// The latest run of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastRun {
    /// Its id.
    pub id: RunId,
    /// What set it off.
    pub trigger: RunTrigger,
    /// How far it is.
    pub state: RunState,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// KRI values it wrote.
    pub rows_written: Option<u64>,
    /// Values it computed for slugs that are not wired to the source.
    pub rows_skipped: Option<u64>,
    /// How it failed.
    pub failure: Option<RunFailure>,
}

/// Which sources are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFilter {
    /// Whether those out of use are shown as well.
    pub archived: Archived,
    /// Of this kind.
    pub source_type: Option<SourceType>,
    /// Read by this connector.
    pub vendor: Option<Vendor>,
    /// Of this health.
    pub health: Option<SourceHealth>,
}

impl SourceFilter {
    pub(crate) fn admits(&self, source: &SourceRow) -> bool {
        (self.archived.shown() || source.standing != SourceStanding::Archived)
            && self.source_type.is_none_or(|source_type| source.source_type == source_type)
            && self.vendor.as_ref().is_none_or(|vendor| source.vendor == *vendor)
            && self.health.is_none_or(|health| source.health == health)
    }
}

impl Projection for Sources {
    const TABLE: Table = Table::Sources;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = Box<SourceRow>;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        of_source(&told.event).map(|_| told.aggregate_id.clone()).into_iter().collect()
    }

    fn apply(_: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        let Some(event) = of_source(&told.event) else { return row };
        if let SourceEvent::Connected(connected) = event {
            return Some(Box::new(SourceRow::connected(connected, told.recorded_at)));
        }
        let mut row = row?;
        row.evolve(event, told.recorded_at);
        Some(row)
    }
}

/// The event of a source, where it is one. A new aggregate is decided on here, a new event of a source in each fold.
pub(crate) const fn of_source(event: &TenantEvent) -> Option<&SourceEvent> {
    match event {
        TenantEvent::Source(event) => Some(event),
        TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Interview(_)
        | TenantEvent::Audit(_) => None,
    }
}

impl SourceRow {
    fn connected(connected: &SourceConnected, at: DateTime<Utc>) -> Self {
        let body = connected.body.clone();
        Self {
            id: connected.id,
            version: 1,
            name: body.name,
            source_type: body.source_type,
            vendor: body.vendor,
            base_url: body.base_url,
            schedule: body.schedule,
            unticked: body.unticked,
            has_credentials: connected.secret.is_some(),
            standing: SourceStanding::Active,
            health: SourceHealth::Unknown,
            failures_in_a_row: 0,
            last_success_at: None,
            last_run: None,
            created_at: at,
            updated_at: at,
        }
    }

    fn evolve(&mut self, event: &SourceEvent, at: DateTime<Utc>) {
        match event {
            SourceEvent::Connected(_)
            | SourceEvent::PushTokenMinted(_)
            | SourceEvent::PushTokenRevoked(_) => {}
            SourceEvent::Edited(edited) => {
                self.version = edited.version;
                self.redefine(edited.body.clone());
                self.has_credentials |= edited.secret.is_some();
                self.updated_at = at;
            }
            SourceEvent::Paused(_) => self.stand(SourceStanding::Paused, at),
            SourceEvent::Resumed(_) => self.stand(SourceStanding::Active, at),
            SourceEvent::Archived(_) => self.stand(SourceStanding::Archived, at),
            SourceEvent::RunStarted(started) => {
                self.last_run = Some(LastRun {
                    id: started.run_id,
                    trigger: started.trigger.clone(),
                    state: RunState::Running,
                    started_at: started.started_at,
                    ended_at: None,
                    rows_written: None,
                    rows_skipped: None,
                    failure: None,
                });
            }
            SourceEvent::ValuesReceived(_) => {
                self.health = SourceHealth::Healthy;
                self.last_success_at = Some(at);
            }
            SourceEvent::RunCompleted(completed) => {
                let summary = &completed.summary;
                self.health = if summary.unmeasured.is_empty() {
                    SourceHealth::Healthy
                } else {
                    SourceHealth::Degraded
                };
                self.failures_in_a_row = 0;
                self.last_success_at = Some(at);
                self.end(completed.run_id, at, |run| {
                    run.state = RunState::Completed;
                    run.rows_written = Some(summary.rows_written);
                    run.rows_skipped = Some(summary.rows_skipped);
                });
            }
            SourceEvent::RunFailed(failed) => {
                self.health = SourceHealth::Failing;
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.end(failed.run_id, at, |run| {
                    run.state = RunState::Failed;
                    run.failure = Some(failed.failure.clone());
                });
            }
        }
    }

    fn redefine(&mut self, body: SourceBody) {
        self.name = body.name;
        self.source_type = body.source_type;
        self.vendor = body.vendor;
        self.base_url = body.base_url;
        self.schedule = body.schedule;
        self.unticked = body.unticked;
    }

    const fn stand(&mut self, standing: SourceStanding, at: DateTime<Utc>) {
        self.standing = standing;
        self.updated_at = at;
    }

    fn end(&mut self, run: RunId, at: DateTime<Utc>, change: impl FnOnce(&mut LastRun)) {
        if let Some(last) = self.last_run.as_mut().filter(|last| last.id == run) {
            last.ended_at = Some(at);
            change(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::source::{
        RunFailure, RunFailureClass, RunSummary, RunTrigger, SkippedSlug, SourceCommand,
    };
    use draxis_domain::{KriSlug, RunId};
    use ulid::Ulid;

    use super::{SourceHealth, SourceRow, Sources};
    use crate::memory::fold_in_memory;
    use crate::source_runs::{RunState, SourceRuns};
    use crate::told::{Told, source_id};

    fn row(told: &Told) -> SourceRow {
        *fold_in_memory::<Sources>(&told.events).remove(&source_id().to_string()).unwrap()
    }

    fn start(run: u128) -> SourceCommand {
        SourceCommand::StartRun { run_id: RunId::new(Ulid(run)), trigger: RunTrigger::Manual }
    }

    fn complete(run: u128, summary: RunSummary) -> SourceCommand {
        SourceCommand::CompleteRun { run_id: RunId::new(Ulid(run)), summary }
    }

    fn fail(run: u128) -> SourceCommand {
        let failure = RunFailure { class: RunFailureClass::Auth, detail: "sign in again".to_owned() };
        SourceCommand::FailRun { run_id: RunId::new(Ulid(run)), failure }
    }

    #[test]
    fn health_follows_the_last_run_that_ended() {
        let mut told = Told::default();
        let mut source = told.source();
        assert_eq!(row(&told).health, SourceHealth::Unknown);
        told.when(&mut source, 1, start(1));
        told.when(&mut source, 2, fail(1));
        told.when(&mut source, 3, start(2));
        told.when(&mut source, 4, fail(2));
        assert_eq!((row(&told).health, row(&told).failures_in_a_row), (SourceHealth::Failing, 2));
        told.when(&mut source, 5, start(3));
        assert_eq!(row(&told).health, SourceHealth::Failing, "a run under way has proved nothing");
        assert_eq!(row(&told).last_run.unwrap().state, RunState::Running);
        told.when(&mut source, 6, complete(3, RunSummary::default()));
        assert_eq!((row(&told).health, row(&told).failures_in_a_row), (SourceHealth::Healthy, 0));
    }

    #[test]
    fn a_run_that_could_not_measure_everything_is_not_healthy() {
        let mut told = Told::default();
        let mut source = told.source();
        let slug = KriSlug::parse("mfa_coverage").unwrap();
        let unmeasured = vec![SkippedSlug { slug, why: "the module is not licensed".to_owned() }];
        told.when(&mut source, 1, start(1));
        told.when(
            &mut source,
            2,
            complete(1, RunSummary { unmeasured, rows_written: 3, ..RunSummary::default() }),
        );
        assert_eq!(row(&told).health, SourceHealth::Degraded);
        assert_eq!(row(&told).last_run.unwrap().rows_written, Some(3));
    }

    #[test]
    fn runs_keep_their_raw_summary_in_their_order() {
        let mut told = Told::default();
        let mut source = told.source();
        for run in 1..=3 {
            let minute = i64::try_from(run).unwrap();
            told.when(&mut source, minute, start(run));
            let summary = RunSummary { items_seen: 7, ..RunSummary::default() };
            told.when(&mut source, minute, complete(run, summary));
        }
        let runs = fold_in_memory::<SourceRuns>(&told.events);
        let ids: Vec<_> = runs.values().map(|run| run.id).collect();
        assert_eq!(ids, [1, 2, 3].map(|run| RunId::new(Ulid(run))));
        assert!(runs.values().all(|run| run.summary.as_ref().unwrap().items_seen == 7));
    }
}
