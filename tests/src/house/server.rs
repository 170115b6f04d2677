//! The Postgres that all tests of a run share, and servers of a test's own for those that kill them.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use draxis_api::embedded_postgres::{DatabaseName, Durability, EmbeddedPostgres, OWNER, Options, SUPERUSER};
use draxis_event_store::migrate;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// The login role and the three that it takes on.
pub const ROLES: [&str; 4] = ["draxis", "draxis_app", "draxis_platform", "draxis_writer"];

/// The migrated database that each test's own is copied from.
pub(super) const TEMPLATE: &str = "migrated";

/// A running server with the migrated template in it.
#[derive(Debug)]
pub struct Server {
    postgres: EmbeddedPostgres,
    /// Connections that tests may hold at once: what is left of the server's hundred is for bystanders.
    pub(super) connections: Semaphore,
}

impl Server {
    /// The one server of this run, started when the first test asks.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| {
            let dir = tempfile::Builder::new()
                .prefix("draxis-tests-")
                .tempdir()
                .expect("a temporary folder")
                .keep();
            remove_after_us(&dir);
            Self::start(&dir)
        })
    }

    fn start(dir: &Path) -> Self {
        let postgres = start(dir);
        let server = Self { postgres, connections: Semaphore::new(84) };
        // On a thread of its own: a test's runtime may be the one that is waiting for this.
        std::thread::scope(|scope| {
            let template = scope.spawn(|| {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(server.make_template());
            });
            template.join().expect("the template database is made");
        });
        server
    }

    async fn make_template(&self) {
        let name = DatabaseName::parse(TEMPLATE).expect("a database's name");
        self.postgres.ensure_database(&name).await.expect("the template is made");
        migrate(&self.options(TEMPLATE, OWNER)).await.expect("the migrations apply");
    }

    /// How a role reaches a database.
    pub fn options(&self, database: &str, user: &str) -> PgConnectOptions {
        self.postgres.connect_options(database, user)
    }

    /// The folder of its socket.
    pub(super) fn socket_dir(&self) -> &Path {
        self.postgres.socket_dir()
    }

    /// A connection to the server that may make databases.
    pub(super) async fn superuser(&self) -> PgConnection {
        PgConnection::connect_with(&self.options("postgres", SUPERUSER)).await.expect("the superuser gets in")
    }
}

/// A server that belongs to one test alone, which may kill it and start it again.
#[derive(Debug)]
pub struct OwnServer {
    postgres: Option<EmbeddedPostgres>,
    dir: TempDir,
}

impl OwnServer {
    /// The product's database on a server of its own.
    pub async fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("draxis-own-").tempdir().expect("a temporary folder");
        let postgres = start(dir.path());
        postgres.bootstrap().await.expect("the database is made");
        migrate(&postgres.connect_options("draxis", OWNER)).await.expect("the migrations apply");
        Self { postgres: Some(postgres), dir }
    }

    /// How a role reaches the product's database; the same before and after a restart.
    pub fn options(&self, user: &str) -> PgConnectOptions {
        self.postgres.as_ref().expect("the server runs").connect_options("draxis", user)
    }

    /// Kills the postmaster and all its workers where they stand, so that nothing in their memory reaches the disk, and starts
    /// the server on what is there.
    pub fn kill_and_restart(&mut self) {
        let postgres = self.postgres.take().expect("the server runs");
        let mut doomed = children_of(postgres.pid());
        doomed.insert(0, postgres.pid());
        let doomed: Vec<String> = doomed.into_iter().map(|pid| pid.to_string()).collect();
        // A worker may have ended by itself in between, which `kill` reports and we do not mind.
        Command::new("kill").arg("-KILL").args(&doomed).stderr(Stdio::null()).status().expect("kill runs");
        drop(postgres);
        self.postgres = Some(start(self.dir.path()));
    }
}

fn start(dir: &Path) -> EmbeddedPostgres {
    let options = Options {
        data_dir: dir.to_path_buf(),
        binaries: None,
        search_path: std::env::var_os("PATH").unwrap_or_default(),
        // The program refuses to run without fsync, in tests as elsewhere.
        durability: Durability::Full,
    };
    EmbeddedPostgres::start(&options, &mut |_| {}).expect("Postgres starts")
}

/// The workers of a postmaster: from /proc where there is one and from `ps` elsewhere.
fn children_of(parent: u32) -> Vec<u32> {
    let parent = parent.to_string();
    let Ok(entries) = std::fs::read_dir("/proc") else { return children_by_ps(&parent) };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |pid: &u32| {
        // proc(5): the name is in brackets and may hold anything; the state and the parent follow it.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)) == Some(parent.as_str())
    };
    pids.filter(is_child).collect()
}

fn children_by_ps(parent: &str) -> Vec<u32> {
    let listed = Command::new("/bin/ps").args(["-A", "-o", "pid=,ppid="]).output().expect("ps runs");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let pair =
        |line: &str| line.trim().split_once(' ').map(|(pid, of)| (pid.to_owned(), of.trim().to_owned()));
    let children = text.lines().filter_map(pair).filter(|(_, of)| of == parent);
    children.filter_map(|(pid, _)| pid.parse().ok()).collect()
}

/// The test process ends without a word to anybody. A shell at the other end of a pipe hears of it, lets the server end
/// (whose own watcher hears of it too) and removes what it left.
fn remove_after_us(dir: &Path) {
    const SCRIPT: &str = r#"
        trap '' HUP INT
        read -r _
        tries=100
        while [ -e "$1/postgres/postmaster.pid" ] && [ "$tries" -gt 0 ]; do sleep 0.2; tries=$((tries - 1)); done
        rm -rf "$1"
    "#;
    let mut watcher = Command::new("/bin/sh")
        .args(["-c", SCRIPT, "remove-after-us"])
        .arg(dir)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell starts");
    let mut lifeline = watcher.stdin.take().expect("the pipe to the shell");
    lifeline.flush().expect("the pipe to the shell is open");
    // Open until this process ends.
    std::mem::forget((watcher, lifeline));
}
