//! A model on loopback that speaks `OpenAI`'s protocol, for as long as the test lasts: its replies are cut into small pieces, and the
//! first answer can be held half-way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

/// What a model calls next, made of what it was asked.
type Next = dyn Fn(&Value) -> Vec<(String, Value)> + Send + Sync;

/// A model.
pub struct FarModel {
    base: String,
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    /// Whether the answer that is held has come half-way.
    held: watch::Receiver<bool>,
    let_go: Arc<Barrier>,
}

/// What a connection is served with.
struct Serving {
    next: Box<Next>,
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    /// Words of the instructions of whoever is held.
    holding: Option<&'static str>,
    half_way: watch::Sender<bool>,
    let_go: Arc<Barrier>,
}

impl FarModel {
    /// One that says what `next` makes of what it is asked.
    pub fn start(next: impl Fn(&Value) -> Vec<(String, Value)> + Send + Sync + 'static) -> Self {
        Self::with(Box::new(next), None)
    }

    /// The same, but it stops half-way through its first answer as whoever is told so, until it is let go.
    pub fn holding(
        told: &'static str,
        next: impl Fn(&Value) -> Vec<(String, Value)> + Send + Sync + 'static,
    ) -> Self {
        Self::with(Box::new(next), Some(told))
    }

    fn with(next: Box<Next>, holding: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let heard = Arc::default();
        let ((half_way, held), let_go) = (watch::channel(false), Arc::new(Barrier::new(2)));
        let serving =
            Serving { next, heard: Arc::clone(&heard), holding, half_way, let_go: Arc::clone(&let_go) };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                drop(serving.serve(stream));
            }
        });
        Self { base, heard, held, let_go }
    }

    /// Where it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The body that chooses it, with a key.
    pub fn choice(&self, key: &str) -> Value {
        json!({"provider": "openai", "model": "far", "baseUrl": self.base, "key": key})
    }

    /// What it was sent: heads and bodies.
    pub fn heard(&self) -> Vec<(String, Value)> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it is half-way through the answer that is held.
    pub async fn is_held(&mut self) {
        self.held.wait_for(|held| *held).await.expect("the model goes on");
    }

    /// Lets it go on, once it is held.
    pub fn let_go(&self) {
        self.let_go.wait();
    }
}

impl Serving {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let length =
            head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let body: Value = serde_json::from_slice(&body)?;
        let calls = (self.next)(&body);
        let instructions = body.pointer("/messages/0").map(Value::to_string).unwrap_or_default();
        let held = self.holding.is_some_and(|told| instructions.contains(told))
            && calls.iter().any(|(name, _)| name == "answer");
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push((head, body));
        let told = streamed(&calls);
        let mut stream = reader.into_inner();
        let (one, other) = told.as_bytes().split_at(told.len() / 2);
        in_pieces(&mut stream, one)?;
        if held && !self.half_way.send_replace(true) {
            self.let_go.wait();
        }
        in_pieces(&mut stream, other)
    }
}

/// Sends bytes cut anywhere.
fn in_pieces(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for piece in bytes.chunks(11) {
        stream.write_all(piece)?;
        stream.flush()?;
    }
    Ok(())
}

/// Calls as the protocol streams them, their arguments in small pieces.
fn streamed(calls: &[(String, Value)]) -> String {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
    let mut events = Vec::new();
    for (n, (name, with)) in calls.iter().enumerate() {
        let begun = json!({"index": n, "id": format!("c{n}"), "type": "function", "function": {"name": name, "arguments": ""}});
        events.push(delta(json!({"tool_calls": [begun]})));
        let letters: Vec<char> = with.to_string().chars().collect();
        for piece in letters.chunks(9) {
            let piece: String = piece.iter().collect();
            let went_on = json!({"index": n, "function": {"arguments": piece}});
            events.push(delta(json!({"tool_calls": [went_on]})));
        }
    }
    events.push(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}));
    events.push(json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}));
    let mut body = String::new();
    for event in events {
        body.extend(["data: ", &event.to_string(), "\n\n"]);
    }
    body.push_str("data: [DONE]\n\n");
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
