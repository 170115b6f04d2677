//! The program put together: what every handler reaches for, and the tasks that run beside them.

use std::sync::Arc;
use std::time::Duration;

use draxis_commands::identity::Identity;
use draxis_commands::sealing::{SealError, Sealing, SealingSettings};
use draxis_commands::secret::EncryptionKeys;
use draxis_commands::vault::Vault;
use draxis_commands::{CommandError, Commands};
use draxis_event_store::{Clock, Ids, Pools, TenantLog, Writer, WriterLimits};
use draxis_projections::{ReadModels, Settings};
use draxis_runner::connector::registry::Registry;
use draxis_runner::egress::{BuildError, Egress, EgressConfig, Resolver, Timeouts};
use draxis_runner::interview::InterviewDesk;
use draxis_runner::mail::{MailSettings, Mailer, Outbox};
use draxis_runner::model::{ModelSettings, Models};
use draxis_runner::panel::PanelDesk;
use draxis_runner::relay::Relays;
use draxis_runner::run::{RunSettings, WorkflowRuns};
use draxis_runner::source_run::SourceRuns;
use draxis_runner::timer::{TimerSettings, Timers};
use draxis_runner::witness::{Witness, WitnessSettings};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::rate_limit::RateLimits;
use crate::streams::Streams;

/// The ports to what a pure rule must not reach for itself; tests hand in their own.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Names to addresses.
    pub resolver: Arc<dyn Resolver>,
}

/// What the program reaches outside with.
pub struct Outside {
    /// Where requests may go.
    pub egress: EgressConfig,
    /// The connectors.
    pub registry: Registry,
    /// Who takes our mail, if anyone does.
    pub mail: Option<MailSettings>,
    /// Who is sent every checkpoint, if anyone is.
    pub witness: Option<WitnessSettings>,
    /// Which model is asked for tenants who have chosen none.
    pub model: ModelSettings,
    /// Our own address, as people reach it, and how runs of workflows are done.
    pub runs: RunSettings,
}

/// Everything a handler may reach for.
#[derive(Clone)]
pub struct App {
    /// Carries out commands.
    pub commands: Commands,
    /// Knows who people are.
    pub identity: Identity,
    /// Answers queries.
    pub read_models: ReadModels,
    /// Runs sources.
    pub source_runs: SourceRuns,
    /// Does what is due.
    pub timers: Timers,
    /// Seals, proves, verifies and exports streams.
    pub sealing: Sealing,
    /// Reaches what tenants have set up for their workflows.
    pub relays: Relays,
    /// Sends every checkpoint to whoever keeps them, where somebody does.
    pub witness: Option<Witness>,
    /// Answers questions about a tenant's risks.
    pub panel: PanelDesk,
    /// Where workflows are talked through.
    pub interviews: InterviewDesk,
    /// Sends what lies in the outbox, where a mail server is configured.
    pub outbox: Option<Outbox>,
    /// Counts what happens.
    pub metrics: Metrics,
    /// Turns floods away.
    pub rate_limits: RateLimits,
    /// Counts the streams to clients.
    pub streams: Streams,
}

/// The program's own tasks; ended in order when it stops.
pub struct Tasks {
    stop: CancellationToken,
    followers: JoinSet<()>,
    writers: JoinSet<()>,
    errands: TaskTracker,
    writer: Writer,
}

/// Why the program could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A command of the start failed.
    #[error("the program could not start on this database")]
    Command(#[from] CommandError),
    /// The keys that seal checkpoints could not be opened.
    #[error("the streams cannot be sealed")]
    Sealing(#[from] SealError),
    /// The way out could not be built.
    #[error("the client for outgoing requests could not be built")]
    Egress(#[from] BuildError),
}

impl App {
    /// Puts the program together over open pools, and sets its followers to work.
    pub async fn start(
        pools: Pools,
        keys: EncryptionKeys,
        outside: Outside,
        sealing: SealingSettings,
        ports: Ports,
    ) -> Result<(Self, Tasks), AppError> {
        let (app, mut tasks) = Self::assemble(pools, keys, outside, sealing, ports).await?;
        app.follow(&mut tasks);
        Ok((app, tasks))
    }

    /// Puts the program together for one errand of somebody at a terminal: nothing happens by itself.
    pub async fn assemble(
        pools: Pools,
        keys: EncryptionKeys,
        outside: Outside,
        sealing: SealingSettings,
        ports: Ports,
    ) -> Result<(Self, Tasks), AppError> {
        let mut writers = JoinSet::new();
        let writer = Writer::start(&pools, &ports.clock, WriterLimits::default(), 2, &mut writers);
        let log = TenantLog::new(pools.clone(), writer.clone(), Arc::clone(&ports.ids));
        let commands = Commands::new(log, Arc::clone(&ports.clock), Arc::clone(&ports.ids), Vault::new(keys));
        let identity = Identity::open(commands.clone()).await?;
        let sealing = Sealing::open(&commands, sealing).await?;
        let read_models = ReadModels::new(&pools, Settings::default());
        let errands = TaskTracker::new();
        let mailer = Arc::new(Mailer::new(&outside.egress, Arc::clone(&ports.resolver)));
        let outbox =
            outside.mail.map(|mail| Outbox::new(commands.clone(), Arc::clone(&mailer), Arc::new(mail)));
        // The same way out; a model may take longer to think than any other system to answer.
        let patient = EgressConfig { timeouts: THINKING, ..outside.egress.clone() };
        let thinking = Arc::new(Egress::new(&patient, Arc::clone(&ports.resolver))?);
        let egress = Arc::new(Egress::new(&outside.egress, ports.resolver)?);
        let witness = outside.witness.map(|settings| {
            Witness::new(commands.clone(), sealing.clone(), Arc::clone(&egress), Arc::new(settings))
        });
        let relays = Relays::new(commands.clone(), Arc::clone(&egress), mailer);
        let registry = Arc::new(outside.registry);
        let source_runs = SourceRuns::new(commands.clone(), registry, egress, errands.clone());
        let models = Models::new(commands.clone(), thinking, outside.model);
        let panel = PanelDesk::new(commands.clone(), read_models.clone(), models.clone());
        let workflow_runs =
            WorkflowRuns::new(commands.clone(), (relays.clone(), panel.clone()), outside.runs);
        let work = (source_runs.clone(), workflow_runs);
        let timers = Timers::new(commands.clone(), work, TimerSettings::default());
        let rate_limits = RateLimits::new(ports.clock);
        let metrics = Metrics::new();
        let streams = Streams::new(writer.wakeups().clone());
        let interviews = InterviewDesk::new(commands.clone(), models);
        let app = Self {
            commands,
            identity,
            read_models,
            source_runs,
            timers,
            sealing,
            relays,
            witness,
            panel,
            interviews,
            outbox,
            metrics,
            rate_limits,
            streams,
        };
        let (stop, followers) = (CancellationToken::new(), JoinSet::new());
        Ok((app, Tasks { stop, followers, writers, errands, writer }))
    }

    fn follow(&self, tasks: &mut Tasks) {
        let Tasks { stop, followers, writer, errands, .. } = tasks;
        self.read_models.start(writer.wakeups().subscribe(), followers);
        // Among the errands, so that a stop waits for what they have begun.
        self.timers.start(stop, errands, writer.wakeups().subscribe());
        followers.spawn(self.sealing.clone().follow(writer.wakeups().subscribe()));
        let identity = self.identity.clone();
        followers.spawn(every(stop.clone(), Duration::from_hours(1), move || {
            let identity = identity.clone();
            async move { identity.rotate_keys().await.map_err(|error| error.to_string()) }
        }));
        if let Some(witness) = self.witness.clone() {
            followers.spawn(every(stop.clone(), WITNESS, move || {
                let witness = witness.clone();
                async move { witness.send_due().await.map(|_| ()).map_err(|error| told(&error)) }
            }));
        }
        let (identity, commands) = (self.identity.clone(), self.commands.clone());
        followers.spawn(every(stop.clone(), Duration::from_hours(1), move || {
            let (identity, commands) = (identity.clone(), commands.clone());
            async move {
                commands.sweep_previews().await.map_err(|error| error.to_string())?;
                identity.sweep_answers().await.map_err(|error| error.to_string())
            }
        }));
        if let Some(outbox) = self.outbox.clone() {
            followers.spawn(every(stop.clone(), LETTERS, move || {
                let outbox = outbox.clone();
                async move { outbox.send_due().await.map(|_| ()).map_err(|error| error.to_string()) }
            }));
        }
    }
}

/// How often checkpoints that were not taken yet are sent.
const WITNESS: Duration = Duration::from_secs(10);

/// An error and its causes in one line.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
/// How long a model may take: to be reached, between two pieces of its answer, and altogether.
const THINKING: Timeouts = Timeouts {
    connect: Duration::from_secs(10),
    idle: Duration::from_mins(2),
    total: Duration::from_mins(5),
};

/// How often the outbox is looked into.
const LETTERS: Duration = Duration::from_secs(2);

/// Does something again and again until told to stop; a failure is logged and tried again the next time.
async fn every<F, W>(stop: CancellationToken, pause: Duration, work: F)
where
    F: Fn() -> W,
    W: Future<Output = Result<(), String>>,
{
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        if let Err(error) = work().await {
            tracing::error!(error, "a task of the program failed; it is tried again");
        }
    }
}

impl Tasks {
    /// Stops taking work, lets what is under way end, and ends the writers last.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.errands.close();
        let patience = Duration::from_secs(20);
        if tokio::time::timeout(patience, self.errands.wait()).await.is_err() {
            tracing::warn!("runs still under way are given up; they are failed as lost after the next start");
        }
        self.writer.close();
        while self.writers.join_next().await.is_some() {}
        self.followers.abort_all();
        while self.followers.join_next().await.is_some() {}
    }
}
