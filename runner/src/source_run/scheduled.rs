//! A run that a schedule asks for: begun once for its instant, whoever asks, and carried out by whoever began it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use draxis_commands::secret::Secret;
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::source::{RunFailure, RunFailureClass, RunTrigger, SourceBody};
use draxis_domain::{RunId, SourceId, TenantId};

use crate::connector::manifest::Manifest;
use crate::source_run::{Begun, SourceRuns};

impl SourceRuns {
    /// Runs a source because it was due, and waits for the run's end. However many processes ask for one instant, one run
    /// begins (hazards H1) and only the process that began it goes on: a run whose process died is not taken up but given up
    /// as lost. How the run ended is in the log, so a run that failed is no error here.
    pub async fn run_scheduled(
        &self,
        tenant: TenantId,
        source: SourceId,
        due_at: DateTime<Utc>,
    ) -> Result<(), CommandError> {
        let runs = self.clone();
        let ending = self.tasks.spawn(async move {
            let context = Context::of(Caller::runner(tenant));
            let run_id = RunId::scheduled(source, due_at);
            let trigger = RunTrigger::Scheduled { due_at };
            let Some(started) = runs.start(&context, (source, run_id), trigger).await? else {
                return Ok(());
            };
            let now = runs.commands.clock().now();
            Begun { runs, context, source, run_id, started: Some(started), now }.run_as_due(tenant).await
        });
        ending.await.map_err(CommandError::failed)?
    }

    async fn prepare(
        &self,
        tenant: TenantId,
        source: SourceId,
    ) -> Result<(Arc<Manifest>, SourceBody, Option<Secret>), CommandError> {
        let (body, secret) = self.commands.open_source(tenant, source).await?;
        Ok((Arc::clone(self.manifest(&body)?), body, secret))
    }
}

impl Begun {
    async fn run_as_due(self, tenant: TenantId) -> Result<(), CommandError> {
        let (manifest, body, secret) = match self.runs.prepare(tenant, self.source).await {
            Ok(prepared) => prepared,
            Err(error) => return self.fail_unprepared(error).await,
        };
        self.run_within_limit(&manifest, &body, secret).await.map(|_| ())
    }

    async fn fail_unprepared(self, error: CommandError) -> Result<(), CommandError> {
        if let CommandError::Rejected(rejection) = error {
            let detail = format!("the source cannot be run as it is: {rejection}");
            return self.end_failed(RunFailure { class: RunFailureClass::Settings, detail }).await;
        }
        complain(self.source, &error);
        let detail = "the source's settings could not be opened; run it again".to_owned();
        self.end_failed(RunFailure { class: RunFailureClass::Internal, detail }).await
    }
}

fn complain(source: SourceId, error: &CommandError) {
    let chain: &dyn std::error::Error = error;
    tracing::error!(source.id = %source, error = chain, "a source could not be opened for its run");
}
