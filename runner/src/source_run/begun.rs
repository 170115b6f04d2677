//! A run that has begun: asked, measured, written, and ended by its own word whatever happens.

use chrono::{DateTime, Utc};
use draxis_commands::{CommandError, Context, Permission};
use draxis_domain::kri::{KriCommand, NewReading};
use draxis_domain::source::{
    MeasuredValue, RunFailure, RunFailureClass, RunSummary, SkippedSlug, SourceBody, SourceCommand,
};
use draxis_domain::{EventId, KriId, KriSlug, Quantity, Rejection, RunId, SourceId};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use tokio::time::{Instant, timeout, timeout_at};

use super::settings::{Opened, SealedSettings};
use super::trouble::OwnTrouble;
use super::{RunAnswer, SourceRuns};
use crate::connector::report::{ErrorClass, Measured, RunError, RunReport};
use crate::connector::run::{self, Reach};
use crate::connector::settings::Budget;

/// How long a run may take, reading and writing: less than [`draxis_domain::source::Source::RUN_LIMIT`], after which it is
/// given up as lost.
const LONGEST: std::time::Duration = std::time::Duration::from_mins(14);
/// How long it is tried to write how a run ended; what is left of that limit.
const ENDING: std::time::Duration = std::time::Duration::from_secs(50);
/// How many values are written side by side.
const SIDE_BY_SIDE: usize = 8;

/// The answer to `POST /api/kri-sources/<id>/run`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct RunRows {
    run_id: RunId,
    rows_written: u64,
    rows_skipped: u64,
}

/// A run that has begun.
#[derive(Clone)]
pub(super) struct Begun {
    pub(super) runs: SourceRuns,
    pub(super) context: Context,
    pub(super) source: SourceId,
    pub(super) run_id: RunId,
    /// The event that says so, the cause of all that follows.
    started: Option<EventId>,
    now: DateTime<Utc>,
    /// When its time is over.
    pub(super) until: Instant,
    pub(super) trouble: OwnTrouble,
}

impl Begun {
    pub(super) fn new(
        runs: SourceRuns,
        context: Context,
        (source, run_id): (SourceId, RunId),
        started: Option<EventId>,
    ) -> Self {
        let now = runs.commands.clock().now();
        let (until, trouble) = (Instant::now() + LONGEST, OwnTrouble::of_run(run_id.ulid().random()));
        Self { runs, context, source, run_id, started, now, until, trouble }
    }

    /// Whatever happens, the run ends, and by its own word where that can be written.
    pub(super) async fn run_within_limit(
        self,
        body: &SourceBody,
        sealed: SealedSettings,
    ) -> Result<RunAnswer, CommandError> {
        let run = self.clone();
        match timeout_at(self.until, Box::pin(self.run_to_its_end(body, sealed))).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let class = RunFailureClass::Internal;
                let detail = "the run could not be carried out or written; run it again".to_owned();
                // Where the run has ended after all, or its end cannot be written either, this changes nothing.
                drop(run.end_failed(RunFailure { class, detail }).await);
                Err(error)
            }
            Err(_) => {
                let failure = run.trouble.failure_in_time();
                run.end_failed(failure.clone()).await?;
                Ok(RunAnswer::Failed { run_id: run.run_id, failure })
            }
        }
    }

    async fn run_to_its_end(
        self,
        body: &SourceBody,
        sealed: SealedSettings,
    ) -> Result<RunAnswer, CommandError> {
        let manifest = match self.runs.manifest(body, &sealed) {
            Ok(manifest) => manifest,
            Err(rejection) => {
                let failure = RunFailure::unfit(&rejection);
                self.end_failed(failure.clone()).await?;
                return Ok(RunAnswer::Failed { run_id: self.run_id, failure });
            }
        };
        let opened = Opened::of(&manifest, body, sealed);
        let fetch = self.runs.fetch.of_a_run();
        let reach = Reach { credentials: &opened.credentials, fetch: &fetch, budget: Budget::default() };
        let report = run::run(&manifest, &opened.settings, reach, self.now).await;
        if let (Some(error), true) = (&report.error, report.values.is_empty()) {
            return self.fail(error).await;
        }
        let summary = self.write(report).await?;
        let rows = RunRows {
            run_id: self.run_id,
            rows_written: summary.rows_written,
            rows_skipped: summary.rows_skipped,
        };
        let command = SourceCommand::CompleteRun { run_id: self.run_id, summary };
        let answer = serde_json::to_vec(&rows).map_err(CommandError::failed)?;
        let context = Context { key: self.context.key.clone(), ..self.caused() };
        let end = || self.runs.commands.end_run(&context, self.source, (command.clone(), answer.clone()));
        Ok(RunAnswer::Completed(self.trouble.outlast(end).await?))
    }

    /// The context of everything the run causes.
    fn caused(&self) -> Context {
        Context {
            caller: self.context.caller.clone().also(Permission::WriteValues),
            correlation: Some(self.run_id.to_string()),
            causation: self.started,
            key: None,
            expected_version: None,
            ..self.context.clone()
        }
    }

    async fn write(&self, report: RunReport) -> Result<RunSummary, CommandError> {
        let mut summary = RunSummary {
            requests_made: report.requests_made.into(),
            items_seen: report.items_seen,
            bytes_received: report.bytes,
            warnings: report.warnings,
            ..RunSummary::default()
        };
        // What ended the reading early may stand among the warnings already, with what it needs.
        let told = |error: &RunError| summary.warnings.iter().any(|said| said.starts_with(&error.text));
        let untold = report.error.filter(|error| !told(error));
        summary.warnings.extend(untold.map(|error| error.text));
        for unmeasured in report.unmeasured {
            let (slug, why) = (unmeasured.slug.into(), unmeasured.text);
            summary.unmeasured.push(SkippedSlug { slug, why });
        }
        for slug in report.skipped {
            let why = "the source is not asked for it: it is unticked".to_owned();
            summary.skipped.push(SkippedSlug { slug: slug.into(), why });
        }
        for (value, skipped) in self.write_values(report.values).await? {
            match skipped {
                None => summary.rows_written = summary.rows_written.saturating_add(1),
                Some(why) => {
                    summary.rows_skipped = summary.rows_skipped.saturating_add(1);
                    summary.skipped.push(SkippedSlug { slug: value.slug.clone(), why });
                }
            }
            summary.values.push(value);
        }
        let took = self.runs.commands.clock().now() - self.now;
        summary.duration_ms = u64::try_from(took.num_milliseconds()).unwrap_or_default();
        Ok(summary)
    }

    /// Writes what was read, side by side: each value is a KRI's own. With each comes why it was not written, where it was not.
    async fn write_values(
        &self,
        measured: Vec<Measured>,
    ) -> Result<Vec<(MeasuredValue, Option<String>)>, CommandError> {
        let value = |it: Measured| MeasuredValue { slug: it.slug.into(), value: Quantity::new(it.value) };
        let measured: Vec<MeasuredValue> = measured.into_iter().map(value).collect();
        let slugs: Vec<KriSlug> = measured.iter().map(|it| it.slug.clone()).collect();
        let (tenant, commands) = (self.context.caller.tenant()?, &self.runs.commands);
        let wired = self.trouble.outlast(|| commands.wired_kris(tenant, self.source, &slugs)).await?;
        stream::iter(measured.into_iter().zip(wired))
            .map(|(measured, kri)| self.write_value(measured, kri))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    /// Writes one value, or says why it was not: what a KRI's rules say against it is no reason to refuse the others.
    async fn write_value(
        &self,
        measured: MeasuredValue,
        kri: Option<KriId>,
    ) -> Result<(MeasuredValue, Option<String>), CommandError> {
        let Some(kri) = kri else {
            return Ok((measured, Some("no KRI with this slug is wired to this source".to_owned())));
        };
        let reading = KriCommand::RecordReading(NewReading {
            value: measured.value,
            observed_at: self.now,
            source_id: Some(self.source),
            run_id: Some(self.run_id),
            note: None,
            expires_at: None,
        });
        let (context, commands) = (self.caused(), &self.runs.commands);
        let record = || commands.change_kri(&context, kri, reading.clone());
        match self.trouble.outlast(record).await {
            Ok(_) => Ok((measured, None)),
            Err(CommandError::Rejected(Rejection::Conflict { detail, .. })) => Ok((measured, Some(detail))),
            Err(error) => Err(error),
        }
    }

    async fn fail(&self, error: &RunError) -> Result<RunAnswer, CommandError> {
        let failure = RunFailure { class: class_of(error.class), detail: error.text.clone() };
        self.end_failed(failure.clone()).await?;
        Ok(RunAnswer::Failed { run_id: self.run_id, failure })
    }

    pub(super) async fn end_failed(&self, failure: RunFailure) -> Result<(), CommandError> {
        let command = SourceCommand::FailRun { run_id: self.run_id, failure };
        let (context, commands) = (self.caused(), &self.runs.commands);
        let end = || commands.change_source(&context, self.source, command.clone());
        match timeout(ENDING, self.trouble.outlast(end)).await {
            Ok(ended) => ended.map(drop),
            // Whoever gives up lost runs ends it.
            Err(_) => Err(CommandError::Overloaded),
        }
    }
}

/// The connector's words in the event's: fewer, and fixed for ever.
const fn class_of(class: ErrorClass) -> RunFailureClass {
    match class {
        ErrorClass::Settings => RunFailureClass::Settings,
        ErrorClass::Name => RunFailureClass::Name,
        ErrorClass::RefusedAddress => RunFailureClass::Refused,
        ErrorClass::Connect | ErrorClass::Broken => RunFailureClass::Connect,
        ErrorClass::Tls => RunFailureClass::Tls,
        ErrorClass::Timeout => RunFailureClass::Timeout,
        ErrorClass::TooLarge | ErrorClass::Budget => RunFailureClass::TooLarge,
        ErrorClass::Authentication => RunFailureClass::Auth,
        ErrorClass::Permission => RunFailureClass::Permission,
        ErrorClass::RateLimited => RunFailureClass::RateLimited,
        ErrorClass::Server | ErrorClass::Redirect | ErrorClass::Rejected => RunFailureClass::FarSide,
        ErrorClass::Shape | ErrorClass::Partial => RunFailureClass::Shape,
    }
}
