//! A far system on loopback that answers, waits, hangs or fails, by the first word of the path it is asked under.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The far system. Dropping it closes every connection.
pub(super) struct Far {
    base: String,
    most_at_once: Arc<AtomicUsize>,
    let_go: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Far {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (let_go, gone) = watch::channel(false);
        let (at_once, most_at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (mut tasks, most) = (JoinSet::new(), Arc::clone(&most_at_once));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (at_once, most, gone) = (Arc::clone(&at_once), Arc::clone(&most), gone.clone());
                connections.spawn(async move {
                    most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    answer(stream, gone).await;
                    at_once.fetch_sub(1, Ordering::SeqCst);
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { base, most_at_once, let_go, _tasks: tasks }
    }

    /// Where it behaves in that manner.
    pub(super) fn at(&self, manner: &str) -> String {
        format!("{}/{manner}", self.base)
    }

    /// How many connections it had at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// Hangs up on everybody who is kept hanging, and answers everybody who is kept waiting.
    pub(super) fn let_go(&self) {
        self.let_go.send(true).unwrap();
    }
}

async fn answer(mut stream: TcpStream, mut gone: watch::Receiver<bool>) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let request = String::from_utf8_lossy(&request);
    let status = match request.split(['/', ' ']).nth(2).unwrap_or_default() {
        manner @ ("hangs" | "waits") => {
            // Until it is let go, or whoever asks has had enough.
            let let_go = tokio::select! {
                _ = gone.wait_for(|gone| *gone) => true,
                _ = stream.read_u8() => false,
            };
            if !let_go || manner == "hangs" {
                return;
            }
            "200 OK"
        }
        "refuses" => "401 Unauthorized",
        "breaks" => "503 Service Unavailable",
        _ => "200 OK",
    };
    let body = r#"{"count": 3}"#;
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // Whoever hung up does not want to know.
    drop(stream.write_all(reply.as_bytes()).await);
}
