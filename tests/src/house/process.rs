//! A program at work on a database: its pools, writer, log and commands, without a way in from outside.

use std::sync::Arc;

use draxis_commands::Commands;
use draxis_commands::secret::EncryptionKeys;
use draxis_commands::vault::Vault;
use draxis_event_store::{Clock, Database, ManualClock, Pools, TenantLog, UlidIds, Writer, WriterLimits};
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;

use super::{TestDatabase, start_of_time};

/// How a program is fitted out.
#[derive(Debug, Clone, Copy)]
pub struct Fitting {
    /// Connections that read.
    pub readers: u32,
    /// Writers, each with a connection.
    pub writers: usize,
    /// How much waits and is taken at once.
    pub limits: WriterLimits,
}

impl Default for Fitting {
    fn default() -> Self {
        Self { readers: 3, writers: 1, limits: WriterLimits::default() }
    }
}

/// A program at work. Two of them on one database share nothing but it.
pub struct Process {
    /// Its connections.
    pub pools: Pools,
    /// What appends.
    pub writer: Writer,
    /// What commands load from.
    pub log: TenantLog,
    /// What carries out commands.
    pub commands: Commands,
    /// The time it is told.
    pub clock: ManualClock,
    tasks: JoinSet<()>,
}

impl Process {
    /// A small program on the test's database.
    pub async fn start(database: &TestDatabase) -> Self {
        Self::over(database.options("draxis"), Fitting::default()).await
    }

    /// A program over any server.
    pub async fn over(options: PgConnectOptions, fitting: Fitting) -> Self {
        let pools = Database::new(options, fitting.readers).open().await.expect("the database will do");
        let clock = ManualClock::new(start_of_time());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let mut tasks = JoinSet::new();
        let writer = Writer::start(&pools, &shared, fitting.limits, fitting.writers, &mut tasks);
        let log = TenantLog::new(pools.clone(), writer.clone(), Arc::new(UlidIds));
        let vault = Vault::new(EncryptionKeys::generate().expect("the system has randomness"));
        let commands = Commands::new(log.clone(), shared, Arc::new(UlidIds), vault);
        Self { pools, writer, log, commands, clock, tasks }
    }

    /// Writes what waits and ends.
    pub async fn end(mut self) {
        self.writer.close();
        while self.tasks.join_next().await.is_some() {}
        self.pools.app.close().await;
        self.pools.platform.close().await;
        self.pools.platform_stream.close().await;
    }

    /// Ends where it stands, as a killed program does.
    pub async fn kill(mut self) {
        self.tasks.shutdown().await;
    }
}
