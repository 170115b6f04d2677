//! The server under every far system: it listens on loopback, lets the system answer, and does to it what was told.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::http::{self, HttpReply, HttpRequest};
use super::mishap::{Mishap, Odds, Plan};

/// A system that can be spoken to over HTTP.
pub trait System: Send + 'static {
    /// Answers a request, and keeps what it was told.
    fn answer(&mut self, request: &HttpRequest) -> HttpReply;

    /// Answers as if the credentials were wrong.
    fn refuse_login(&self, request: &HttpRequest) -> HttpReply;
}

struct Board<S> {
    system: S,
    errands: Plan,
    questions: Plan,
    requests: u64,
    heard: Arc<Notify>,
}

/// A far system that listens. It ends when dropped.
pub struct FarSystem<S> {
    address: SocketAddr,
    board: Arc<Mutex<Board<S>>>,
    _tasks: JoinSet<()>,
}

impl<S: System> FarSystem<S> {
    /// Starts on a free port of 127.0.0.1.
    pub async fn start(system: S) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (errands, questions, heard) = (Plan::default(), Plan::default(), Arc::default());
        let board = Board { system, errands, questions, requests: 0, heard };
        let board = Arc::new(Mutex::new(board));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&board)));
        Ok(Self { address, board, _tasks: tasks })
    }

    /// Where it is, without a closing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What goes wrong with the next errands (`POST`), one by one; after them nothing, or what the odds give.
    pub fn script(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        lock(&self.board).errands.script(mishaps);
    }

    /// What goes wrong with the next questions (`GET`), one by one.
    pub fn script_questions(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        lock(&self.board).questions.script(mishaps);
    }

    /// How often what goes wrong with errands and with questions; the same seed gives the same mishaps in the same order.
    pub fn misbehave(&self, errands: Odds, questions: Odds, seed: u64) {
        let mut board = lock(&self.board);
        board.errands.by_odds(errands, seed);
        board.questions.by_odds(questions, !seed);
    }

    /// How many requests were read.
    pub fn requests(&self) -> u64 {
        lock(&self.board).requests
    }

    /// Waits until more than so many requests were read.
    pub async fn more_requests_than(&self, before: u64) {
        let heard = Arc::clone(&lock(&self.board).heard);
        loop {
            let next = heard.notified();
            if self.requests() > before {
                return;
            }
            next.await;
        }
    }

    /// Looks at the system, or changes it.
    pub fn with<R>(&self, look: impl FnOnce(&mut S) -> R) -> R {
        look(&mut lock(&self.board).system)
    }
}

fn lock<S>(board: &Mutex<Board<S>>) -> MutexGuard<'_, Board<S>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept<S: System>(listener: TcpListener, board: Arc<Mutex<Board<S>>>) {
    let mut visitors = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while visitors.try_join_next().is_some() {} // Forget those that are over.
        let board = Arc::clone(&board);
        // Whatever breaks in here broke on the client's side, which is who is being tried.
        visitors.spawn(async move { drop(serve(stream, &board).await) });
    }
}

async fn serve<S: System>(stream: TcpStream, board: &Mutex<Board<S>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = http::read(&mut stream).await? {
        let mishap = begin(board, &request);
        if let Mishap::DoneLate(time) = mishap {
            tokio::time::sleep(time).await;
        }
        let reply = answer(board, &request, mishap);
        if let Mishap::Slow(time) = mishap {
            tokio::time::sleep(time).await;
        }
        match reply {
            Some(reply) => http::write(&mut stream, &reply).await?,
            None => return Ok(()),
        }
    }
    Ok(())
}

fn begin<S: System>(board: &Mutex<Board<S>>, request: &HttpRequest) -> Mishap {
    let mut board = lock(board);
    board.requests = board.requests.saturating_add(1);
    board.heard.notify_waiters();
    if request.method == "POST" { board.errands.next() } else { board.questions.next() }
}

/// What is said to it, after it was done or not; nothing where the connection is dropped.
fn answer<S: System>(board: &Mutex<Board<S>>, request: &HttpRequest, mishap: Mishap) -> Option<HttpReply> {
    let system = &mut lock(board).system;
    match mishap {
        Mishap::None | Mishap::Slow(_) | Mishap::DoneLate(_) => Some(system.answer(request)),
        Mishap::DropUndone => None,
        Mishap::DoneThenDrop => {
            system.answer(request);
            None
        }
        Mishap::FailUndone => Some(failed()),
        Mishap::DoneThenFail => {
            system.answer(request);
            Some(failed())
        }
        Mishap::DoneThenGarble => {
            let mut reply = system.answer(request);
            reply.body.truncate(reply.body.len() / 2);
            Some(reply)
        }
        Mishap::Busy(seconds) => {
            Some(HttpReply::text(429, "too many requests").header("retry-after", seconds.to_string()))
        }
        Mishap::RefuseLogin => Some(system.refuse_login(request)),
    }
}

fn failed() -> HttpReply {
    HttpReply::text(500, "internal server error")
}
