//! A tap on the wire: a socket between the program and Postgres that can be closed at any message, or hold everything up.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Where the wire is cut, in messages from when the cut is armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Before the n-th message of the program reaches the server.
    Asking(u32),
    /// In the middle of it.
    HalfAsked(u32),
    /// Before the n-th message of the server reaches the program: the server has done what it was asked.
    Answering(u32),
}

#[derive(Debug, Default)]
struct Plan {
    cut: Option<Cut>,
    /// Before which message of the server everything is held up.
    hold: Option<u32>,
    asked: u32,
    answered: u32,
}

/// The tap. Dropping it closes every connection through it.
pub struct Tap {
    dir: TempDir,
    database: String,
    plan: Arc<Mutex<Plan>>,
    open: Arc<watch::Sender<bool>>,
    _tasks: JoinSet<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Program,
    Server,
}

impl Tap {
    /// A tap in front of the server's socket folder, for one database.
    pub(super) fn before(server: &std::path::Path, database: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("draxis-tap-").tempdir().expect("a temporary folder");
        let listener = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).expect("a socket");
        let plan: Arc<Mutex<Plan>> = Arc::default();
        let open = Arc::new(watch::Sender::new(true));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, server.join(".s.PGSQL.5432"), Arc::clone(&plan), Arc::clone(&open)));
        Self { dir, database: database.to_owned(), plan, open, _tasks: tasks }
    }

    /// How a role reaches the database through the tap.
    pub fn options(&self, user: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.dir.path())
            .port(5432)
            .ssl_mode(PgSslMode::Disable)
            .username(user)
            .database(&self.database)
    }

    /// Cuts all connections at that message, counted over all of them from now on.
    pub fn arm(&self, cut: Cut) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        *plan = Plan { cut: Some(cut), ..Plan::default() };
    }

    /// Lets everything pass again; whether the cut came about.
    pub fn disarm(&self) -> bool {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).cut.take().is_none()
    }

    /// Lets nothing pass, in either direction, until it is let go: a network that swallows, a server that hangs.
    pub fn hold(&self) {
        self.open.send_replace(false);
    }

    /// As [`Self::hold`], from the server's n-th message on, counted over all connections from now.
    pub fn hold_before(&self, answer: u32) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        *plan = Plan { hold: Some(answer), ..Plan::default() };
    }

    /// Waits until everything is held up.
    pub async fn held(&self) {
        let mut open = self.open.subscribe();
        open.wait_for(|open| !open).await.expect("the tap itself keeps the sender");
    }

    /// Lets pass what was held.
    pub fn let_go(&self) {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).hold = None;
        self.open.send_replace(true);
    }
}

async fn accept(
    listener: UnixListener,
    server: PathBuf,
    plan: Arc<Mutex<Plan>>,
    open: Arc<watch::Sender<bool>>,
) {
    let mut wires = JoinSet::new();
    while let Ok((program, _)) = listener.accept().await {
        if let Ok(server) = UnixStream::connect(&server).await {
            wires.spawn(wire(program, server, Arc::clone(&plan), Arc::clone(&open)));
        }
    }
}

/// Both directions of one connection; when either ends, both do.
async fn wire(
    program: UnixStream,
    server: UnixStream,
    plan: Arc<Mutex<Plan>>,
    open: Arc<watch::Sender<bool>>,
) {
    let (from_program, to_program) = program.into_split();
    let (from_server, to_server) = server.into_split();
    let asking = messages(from_program, to_server, (Side::Program, Arc::clone(&plan)), Arc::clone(&open));
    let answering = messages(from_server, to_program, (Side::Server, plan), open);
    tokio::select! {
        _ = asking => {}
        _ = answering => {}
    }
}

/// Passes message by message: a letter and a length, but for the very first, which has a length only (Postgres protocol 3.0).
async fn messages(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (side, plan): (Side, Arc<Mutex<Plan>>),
    open: Arc<watch::Sender<bool>>,
) -> std::io::Result<()> {
    let mut opened = open.subscribe();
    let mut greeting = side == Side::Program;
    loop {
        let mut message = Vec::new();
        if !greeting {
            message.push(from.read_u8().await?);
        }
        greeting = false;
        let length = from.read_u32().await?;
        message.extend(length.to_be_bytes());
        let body = usize::try_from(length).unwrap_or_default().saturating_sub(4);
        let begun = message.len();
        message.resize(begun + body, 0);
        let (_, rest) = message.split_at_mut(begun);
        from.read_exact(rest).await?;
        let passing = plan.lock().unwrap_or_else(PoisonError::into_inner).judge(side);
        if matches!(passing, Passing::Held) {
            open.send_replace(false);
        }
        if opened.wait_for(|open| *open).await.is_err() {
            return Ok(());
        }
        match passing {
            Passing::Whole | Passing::Held => {}
            Passing::Half => message.truncate(message.len() / 2),
            Passing::None => return Ok(()),
        }
        let half = message.len() < begun + body;
        to.write_all(&message).await?;
        if half {
            return Ok(());
        }
    }
}

enum Passing {
    Whole,
    Half,
    None,
    Held,
}

impl Plan {
    fn judge(&mut self, side: Side) -> Passing {
        let count = match side {
            Side::Program => &mut self.asked,
            Side::Server => &mut self.answered,
        };
        *count += 1;
        if side == Side::Server && self.hold == Some(*count) {
            self.hold = None;
            return Passing::Held;
        }
        let now = match (self.cut, side) {
            (Some(Cut::Asking(n)), Side::Program) if n == *count => Passing::None,
            (Some(Cut::HalfAsked(n)), Side::Program) if n == *count => Passing::Half,
            (Some(Cut::Answering(n)), Side::Server) if n == *count => Passing::None,
            _ => return Passing::Whole,
        };
        self.cut = None;
        now
    }
}
