//! A program whose timers stand until they are told, or run by themselves as in the product.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use draxis_commands::{Caller, Context};
use draxis_domain::kri::{KriBody, KriCommand, NewReading};
use draxis_domain::source::{BaseUrl, Schedule, SourceBody, SourceCommand};
use draxis_domain::{KriId, SourceId, TenantId};
use draxis_event_store::{
    ClaimDurability, ClaimedTimer, StoredEvent, StoredTimer, TimerClaim, TimerName, claim_timers, timers_of,
};
use draxis_projections::{ReadModels, Settings};
use draxis_runner::egress::{AllowedNetworks, Egress, EgressConfig, SystemResolver};
use draxis_runner::mail::Mailer;
use draxis_runner::model::{ModelSettings, Models};
use draxis_runner::panel::PanelDesk;
use draxis_runner::relay::Relays;
use draxis_runner::run::{RunSettings, WorkflowRuns};
use draxis_runner::source_run::SourceRuns;
use draxis_runner::timer::{TimerSettings, Timers};
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::house::{Fitting, Process, TestDatabase, kri_body, reading, whole_stream};

use super::far::{VENDOR, registry};

/// A process with timers.
pub(crate) struct Program {
    pub(crate) process: Process,
    pub(crate) timers: Timers,
    pub(crate) source_runs: SourceRuns,
    pub(crate) tasks: TaskTracker,
    stop: CancellationToken,
}

impl Program {
    pub(crate) async fn start(database: &TestDatabase) -> Self {
        Self::with(database, TimerSettings::default()).await
    }

    pub(crate) async fn with(database: &TestDatabase, settings: TimerSettings) -> Self {
        Self::over(database.options("draxis"), settings).await
    }

    pub(crate) async fn over(options: PgConnectOptions, settings: TimerSettings) -> Self {
        // The first one to install it wins; it is the same for all.
        drop(rustls::crypto::ring::default_provider().install_default());
        let fitting = Fitting { readers: 4, ..Fitting::default() };
        let process = Process::over(options, fitting).await;
        let config = EgressConfig { allow: AllowedNetworks::loopback(), ..EgressConfig::default() };
        let egress = Arc::new(Egress::new(&config, Arc::new(SystemResolver)).unwrap());
        let tasks = TaskTracker::new();
        let commands = &process.commands;
        let read_models = ReadModels::new(&process.pools, Settings::default());
        let mailer = Arc::new(Mailer::new(&config, Arc::new(SystemResolver)));
        let relays = Relays::new(commands.clone(), Arc::clone(&egress), mailer);
        let models = Models::new(commands.clone(), Arc::clone(&egress), ModelSettings::default());
        let panel = PanelDesk::new(commands.clone(), read_models, models);
        let public = BaseUrl::parse("https://draxis.example").unwrap();
        let done = RunSettings { public, ticket_every: Duration::from_millis(50) };
        let workflow_runs = WorkflowRuns::new(commands.clone(), (relays, panel), done);
        let runs = SourceRuns::new(commands.clone(), Arc::new(registry()), egress, tasks.clone());
        let timers = Timers::new(commands.clone(), (runs.clone(), workflow_runs), settings);
        Self { process, timers, source_runs: runs, tasks, stop: CancellationToken::new() }
    }

    /// Lets the timers go by themselves.
    pub(crate) fn go(&self) {
        self.timers.start(&self.stop, &self.tasks, self.process.writer.wakeups().subscribe());
    }

    /// Stops as the product does: what was begun ends.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Folds and does what is due until nothing is: how many timers that were.
    pub(crate) async fn settle(&self) -> usize {
        let mut done = 0;
        loop {
            self.timers.catch_up_all().await;
            match self.timers.do_due().await.unwrap() {
                0 => return done,
                some => done += some,
            }
        }
    }

    pub(crate) fn advance_to(&self, at: DateTime<Utc>) {
        use draxis_event_store::Clock as _;
        self.process.clock.advance(at - self.process.clock.now());
    }

    pub(crate) async fn connect(&self, tenant: TenantId, base: &str, schedule: Schedule) -> SourceId {
        let body = source_body(VENDOR, base, schedule);
        let done = self.process.commands.connect_source(&context(tenant), body, None).await.unwrap();
        id_in(&done.answer.body)
    }

    pub(crate) async fn change(&self, tenant: TenantId, source: SourceId, command: SourceCommand) {
        self.process.commands.change_source(&context(tenant), source, command).await.unwrap();
    }

    pub(crate) async fn reschedule(
        &self,
        tenant: TenantId,
        source: SourceId,
        base: &str,
        schedule: Schedule,
    ) {
        let body = source_body(VENDOR, base, schedule);
        self.change(tenant, source, SourceCommand::Edit { body, secret: None }).await;
    }

    /// A KRI that the source measures.
    pub(crate) async fn measure(&self, tenant: TenantId, source: SourceId, slug: &str) -> KriId {
        let body = KriBody { source_id: Some(source), ..kri_body(slug) };
        id_in(&self.process.commands.define_kri(&context(tenant), body).await.unwrap().answer.body)
    }

    pub(crate) async fn read(&self, tenant: TenantId, kri: KriId, value: i64, seconds: i64) {
        let reading: NewReading = reading(value, seconds);
        let command = KriCommand::RecordReading(reading);
        self.process.commands.change_kri(&context(tenant), kri, command).await.unwrap();
    }

    pub(crate) async fn table(&self, tenant: TenantId) -> BTreeMap<TimerName, StoredTimer> {
        timers_of(&self.process.pools.app, tenant).await.unwrap()
    }

    /// When the only timer of a kind is due.
    pub(crate) async fn due(&self, tenant: TenantId, kind: &str) -> Option<DateTime<Utc>> {
        self.timers.catch_up(tenant).await.unwrap();
        self.table(tenant)
            .await
            .into_iter()
            .find(|(name, _)| name.kind == kind)
            .and_then(|(_, timer)| timer.due_at)
    }

    /// Claims what is due of a kind by then, for a lease.
    pub(crate) async fn claim(
        &self,
        (kind, due): (&str, DateTime<Utc>),
        lease: Duration,
    ) -> Vec<ClaimedTimer> {
        self.claim_beside((kind, due), (100, 100), lease, &BTreeMap::new()).await
    }

    /// The same, so many and so many of one tenant, beside what is under way.
    pub(crate) async fn claim_beside(
        &self,
        (kind, due): (&str, DateTime<Utc>),
        (up_to, of_tenant): (u32, u32),
        lease: Duration,
        busy: &BTreeMap<TenantId, u32>,
    ) -> Vec<ClaimedTimer> {
        let kinds = [kind.to_owned()];
        let durability = ClaimDurability::Durable;
        let claim = TimerClaim { kinds: &kinds, due, of_tenant, up_to, busy, lease, durability };
        claim_timers(&self.process.pools.app, &claim).await.unwrap()
    }

    /// The tenant's events of a type.
    pub(crate) async fn events(&self, tenant: TenantId, event_type: &str) -> Vec<StoredEvent> {
        let mut events = whole_stream(&self.process.pools.app, tenant).await;
        events.retain(|event| event.event_type == event_type);
        events
    }

    /// Waits until the tenant has so many events of a type: woken by the writer, so no time is slept away.
    pub(crate) async fn events_come(&self, tenant: TenantId, event_type: &str, count: usize) {
        let mut wakeups = self.process.writer.wakeups().subscribe();
        let come = async {
            while self.events(tenant, event_type).await.len() < count {
                drop(wakeups.recv().await);
            }
        };
        tokio::time::timeout(Duration::from_mins(1), come).await.expect("the events come within a minute");
    }
}

pub(crate) fn context(tenant: TenantId) -> Context {
    Context::of(Caller::runner(tenant))
}

pub(crate) fn source_body(vendor: &str, base: &str, schedule: Schedule) -> SourceBody {
    serde_json::from_value(serde_json::json!({
        "name": "Counting house", "sourceType": "generic", "vendor": vendor, "baseUrl": base, "schedule": schedule,
    }))
    .unwrap()
}

fn id_in<I: std::str::FromStr>(answer: &[u8]) -> I {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap();
    answer["id"].as_str().and_then(|id| id.parse().ok()).unwrap()
}
