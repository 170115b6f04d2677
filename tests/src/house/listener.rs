//! Somebody who listens to server-sent events.

use serde_json::Value;

/// Somebody who listens to a stream.
pub struct Listener {
    response: reqwest::Response,
    heard: String,
}

/// One event of a stream.
#[derive(Debug)]
pub struct Event {
    /// What it is called.
    pub name: String,
    /// Its id; zero where it has none.
    pub id: u64,
    /// What it says.
    pub data: Value,
}

impl Listener {
    /// Listens to an answer, which is a stream.
    pub fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.headers().get("content-type").expect("a type"), "text/event-stream");
        Self { response, heard: String::new() }
    }

    /// The next event; none once the stream has ended. What is no event is passed over.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) = self.heard.split_once("\n\n") {
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
                };
                let found = field("event").map(|name| Event {
                    name,
                    id: field("id").map_or(0, |id| id.parse().expect("a position")),
                    data: serde_json::from_str(&field("data").expect("data")).expect("JSON"),
                });
                let rest = rest.to_owned();
                self.heard = rest;
                if found.is_some() {
                    return found;
                }
            }
            let chunk = self.response.chunk().await.expect("the stream holds")?;
            self.heard.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// The next event, which is called so.
    pub async fn heard(&mut self, name: &str) -> Event {
        let event = self.next().await.expect("the stream goes on");
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}
