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
mod launch;
mod log_file;
mod postmaster_pid;
mod server_user;
mod settings;
mod socket_dir;
mod supervisor;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

pub use bootstrap::{DatabaseName, InvalidDatabaseName, OWNER};
pub use error::EmbeddedError;
pub use settings::Durability;

use binaries::Binaries;
use data_dir::DataDir;
pub(crate) use data_dir::has_cluster;
use launch::Launch;
use log_file::LogFile;
use server_user::ServerUser;
pub(crate) use server_user::running_as_root;
use socket_dir::SocketDir;
use supervisor::Supervised;

/// The superuser that `initdb` made: it bootstraps and does nothing else.
pub const SUPERUSER: &str = "draxis_bootstrap";
/// Only names the socket file; nothing listens on a port.
const PORT: u16 = 5432;
/// How often a file or a process is looked at while waiting for it.
const POLL: Duration = Duration::from_millis(15);

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
        through(self.socket.path(), database, user)
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

/// The server that another program runs on a data directory, for errands done while that program serves. Who may enter the
/// socket's folder gets in, as the server's user and root may.
#[derive(Debug, Clone)]
pub struct Neighbour {
    socket: PathBuf,
}

impl Neighbour {
    /// The server of this data directory, which is taken to run.
    pub fn of(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let data_dir = data_dir.canonicalize().map_err(EmbeddedError::file("find", data_dir))?;
        Ok(Self { socket: socket_dir::place(&data_dir).path })
    }

    /// How a role reaches a database of it.
    pub fn connect_options(&self, database: &str, user: &str) -> PgConnectOptions {
        through(&self.socket, database, user)
    }
}

fn through(socket: &Path, database: &str, user: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(PORT)
        .ssl_mode(PgSslMode::Disable)
        .username(user)
        .database(database)
}

#[cfg(test)]
mod tests;
