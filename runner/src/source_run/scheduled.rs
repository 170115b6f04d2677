//! A run that a schedule asks for: begun once for its instant, whoever asks, and carried out by whoever began it.

use chrono::{DateTime, Utc};
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::source::{RunFailure, RunFailureClass, RunTrigger, Source};
use draxis_domain::{EventId, RunId, SourceId, TenantId};
use tokio::time::{timeout, timeout_at};

use crate::source_run::begun::Begun;
use crate::source_run::trouble::OwnTrouble;
use crate::source_run::{SealedSettings, SourceRuns};

/// How long it is looked whether a run has begun: less than the claim of its timer holds.
const LOOKING: std::time::Duration = std::time::Duration::from_secs(20);

/// Whose a run is that is due.
enum Beginning {
    /// This process has begun it, by this event where it was told.
    Ours(Option<EventId>),
    /// Another has, or it is over.
    NotOurs,
}

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
            match runs.begin(&context, (source, run_id), due_at).await? {
                Beginning::Ours(started) => {
                    Begun::new(runs, context, (source, run_id), started).run_as_due(tenant).await
                }
                Beginning::NotOurs => Ok(()),
            }
        });
        ending.await.map_err(CommandError::failed)?
    }

    async fn begin(
        &self,
        context: &Context,
        (source, run_id): (SourceId, RunId),
        due_at: DateTime<Utc>,
    ) -> Result<Beginning, CommandError> {
        let since = self.commands.clock().now();
        match self.start(context, (source, run_id), RunTrigger::Scheduled { due_at }).await {
            Ok(Some(started)) => Ok(Beginning::Ours(Some(started))),
            Ok(None) => Ok(Beginning::NotOurs),
            // Nobody else may begin it while our claim of its timer holds, so if it stands, it is ours.
            Err(CommandError::Unknown) => {
                let tenant = context.caller.tenant()?;
                let (trouble, name) = (OwnTrouble::of_run(run_id.ulid().random()), source.to_string());
                let looking = trouble.outlast(|| self.commands.load::<Source>(tenant, &name));
                let source = timeout(LOOKING, looking).await.map_err(|_| CommandError::Unknown)??;
                let running = source.in_use().and_then(|source| source.running);
                if running.is_some_and(|(running, at)| running == run_id && at >= since) {
                    return Ok(Beginning::Ours(None));
                }
                Err(CommandError::Unknown)
            }
            Err(error) => Err(error),
        }
    }
}

impl Begun {
    async fn run_as_due(self, tenant: TenantId) -> Result<(), CommandError> {
        let (source, trouble) = (self.source, self.trouble.clone());
        let opening = trouble.outlast(|| self.runs.commands.open_source(tenant, source));
        let Ok(opened) = timeout_at(self.until, opening).await else {
            return self.end_failed(trouble.failure_in_time()).await;
        };
        let opened = opened.and_then(|(body, secret)| Ok((body, SealedSettings::open(secret.as_ref())?)));
        match opened {
            Ok((body, sealed)) => match self.run_within_limit(&body, sealed).await {
                // The run has been ended, which moved its timer on: nobody else will tell of this.
                Err(error @ CommandError::Failed(_)) => {
                    complain(source, &error, "a source's run could not be carried out or written");
                    Ok(())
                }
                ended => ended.map(drop),
            },
            Err(error) => self.fail_unopened(error).await,
        }
    }

    async fn fail_unopened(self, error: CommandError) -> Result<(), CommandError> {
        if let CommandError::Rejected(rejection) = error {
            return self.end_failed(RunFailure::unfit(&rejection)).await;
        }
        complain(self.source, &error, "a source could not be opened for its run");
        let detail = "the source's settings could not be opened; run it again".to_owned();
        self.end_failed(RunFailure { class: RunFailureClass::Internal, detail }).await
    }
}

fn complain(source: SourceId, error: &CommandError, what: &'static str) {
    let chain: &dyn std::error::Error = error;
    tracing::error!(source.id = %source, error = chain, "{what}");
}
