//! A Postgres of the program's own: found on the machine, made once, run as a child, ended when the program ends.
//!
//! One data directory holds it all:
//!
//! ```text
//! <data-dir>/draxis.lock     held by the one program that uses the directory
//! <data-dir>/postgres/       the cluster, of the server's user alone
//! <data-dir>/socket/         where the server listens (elsewhere if that path is too long for a socket)
//! <data-dir>/postgres.log    what the server says
//! ```
//!
//! Nothing listens on the network: whoever may enter the socket's folder (mode 0700) is trusted.

mod binaries;
mod bootstrap;
mod cluster;
mod data_dir;
mod error;
mod log_file;
mod postmaster_pid;
mod server_user;
mod settings;
mod socket_dir;
mod supervisor;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

pub use bootstrap::{DatabaseName, InvalidDatabaseName, OWNER};
pub use error::EmbeddedError;
pub use settings::Durability;

use binaries::Binaries;
use data_dir::DataDir;
pub(crate) use data_dir::has_cluster;
use log_file::LogFile;
use postmaster_pid::PostmasterPid;
use server_user::ServerUser;
pub(crate) use server_user::running_as_root;
use socket_dir::SocketDir;
use supervisor::Supervised;

/// The superuser that `initdb` made: it bootstraps and does nothing else.
const SUPERUSER: &str = "draxis_bootstrap";
/// Only names the socket file; nothing listens on a port.
const PORT: u16 = 5432;
const POLL: Duration = Duration::from_millis(15);
/// After a crash the server first replays its log: patience, as long as it lives.
const READY_WITHIN: Duration = Duration::from_mins(5);
/// The workers of a server that was killed hold its shared memory for a moment longer.
const ORPHANS_GONE_WITHIN: Duration = Duration::from_secs(10);
const SAY_SOMETHING_EVERY: Duration = Duration::from_secs(3);

/// Where the server lives, what it is run from and what it promises.
#[derive(Debug, Clone)]
pub struct Options {
    /// Holds everything; made if it is not there.
    pub data_dir: PathBuf,
    /// The folder with `postgres` and `initdb`; `None` looks in the usual places.
    pub binaries: Option<PathBuf>,
    /// The value of `PATH`, which is among the usual places.
    pub search_path: OsString,
    /// What survives a power cut.
    pub durability: Durability,
}

/// A running server. Dropping it ends the server, and so does the end of this process, however it comes.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    server: Supervised,
    log: LogFile,
    // Kept for their `Drop`, which must come after the server's end.
    socket: SocketDir,
    _data: DataDir,
}

impl EmbeddedPostgres {
    /// Starts the server on its data directory, making the cluster the first time. Blocks until it answers; what takes
    /// long is told to `progress`.
    pub fn start(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<Self, EmbeddedError> {
        let user = ServerUser::choose()?;
        let data = DataDir::open(&options.data_dir, &user, progress)?;
        let binaries = Binaries::find(options, data.cluster_version()?)?;
        let socket = SocketDir::make(&data, &user)?;
        let mut log = LogFile::open(data.log(), &user)?;

        postmaster_pid::settle(&data.cluster(), progress)?;
        if !data.has_cluster() {
            progress("Making a database cluster (once)");
            cluster::make(&binaries, &data, &user, options.durability, &mut log)?;
        }
        let launch = Launch { binaries, data: &data, socket: &socket, user, durability: options.durability };
        let server = launch.until_ready(&mut log, progress)?;
        Ok(Self { server, log, socket, _data: data })
    }

    /// How a role reaches a database of this server.
    pub fn connect_options(&self, database: &str, user: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.socket.path())
            .port(PORT)
            .ssl_mode(PgSslMode::Disable)
            .username(user)
            .database(database)
    }

    /// The folder of the server's socket, for tools that are pointed at it by hand.
    pub fn socket_dir(&self) -> &Path {
        self.socket.path()
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Makes sure the server still runs: one that ended by itself is an error which says its last words.
    pub fn check(&mut self) -> Result<(), EmbeddedError> {
        match self.server.try_wait().map_err(EmbeddedError::Supervise)? {
            None => Ok(()),
            Some(status) => Err(EmbeddedError::Died { status, log: self.log.tail() }),
        }
    }

    /// Ends the server in good order and waits for it: open transactions are rolled back, the rest is on disk.
    pub fn stop(mut self) -> Result<(), EmbeddedError> {
        let status = self.server.stop().map_err(EmbeddedError::Supervise)?;
        if status.success() { Ok(()) } else { Err(EmbeddedError::Died { status, log: self.log.tail() }) }
    }
}

/// What one attempt at starting the server needs.
struct Launch<'a> {
    binaries: Binaries,
    data: &'a DataDir,
    socket: &'a SocketDir,
    user: ServerUser,
    durability: Durability,
}

impl Launch<'_> {
    /// Tries again while the only obstacle is what a killed server left behind.
    fn until_ready(
        &self,
        log: &mut LogFile,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Supervised, EmbeddedError> {
        let begun = Instant::now();
        loop {
            log.begin();
            let arguments = settings::arguments(&self.data.cluster(), self.socket.path(), self.durability);
            let server = Supervised::spawn(&self.binaries.postgres(), &arguments, &self.user, log.handle()?)
                .map_err(EmbeddedError::Supervise)?;
            match self.wait_until_ready(server, log, progress) {
                Err(EmbeddedError::Died { log, .. })
                    if postmaster_pid::says_orphans_remain(&log) && begun.elapsed() < ORPHANS_GONE_WITHIN =>
                {
                    std::thread::sleep(POLL);
                }
                outcome => return outcome,
            }
        }
    }

    /// Ready is what the server's own pid file says, and only if the server that wrote it is our child.
    fn wait_until_ready(
        &self,
        mut server: Supervised,
        log: &LogFile,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Supervised, EmbeddedError> {
        let begun = Instant::now();
        let mut said = begun;
        loop {
            if let Some(status) = server.try_wait().map_err(EmbeddedError::Supervise)? {
                return Err(EmbeddedError::Died { status, log: log.tail() });
            }
            if PostmasterPid::read(&self.data.cluster())?.is_some_and(|it| it.ready && it.pid == server.pid())
            {
                return Ok(server);
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(EmbeddedError::NotReady { after: READY_WITHIN, log: log.tail() });
            }
            if said.elapsed() > SAY_SOMETHING_EVERY {
                said = Instant::now();
                progress("Postgres is still starting (after a crash it first replays its log)");
            }
            std::thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
mod tests;
