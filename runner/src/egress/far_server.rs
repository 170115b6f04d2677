//! A far http server on loopback for the tests of what reaches outside; it misbehaves as told.

mod authority;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub(crate) use authority::Authority;

/// How the server treats whoever connects.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Reads a request, answers with these bytes, reads the next.
    Answer(Vec<u8>),
    /// Answers each request with the next of these, in pieces that are sent one by one; the last one again and again.
    Turns(Arc<Mutex<Vec<Vec<Vec<u8>>>>>),
    /// Reads a request and never answers.
    Silent,
    /// Reads a request and hangs up.
    HangUpAfterRequest,
    /// Hangs up on whoever connects.
    HangUpAtOnce,
    /// Answers with the first bytes, then goes on with the second for ever, one by one every 5 ms.
    Drip(Vec<u8>, Vec<u8>),
    /// Answers with the first bytes, then repeats the second for ever as fast as it can.
    Flood(Vec<u8>, Vec<u8>),
}

#[derive(Default)]
struct Log {
    connections: usize,
    requests: Vec<String>,
    names: Vec<Option<String>>,
}

pub(crate) struct FarServer {
    address: SocketAddr,
    log: Arc<Mutex<Log>>,
    _tasks: JoinSet<()>,
}

impl FarServer {
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), manner, None).await
    }

    pub(crate) async fn start_tls(manner: Manner, tls: rustls::ServerConfig) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), manner, Some(acceptor)).await
    }

    pub(crate) async fn start_at(address: SocketAddr, manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, manner, tls, Arc::clone(&log)));
        Self { address, log, _tasks: tasks }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap().requests.clone()
    }

    /// The names TLS clients asked for.
    pub(crate) fn names(&self) -> Vec<Option<String>> {
        self.log.lock().unwrap().names.clone()
    }
}

async fn accept(listener: TcpListener, manner: Manner, tls: Option<TlsAcceptor>, log: Arc<Mutex<Log>>) {
    let mut visitors = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        log.lock().unwrap().connections += 1;
        visitors.spawn(welcome(stream, manner.clone(), tls.clone(), Arc::clone(&log)));
    }
}

async fn welcome(stream: TcpStream, manner: Manner, tls: Option<TlsAcceptor>, log: Arc<Mutex<Log>>) {
    if matches!(manner, Manner::HangUpAtOnce) {
        return;
    }
    let Some(acceptor) = tls else { return serve(stream, manner, log).await };
    if let Ok(stream) = acceptor.accept(stream).await {
        log.lock().unwrap().names.push(stream.get_ref().1.server_name().map(str::to_owned));
        serve(stream, manner, log).await;
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, manner: Manner, log: Arc<Mutex<Log>>) {
    while let Some(request) = read_request(&mut stream).await {
        log.lock().unwrap().requests.push(request);
        if answer(&mut stream, &manner).await.is_none() {
            return;
        }
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, manner: &Manner) -> Option<()> {
    match manner {
        Manner::Answer(bytes) => {
            stream.write_all(bytes).await.ok()?;
            stream.flush().await.ok()
        }
        Manner::Turns(turns) => {
            let pieces = {
                let mut turns = turns.lock().unwrap();
                if turns.len() > 1 { turns.remove(0) } else { turns.first()?.clone() }
            };
            in_pieces(stream, pieces).await
        }
        Manner::Silent => {
            stream.read_u8().await.ok()?; // until the client gives up
            None
        }
        Manner::HangUpAfterRequest | Manner::HangUpAtOnce => None,
        Manner::Drip(first, then) => drip(stream, first, then).await,
        Manner::Flood(first, then) => {
            stream.write_all(first).await.ok()?;
            loop {
                stream.write_all(then).await.ok()?;
            }
        }
    }
}

/// What was announced and never came is cut off.
async fn in_pieces<S: AsyncWrite + Unpin>(stream: &mut S, pieces: Vec<Vec<u8>>) -> Option<()> {
    for piece in pieces {
        stream.write_all(&piece).await.ok()?;
        stream.flush().await.ok()?;
    }
    None
}

async fn drip<S: AsyncWrite + Unpin>(stream: &mut S, first: &[u8], then: &[u8]) -> Option<()> {
    let mut beat = tokio::time::interval(Duration::from_millis(5));
    stream.write_all(first).await.ok()?;
    for byte in then.iter().cycle() {
        beat.tick().await;
        stream.write_all(&[*byte]).await.ok()?;
        stream.flush().await.ok()?;
    }
    None
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        bytes.push(stream.read_u8().await.ok()?);
        if bytes.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    bytes.extend(body);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
