//! Why there is no embedded Postgres, each with what can be done about it.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// A reason why the embedded Postgres does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No folder with `postgres` and `initdb` was found.
    #[error(
        "no Postgres found on this machine: install one (`apt-get install postgresql` on Debian and Ubuntu, \
         `brew install postgresql` on macOS), name its folder with --postgres-binaries, \
         or set DATABASE_URL to use a server that runs elsewhere"
    )]
    NoBinaries,
    /// The folder that was configured holds no Postgres.
    #[error("{} holds no `postgres` and `initdb`: name the folder that `pg_config --bindir` prints", .0.display())]
    NotBinaries(PathBuf),
    /// The binaries that were found are of other versions than the data.
    #[error(
        "the data in {} is of Postgres {data}, but this machine has {found}: \
         install Postgres {data} (`apt-get install postgresql-{data}`), or move the data with pg_upgrade",
        .dir.display()
    )]
    OtherVersion {
        /// The cluster.
        dir: PathBuf,
        /// The major version that wrote it.
        data: u32,
        /// The versions found, as a reader wants them.
        found: String,
    },
    /// Nothing recent enough was found.
    #[error(
        "this machine has Postgres {found}, and {oldest} is the oldest that will do: install a newer one"
    )]
    TooOld {
        /// The versions found.
        found: String,
        /// The oldest that will do.
        oldest: u32,
    },
    /// Another program uses the data directory.
    #[error(
        "{} is in use by another draxis{}: stop that one, or give this one a --data-dir of its own",
        .dir.display(), .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// Who holds it, if it says so.
        pid: Option<u32>,
    },
    /// A server runs on the data that no one of ours looks after.
    #[error(
        "a Postgres that this program did not start (process {pid}) runs on {}: stop it with \
         `kill -INT {pid}` and start again",
        .dir.display()
    )]
    StrangeServer {
        /// The cluster.
        dir: PathBuf,
        /// The stranger.
        pid: u32,
    },
    /// Postgres does not run as root, and the user it is to run as cannot get to its data.
    #[error(
        "Postgres runs as the user `{user}`, who cannot pass through {}: choose a --data-dir that every user \
         can reach, such as /var/lib/draxis, or `chmod o+x` that folder",
        .blocked.display()
    )]
    Unreachable {
        /// Who would run the server.
        user: String,
        /// The first folder on the way that does not let that user through.
        blocked: PathBuf,
    },
    /// Root may not run Postgres, and there is no one else.
    #[error(
        "Postgres does not run as root, and /etc/passwd has neither `postgres` nor `nobody`: add one of them"
    )]
    NoUser,
    /// A folder that must be private is not.
    #[error("{} must be a folder of mode 0700 that belongs to `{user}`: move away what is there", .dir.display())]
    NotPrivate {
        /// The folder.
        dir: PathBuf,
        /// Its rightful owner.
        user: String,
    },
    /// `initdb` failed.
    #[error("initdb could not make a cluster in {} ({status}); it said:\n{log}", .dir.display())]
    Initdb {
        /// Where.
        dir: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Its last words.
        log: String,
    },
    /// The server ended when it should not.
    #[error("Postgres ended by itself ({status}); its log ends with:\n{log}")]
    Died {
        /// How it ended.
        status: ExitStatus,
        /// Its last words.
        log: String,
    },
    /// The server lives but does not get ready.
    #[error("Postgres is not ready after {after:?}; its log ends with:\n{log}")]
    NotReady {
        /// How long was waited.
        after: Duration,
        /// Its last words.
        log: String,
    },
    /// The server's processes cannot be looked after.
    #[error("Postgres cannot be started or waited for: /bin/sh must be there")]
    Supervise(#[source] std::io::Error),
    /// A file or folder of the data directory cannot be used.
    #[error("cannot {doing} {}", .path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The server runs but refused a step of the bootstrap.
    #[error("the embedded Postgres refused to {doing}")]
    Bootstrap {
        /// The step.
        doing: &'static str,
        /// Why not.
        source: sqlx::Error,
    },
}

impl EmbeddedError {
    /// For `map_err`: names what was attempted and on what.
    pub(super) fn file(doing: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { doing, path, source }
    }
}
