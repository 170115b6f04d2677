//! A run of a source: start, ask, write what was read, end. Each step is an event, so a run that dies leaves its trace.

mod delivery;
mod fetch;
mod scheduled;
mod settings;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use draxis_commands::secret::Secret;
use draxis_commands::{CommandError, Commands, Context, Permission};
use draxis_domain::kri::NewReading;
use draxis_domain::source::{
    MeasuredValue, RunFailure, RunFailureClass, RunSummary, RunTrigger, SkippedSlug, SourceBody,
    SourceCommand,
};
use draxis_domain::{EventId, KriSlug, Quantity, Rejection, RunId, SourceId, TenantId};
use draxis_event_store::Committed;
use serde::Serialize;
use tokio_util::task::TaskTracker;

use crate::connector::manifest::Manifest;
use crate::connector::registry::{Connector, Registry};
use crate::connector::report::{ErrorClass, RunError, RunReport};
use crate::connector::run::{self, Reach};
use crate::connector::settings::Budget;
use crate::connector::trial::{self, TrialReport};
use crate::egress::Egress;
use crate::source_run::fetch::EgressFetch;
use crate::source_run::settings::{Opened, refused};
pub use crate::source_run::settings::{SealedSettings, SentSettings};

/// How long whoever pressed the button waits before being told where to look.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);
/// How long a run may take, reading and writing: less than [`draxis_domain::source::Source::RUN_LIMIT`], after which it is
/// given up as lost.
const LONGEST: std::time::Duration = std::time::Duration::from_mins(14);

/// Runs sources, each in a task of its own, so that a caller who hangs up cuts nothing off.
#[derive(Clone)]
pub struct SourceRuns {
    commands: Commands,
    registry: Arc<Registry>,
    fetch: EgressFetch,
    tasks: TaskTracker,
}

/// How a run that was asked for stands.
#[derive(Debug)]
pub enum RunAnswer {
    /// It has ended with values; the answer as recorded.
    Completed(Committed),
    /// It has ended without.
    Failed {
        /// The run.
        run_id: RunId,
        /// How.
        failure: RunFailure,
    },
    /// It goes on.
    UnderWay {
        /// The run.
        run_id: RunId,
    },
}

/// The answer to `POST /api/kri-sources/<id>/run`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct RunRows {
    run_id: RunId,
    rows_written: u64,
    rows_skipped: u64,
}

impl SourceRuns {
    /// Runs over these connectors, out through the one egress client.
    pub fn new(commands: Commands, registry: Arc<Registry>, egress: Arc<Egress>, tasks: TaskTracker) -> Self {
        Self { commands, registry, fetch: EgressFetch::new(egress), tasks }
    }

    /// The connectors.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Refuses a source whose vendor there is no connector for, or whose settings its connector cannot work with.
    pub fn check_settings(&self, body: &SourceBody, sealed: &SealedSettings) -> Result<(), Rejection> {
        match self.connector(body)? {
            Connector::Vendor(manifest) => sealed.check(&manifest),
            Connector::Own(read) => {
                must_have_no_base_url(body)?;
                sealed.check_credentials(&read(&sealed.document()).map_err(refused)?)
            }
            Connector::Receiving => {
                must_have_no_base_url(body)?;
                sealed.must_be_empty()
            }
        }
    }

    /// What is to be sealed for an edit, checked with what it leaves as it is; none where nothing was sent.
    pub async fn settings_for_edit(
        &self,
        tenant: TenantId,
        id: SourceId,
        (body, sent): (&SourceBody, SentSettings),
    ) -> Result<Option<Secret>, CommandError> {
        let kept = match self.commands.open_source(tenant, id).await {
            Ok((_, secret)) => SealedSettings::open(secret.as_ref())?,
            // There is no such source, or no longer: that is for the edit itself to say.
            Err(CommandError::Rejected(Rejection::NotFound { .. })) => return Ok(None),
            Err(error) => return Err(error),
        };
        let changed = !sent.is_nothing();
        let settings = sent.over(kept);
        self.check_settings(body, &settings)?;
        Ok(changed.then(|| settings.seal()))
    }

    /// Tries a source without writing anything: which step fails, and what to do.
    pub async fn test(&self, body: &SourceBody, sealed: SealedSettings) -> Result<TrialReport, Rejection> {
        if let Connector::Receiving = self.connector(body)? {
            return Ok(trial::nothing_to_ask());
        }
        let manifest = self.manifest(body, &sealed)?;
        let opened = Opened::of(&manifest, body, sealed);
        let reach = Reach { credentials: &opened.credentials, fetch: &self.fetch, budget: Budget::default() };
        Ok(trial::test(&manifest, &opened.settings, reach, self.commands.clock().now()).await)
    }

    /// Tries a saved source.
    pub async fn test_saved(&self, tenant: TenantId, id: SourceId) -> Result<TrialReport, CommandError> {
        let (body, secret) = self.commands.open_source(tenant, id).await?;
        Ok(self.test(&body, SealedSettings::open(secret.as_ref())?).await?)
    }

    /// Runs a source now and waits a while for its end.
    pub async fn run(
        &self,
        context: Context,
        source: SourceId,
        trigger: RunTrigger,
    ) -> Result<RunAnswer, CommandError> {
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.commands.answered(tenant, &context).await? {
            return Ok(RunAnswer::Completed(before));
        }
        // Run ids begin with their time, by which the history is ordered.
        let run_id = RunId::new(self.commands.ids().next());
        let (body, secret) = self.commands.open_source(tenant, source).await?;
        let sealed = SealedSettings::open(secret.as_ref())?;
        let started = self.start(&context, (source, run_id), trigger).await?;
        let now = self.commands.clock().now();
        let begun = Begun { runs: self.clone(), context, source, run_id, started, now };
        let ending = self.tasks.spawn(async move { begun.run_within_limit(&body, sealed).await });
        match tokio::time::timeout(PATIENCE, ending).await {
            Ok(ended) => ended.map_err(CommandError::failed)?,
            Err(_) => Ok(RunAnswer::UnderWay { run_id }),
        }
    }

    fn connector(&self, body: &SourceBody) -> Result<Connector, Rejection> {
        self.registry.connector(body.vendor.as_str()).ok_or_else(|| {
            let detail = "there is no such connector; take a vendor from GET /api/integrations/catalog";
            Rejection::invalid("source.unknown_vendor", "/vendor", detail)
        })
    }

    /// What a source is asked by: its vendor's manifest, or the one that its own configuration makes.
    fn manifest(&self, body: &SourceBody, sealed: &SealedSettings) -> Result<Arc<Manifest>, Rejection> {
        match self.connector(body)? {
            Connector::Vendor(manifest) => Ok(manifest),
            Connector::Own(read) => read(&sealed.document()).map(Arc::new).map_err(refused),
            Connector::Receiving => Err(Rejection::conflict(
                "source.not_asked",
                "there is nothing to ask: values are pushed or uploaded to this source",
            )),
        }
    }

    async fn start(
        &self,
        context: &Context,
        (source, run_id): (SourceId, RunId),
        trigger: RunTrigger,
    ) -> Result<Option<EventId>, CommandError> {
        let context = Context { correlation: Some(run_id.to_string()), key: None, ..context.clone() };
        let command = SourceCommand::StartRun { run_id, trigger };
        Ok(self.commands.change_source(&context, source, command).await?.events.last().copied())
    }
}

/// A run that has begun.
#[derive(Clone)]
struct Begun {
    runs: SourceRuns,
    context: Context,
    source: SourceId,
    run_id: RunId,
    started: Option<EventId>,
    now: DateTime<Utc>,
}

impl Begun {
    /// Whatever happens, the run ends, and by its own word where that can be written.
    async fn run_within_limit(
        self,
        body: &SourceBody,
        sealed: SealedSettings,
    ) -> Result<RunAnswer, CommandError> {
        let run = self.clone();
        match tokio::time::timeout(LONGEST, Box::pin(self.run_to_its_end(body, sealed))).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let class = RunFailureClass::Internal;
                let detail = "the run could not be carried out or written; run it again".to_owned();
                // Where the run has ended after all, or its end cannot be written either, this changes nothing.
                drop(run.end_failed(RunFailure { class, detail }).await);
                Err(error)
            }
            Err(_) => {
                let class = RunFailureClass::Timeout;
                let detail =
                    "the run took longer than a run may; narrow what the source is asked for".to_owned();
                let failure = RunFailure { class, detail };
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
        let reach =
            Reach { credentials: &opened.credentials, fetch: &self.runs.fetch, budget: Budget::default() };
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
        Ok(RunAnswer::Completed(self.runs.commands.end_run(&context, self.source, (command, answer)).await?))
    }

    /// The context of everything the run causes. Whoever may run a source lets it write what it reads.
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
        summary.warnings.extend(report.error.map(|error| error.text));
        for unmeasured in report.unmeasured {
            let (slug, why) = (unmeasured.slug.into(), unmeasured.text);
            summary.unmeasured.push(SkippedSlug { slug, why });
        }
        for slug in report.skipped {
            let why = "the source is not asked for it: it is unticked".to_owned();
            summary.skipped.push(SkippedSlug { slug: slug.into(), why });
        }
        for measured in report.values {
            let slug = KriSlug::from(measured.slug);
            let value = Quantity::new(measured.value);
            if self.write_value(&slug, value).await? {
                summary.rows_written = summary.rows_written.saturating_add(1);
            } else {
                summary.rows_skipped = summary.rows_skipped.saturating_add(1);
                let why = "no KRI with this slug is wired to this source".to_owned();
                summary.skipped.push(SkippedSlug { slug: slug.clone(), why });
            }
            summary.values.push(MeasuredValue { slug, value });
        }
        let took = self.runs.commands.clock().now() - self.now;
        summary.duration_ms = u64::try_from(took.num_milliseconds()).unwrap_or_default();
        Ok(summary)
    }

    async fn write_value(&self, slug: &KriSlug, value: Quantity) -> Result<bool, CommandError> {
        let reading = NewReading {
            value,
            observed_at: self.now,
            source_id: Some(self.source),
            run_id: Some(self.run_id),
            note: None,
            expires_at: None,
        };
        self.runs.commands.record_reading(&self.caused(), (self.source, slug), reading).await
    }

    async fn fail(&self, error: &RunError) -> Result<RunAnswer, CommandError> {
        let failure = RunFailure { class: class_of(error.class), detail: error.text.clone() };
        self.end_failed(failure.clone()).await?;
        Ok(RunAnswer::Failed { run_id: self.run_id, failure })
    }

    async fn end_failed(&self, failure: RunFailure) -> Result<(), CommandError> {
        let command = SourceCommand::FailRun { run_id: self.run_id, failure };
        self.runs.commands.change_source(&self.caused(), self.source, command).await?;
        Ok(())
    }
}

fn must_have_no_base_url(body: &SourceBody) -> Result<(), Rejection> {
    if body.base_url.is_none() {
        return Ok(());
    }
    let detail = "leave this out: where this source is asked stands in its config, if it is asked at all";
    Err(Rejection::invalid("source.settings_do_not_fit", "/baseUrl", detail))
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
