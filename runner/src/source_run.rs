//! A run of a source: start, ask, write what was read, end. Each step is an event, so a run that dies leaves its trace.

mod begun;
mod delivery;
mod fetch;
mod room;
mod scheduled;
mod settings;
mod trouble;

use std::sync::Arc;

use draxis_commands::secret::Secret;
use draxis_commands::{CommandError, Commands, Context};
use draxis_domain::source::{RunFailure, RunTrigger, SourceBody, SourceCommand, SourceType};
use draxis_domain::{EventId, Rejection, RunId, SourceId, TenantId};
use draxis_event_store::Committed;
use tokio_util::task::TaskTracker;

use crate::connector::manifest::Manifest;
use crate::connector::registry::{Connector, Registry};
use crate::connector::run::Reach;
use crate::connector::settings::Budget;
use crate::connector::trial::{self, TrialReport};
use crate::egress::Egress;
use crate::source_run::begun::Begun;
use crate::source_run::fetch::EgressFetch;
use crate::source_run::settings::{Opened, refused};
pub use crate::source_run::settings::{SealedSettings, SentSettings};

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
        let connector = self.connector(body)?;
        must_be_of_type(body, connector.source_type())?;
        match connector {
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
        let (before, kept) = match self.commands.open_source(tenant, id).await {
            Ok((before, secret)) => (before, SealedSettings::open(secret.as_ref())?),
            // There is no such source, or no longer: that is for the edit itself to say.
            Err(CommandError::Rejected(Rejection::NotFound { .. })) => return Ok(None),
            Err(error) => return Err(error),
        };
        let changed = !sent.is_nothing();
        if sent.credentials.is_none() && kept.goes_elsewhere(before.leads_where(body), sent.config.as_ref()) {
            let detail =
                "send the credentials along: a secret goes only where it was meant to go when it was entered";
            return Err(Rejection::invalid("source.settings_do_not_fit", "/credentials", detail).into());
        }
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
        let fetch = self.fetch.of_a_run();
        let reach = Reach { credentials: &opened.credentials, fetch: &fetch, budget: Budget::default() };
        Ok(trial::test(&manifest, &opened.settings, reach, self.commands.clock().now()).await)
    }

    /// Tries a saved source.
    pub async fn test_saved(&self, tenant: TenantId, id: SourceId) -> Result<TrialReport, CommandError> {
        let (body, secret) = self.commands.open_source(tenant, id).await?;
        Ok(self.test(&body, SealedSettings::open(secret.as_ref())?).await?)
    }

    /// How long whoever presses the button waits at most before they are told where to look.
    pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

    /// Runs a source now, because somebody asks for it, and waits so long for its end.
    pub async fn run(
        &self,
        context: Context,
        source: SourceId,
        patience: std::time::Duration,
    ) -> Result<RunAnswer, CommandError> {
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.commands.answered(tenant, &context).await? {
            return Ok(RunAnswer::Completed(before));
        }
        // Run ids begin with their time, by which the history is ordered.
        let run_id = RunId::new(self.commands.ids().next());
        let (body, secret) = self.commands.open_source(tenant, source).await?;
        let sealed = SealedSettings::open(secret.as_ref())?;
        let started = self.start(&context, (source, run_id), RunTrigger::Manual).await?;
        let begun = Begun::new(self.clone(), context, (source, run_id), started);
        let ending = self.tasks.spawn(async move { begun.run_within_limit(&body, sealed).await });
        match tokio::time::timeout(patience, ending).await {
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

fn must_be_of_type(body: &SourceBody, source_type: SourceType) -> Result<(), Rejection> {
    if body.source_type == source_type {
        return Ok(());
    }
    let detail = format!("this vendor's sources are of type {}", source_type.as_str());
    Err(Rejection::invalid("source.settings_do_not_fit", "/sourceType", detail))
}

fn must_have_no_base_url(body: &SourceBody) -> Result<(), Rejection> {
    if body.base_url.is_none() {
        return Ok(());
    }
    let detail = "leave this out: where this source is asked stands in its config, if it is asked at all";
    Err(Rejection::invalid("source.settings_do_not_fit", "/baseUrl", detail))
}
