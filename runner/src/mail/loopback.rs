//! A real SMTP server on loopback that fails as told: for the demo, and for tests of what a failed letter means.

mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How the server keeps its conversations from being read.
#[derive(Clone, Default)]
pub enum SmtpTls {
    /// Not at all.
    #[default]
    Off,
    /// From the first byte.
    Implicit(Arc<ServerConfig>),
    /// When asked by STARTTLS.
    OnRequest(Arc<ServerConfig>),
}

/// What goes wrong with the next conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpFault {
    /// Nothing.
    #[default]
    None,
    /// Hangs up without a greeting.
    HangUpOnConnect,
    /// Never greets.
    StallOnConnect,
    /// Answers every recipient with this code.
    RefuseRecipients(u16),
    /// Hangs up when the letter is announced.
    HangUpBeforeLetter,
    /// Never answers when the letter is announced.
    StallBeforeLetter,
    /// Reads the letter, throws it away and answers with this code.
    RefuseLetter(u16),
    /// Keeps the letter and hangs up without a word.
    KeepThenHangUp,
    /// Keeps the letter and never answers.
    KeepThenStall,
    /// Confirms the letter and never answers again.
    StallOnQuit,
}

/// What a server is like.
#[derive(Clone, Default)]
pub struct SmtpPlan {
    /// User name and password it asks for, if it does.
    pub login: Option<(String, String)>,
    /// How its conversations are kept from being read.
    pub tls: SmtpTls,
}

/// A letter the server has kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLetter {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The letter, headers and all.
    pub text: String,
    /// Who was logged in.
    pub user: Option<String>,
    /// The name TLS asked for; nothing when there was no TLS.
    pub tls_name: Option<String>,
}

impl ReceivedLetter {
    /// The first header of this name, unfolded only as far as one line goes.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

#[derive(Default)]
struct Board {
    fault: SmtpFault,
    letters: Vec<ReceivedLetter>,
    connections: usize,
}

/// What conversations share with their server.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Board>>);

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mail server on this machine. It ends when dropped.
pub struct SmtpServer {
    address: SocketAddr,
    shared: Shared,
    _tasks: JoinSet<()>,
}

impl SmtpServer {
    /// Starts on a free port of 127.0.0.1.
    pub async fn start(plan: SmtpPlan) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Shared::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::new(plan), shared.clone()));
        Ok(Self { address, shared, _tasks: tasks })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Decides what goes wrong from the next step on.
    pub fn set_fault(&self, fault: SmtpFault) {
        self.shared.board().fault = fault;
    }

    /// The letters it has kept, in order, twice when sent twice.
    pub fn letters(&self) -> Vec<ReceivedLetter> {
        self.shared.board().letters.clone()
    }

    /// How often somebody has connected.
    pub fn connections(&self) -> usize {
        self.shared.board().connections
    }
}

async fn accept(listener: TcpListener, plan: Arc<SmtpPlan>, shared: Shared) {
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while conversations.try_join_next().is_some() {} // Forget those that are over.
        let mut board = shared.board();
        board.connections = board.connections.saturating_add(1);
        drop(board);
        conversations.spawn(session::welcome(stream, Arc::clone(&plan), shared.clone()));
    }
}
