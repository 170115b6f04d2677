//! A far system on loopback that answers, hangs or refuses, by the path it is asked under, and counts what it is asked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use draxis_runner::connector::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The vendor id of its manifest.
pub(super) const VENDOR: &str = "counting-house";

const MANIFEST: &str = r#"
vendor = "counting-house"
name = "Counting House"
source_type = "generic"
base_url = "https://counting.example"

[auth]
kind = "none"

[[requests]]
id = "count"
reads = "the count"
path = "/count"
each_has = ["count"]

[[kris]]
slug = "open_findings"
name = "Open findings"
unit = "count"
direction = "higher_is_worse"
warn = "1"
critical = "10"
needs = ["count"]
value = ".count.count"
"#;

/// The connectors there are, and this one.
pub(super) fn registry() -> Registry {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    Registry::open(Some(folder.path())).unwrap()
}

fn write(folder: &Path) {
    std::fs::write(folder.join("counting-house.toml"), MANIFEST).unwrap();
}

/// The far system. Dropping it closes every connection.
pub(super) struct Far {
    base: String,
    asked: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Far {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (mut tasks, count) = (JoinSet::new(), Arc::clone(&asked));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(answer(stream, Arc::clone(&count)));
            }
        });
        Self { base, asked, _tasks: tasks }
    }

    /// Where it answers.
    pub(super) fn answering(&self) -> String {
        format!("{}/answers", self.base)
    }

    /// Where it takes what it is asked and never says a word.
    pub(super) fn hanging(&self) -> String {
        format!("{}/hangs", self.base)
    }

    /// Where it refuses.
    pub(super) fn refusing(&self) -> String {
        format!("{}/refuses", self.base)
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn answer(mut stream: TcpStream, asked: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let request = String::from_utf8_lossy(&request);
    if request.contains(" /hangs") {
        std::future::pending::<()>().await;
    }
    let status = if request.contains(" /refuses") { "401 Unauthorized" } else { "200 OK" };
    let body = r#"{"count": 3}"#;
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // Whoever hung up does not want to know.
    drop(stream.write_all(reply.as_bytes()).await);
}
