//! A run that a schedule asks for: begun once for its instant, whoever asks, and carried out by whoever began it.

use chrono::{DateTime, Utc};
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::source::{RunFailure, RunFailureClass, RunTrigger};
use draxis_domain::{RunId, SourceId, TenantId};

use crate::source_run::begun::Begun;
use crate::source_run::{SealedSettings, SourceRuns};

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
}

impl Begun {
    async fn run_as_due(self, tenant: TenantId) -> Result<(), CommandError> {
        let opened = match self.runs.commands.open_source(tenant, self.source).await {
            Ok((body, secret)) => SealedSettings::open(secret.as_ref()).map(|sealed| (body, sealed)),
            Err(error) => Err(error),
        };
        match opened {
            Ok((body, sealed)) => self.run_within_limit(&body, sealed).await.map(|_| ()),
            Err(error) => self.fail_unopened(error).await,
        }
    }

    async fn fail_unopened(self, error: CommandError) -> Result<(), CommandError> {
        if let CommandError::Rejected(rejection) = error {
            return self.end_failed(RunFailure::unfit(&rejection)).await;
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
