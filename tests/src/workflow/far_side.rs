//! A far system on loopback that answers each path as told and keeps what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// What came in.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> String {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }
}

pub(super) struct FarSide {
    pub(super) base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FarSide {
    /// Answers with the reply whose key begins the request line, else with 404.
    pub(super) fn start(replies: &'static [(&'static str, u16, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
                let mut line = String::new();
                reader.read_line(&mut line).expect("a request line");
                let (mut headers, mut length) = (Vec::new(), 0);
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).expect("a header");
                    let Some((name, value)) = header.trim().split_once(':') else { break };
                    let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
                    if name == "content-length" {
                        length = value.parse().expect("a length");
                    }
                    headers.push((name, value));
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("a body");
                let body = String::from_utf8(body).expect("text");
                let reply = replies.iter().find(|(key, ..)| line.starts_with(key));
                let (status, text) = reply.map_or((404, "{}"), |(_, status, text)| (*status, *text));
                kept.lock().expect("nobody fails").push(Asked { line, headers, body });
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n\
                                content-length: {}\r\n\r\n{text}",
                    text.len()
                )
                .expect("the client listens");
            }
        });
        Self { base, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody fails").clone()
    }
}
