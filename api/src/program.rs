//! The program from start to stop: database, migrations, tasks, server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use draxis_commands::secret::{EncryptionKeys, KeyError};
use draxis_event_store::{Database, DatabaseError, Pools, SystemClock, UlidIds};
use draxis_runner::connector::registry::{Registry, RegistryError};
use draxis_runner::egress::{AllowedNetworks, EgressConfig, SystemResolver};
use draxis_runner::run::RunSettings;
use sqlx::postgres::PgConnectOptions;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, AppError, Outside, Ports, Tasks};
use crate::config::{self, Config, ConfigError, MailServer, MailServerError};
use crate::embedded_postgres::{DatabaseName, EmbeddedError, EmbeddedPostgres, Neighbour, OWNER, Options};
use crate::errand::ErrandError;
use crate::errand::check_connector::CheckError;
use crate::server;

/// How many connections a process reads with.
const READERS: u32 = 16;
/// How often a ticket that a run waits for is looked at.
const TICKETS: std::time::Duration = std::time::Duration::from_mins(1);
/// The role the program signs in as, made by the migrations.
const LOGIN: &str = "draxis";

/// Why the program did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// A setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The embedded Postgres.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption key.
    #[error("the encryption key cannot be used")]
    Key(#[from] KeyError),
    /// The mail server.
    #[error("the mail server cannot be used")]
    Mail(#[from] MailServerError),
    /// A connector's manifest.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The program's parts.
    #[error(transparent)]
    App(#[from] AppError),
    /// The address cannot be served on.
    #[error("cannot serve on {address}: choose another --listen")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The server broke.
    #[error("the HTTP server broke")]
    Server(#[from] std::io::Error),
    /// An errand could not be done.
    #[error(transparent)]
    Errand(#[from] ErrandError),
    /// A connector could not be tried.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The demonstration did not hold.
    #[error("the demonstration did not hold")]
    Demo(#[from] crate::demo::DemoError),
}

/// A database that is reached, embedded or elsewhere.
struct Reached {
    embedded: Option<EmbeddedPostgres>,
    pools: Pools,
    keys: EncryptionKeys,
}

/// A running program.
pub struct Program {
    app: App,
    tasks: Tasks,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    handle: ServerHandle,
    address: SocketAddr,
    embedded: Option<EmbeddedPostgres>,
}

impl Program {
    /// Starts everything a configuration asks for.
    pub async fn start(
        mut config: Config,
        progress: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, ProgramError> {
        let outside = outside(&mut config)?;
        let (address, sealing) = (config.listen, config.sealing.clone());
        let reached = reach(config, Others::KeepOut, progress).await?;
        let (app, tasks) =
            Box::pin(App::start(reached.pools, reached.keys, outside, sealing, ports())).await?;
        let listener =
            TcpListener::bind(address).map_err(|source| ProgramError::Listen { address, source })?;
        let address = listener.local_addr()?;
        let server = server::serve(app.clone(), listener)?;
        let handle = server.handle();
        let server = actix_web::rt::spawn(server);
        Ok(Self { app, tasks, server, handle, address, embedded: reached.embedded })
    }

    /// Where it serves.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Goes on until somebody stops it, or its database dies.
    pub async fn until_stopped(mut self) -> Result<(), ProgramError> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut look = tokio::time::interval(std::time::Duration::from_secs(1));
        let died = loop {
            tokio::select! {
                _ = interrupt.recv() => break None,
                _ = terminate.recv() => break None,
                _ = look.tick() => {
                    if let Some(Err(error)) = self.embedded.as_mut().map(EmbeddedPostgres::check) {
                        break Some(error);
                    }
                }
            }
        };
        self.stop().await?;
        died.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Ends in order: no new requests, what is under way ends, the writers, the database last.
    pub async fn stop(self) -> Result<(), ProgramError> {
        self.app.streams.end();
        self.handle.stop(true).await;
        if let Ok(ended) = self.server.await {
            ended?;
        }
        self.tasks.stop().await;
        if let Some(embedded) = self.embedded {
            embedded.stop()?;
        }
        Ok(())
    }
}

/// Does one errand on the database, such as an export, without serving anything; another program may serve meanwhile.
pub async fn errand<T>(
    mut config: Config,
    progress: &mut (dyn FnMut(&str) + Send),
    work: impl AsyncFnOnce(&App) -> T,
) -> Result<T, ProgramError> {
    let outside = outside(&mut config)?;
    let sealing = config.sealing.clone();
    let reached = reach(config, Others::MayServe, progress).await?;
    let (app, tasks) = App::assemble(reached.pools, reached.keys, outside, sealing, ports()).await?;
    let done = work(&app).await;
    tasks.stop().await;
    if let Some(embedded) = reached.embedded {
        embedded.stop()?;
    }
    Ok(done)
}

/// The connectors before anything is started: a mistake in one refuses the start.
fn outside(config: &mut Config) -> Result<Outside, ProgramError> {
    let allow = AllowedNetworks::new(config.egress_allow.clone());
    Ok(Outside {
        egress: EgressConfig { allow, ..EgressConfig::default() },
        registry: Registry::open(config.connectors_dir.as_deref())?,
        mail: config.mail.take().map(MailServer::settings).transpose()?,
        witness: config.witness.take(),
        model: config.model.clone(),
        runs: RunSettings { public: config.public_url.clone(), ticket_every: TICKETS },
    })
}

/// The machine's own clock, randomness and names.
fn ports() -> Ports {
    Ports { clock: Arc::new(SystemClock), ids: Arc::new(UlidIds), resolver: Arc::new(SystemResolver) }
}

/// Brings the schema up to date and ends.
pub async fn migrate(config: Config, progress: &mut (dyn FnMut(&str) + Send)) -> Result<(), ProgramError> {
    match config.database {
        config::Database::External(url) => Ok(draxis_event_store::migrate(&url.connect_options()).await?),
        config::Database::Embedded(_) => {
            let reached = reach(config, Others::KeepOut, progress).await?;
            if let Some(embedded) = reached.embedded {
                embedded.stop()?;
            }
            Ok(())
        }
    }
}

/// Whether another program may be at work on the same data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    /// This program is the one.
    KeepOut,
    /// Its database is used beside it.
    MayServe,
}

async fn reach(
    config: Config,
    others: Others,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<Reached, ProgramError> {
    // The key first: where there is data but no key, nothing else should happen.
    let keys = EncryptionKeys::parse(&config.encryption_key.open(&mut |line| progress(line))?)?;
    let (embedded, login) = match config.database {
        config::Database::External(url) => (None, url.connect_options()),
        config::Database::Embedded(embedded) => start_or_join(&embedded.options(), others, progress).await?,
    };
    let pools = Database::new(login, READERS).open().await?;
    Ok(Reached { embedded, pools, keys })
}

async fn start_or_join(
    options: &Options,
    others: Others,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<(Option<EmbeddedPostgres>, PgConnectOptions), ProgramError> {
    let name = DatabaseName::draxis();
    let embedded = match EmbeddedPostgres::start(options, &mut |line| progress(line)) {
        Err(EmbeddedError::InUse { .. }) if others == Others::MayServe => {
            progress("Another draxis serves from this data directory; its database is used beside it");
            return Ok((None, Neighbour::of(&options.data_dir)?.connect_options(name.as_str(), LOGIN)));
        }
        started => started?,
    };
    embedded.bootstrap().await?;
    if others == Others::KeepOut {
        progress("Bringing the schema up to date");
    }
    draxis_event_store::migrate(&embedded.connect_options(name.as_str(), OWNER)).await?;
    let login = embedded.connect_options(name.as_str(), LOGIN);
    Ok((Some(embedded), login))
}
