//! An answer of the panel as server-sent events (WHATWG HTML, section 9.2).
//!
//! What the events are stands in [`super::EVENTS`]. Words are sent while a model thinks, figures once they are checked: a figure that
//! is struck out was never shown as one that holds.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use bytes::Bytes;
use draxis_commands::panel::PanelAnswer;
use draxis_commands::{Context, Permission};
use draxis_event_store::Committed;
use draxis_runner::panel::{Listener, PanelDesk, PanelError, Told};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::answer::Answered;
use crate::app::App;
use crate::panel::event_stream;
use crate::problem::Problem;
use crate::streams::Seat;

/// How long a stream is silent at most.
const HEARTBEAT: Duration = Duration::from_secs(15);

type Work = Pin<Box<dyn Future<Output = Result<Committed, PanelError>>>>;

/// An answer on its way.
struct Answering {
    /// The work; none once it is done.
    work: Option<Work>,
    told: UnboundedReceiver<Told>,
    waiting: VecDeque<Bytes>,
    _seat: Seat,
}

/// Answers with the events of some work at the desk. What can be refused at once is refused as any request is.
pub(super) fn answered<W>(
    app: &Data<App>,
    (context, status): (Context, StatusCode),
    work: impl FnOnce(PanelDesk, Context, Listener) -> W,
) -> Answered
where
    W: Future<Output = Result<Committed, PanelError>> + 'static,
{
    let tenant = context.caller.tenant()?;
    context.caller.must(Permission::AskPanel)?;
    let seat = app.streams.take(tenant)?;
    let (listener, told) = unbounded_channel();
    let work: Work = Box::pin(work(app.panel.clone(), context, Some(listener)));
    let answering = Answering { work: Some(work), told, waiting: VecDeque::new(), _seat: seat };
    Ok(event_stream(status).streaming(stream::unfold(answering, Answering::next)))
}

fn event(name: &str, data: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

impl Answering {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return Some((Ok(piece), self));
            }
            let work = self.work.as_mut()?;
            tokio::select! {
                biased;
                Some(told) = self.told.recv() => self.waiting.push_back(meanwhile(told)),
                done = work => {
                    self.work = None;
                    while let Ok(told) = self.told.try_recv() {
                        self.waiting.push_back(meanwhile(told));
                    }
                    self.waiting.extend(pieces(done));
                }
                () = tokio::time::sleep(HEARTBEAT) => {
                    self.waiting.push_back(Bytes::from_static(b": still here\n\n"));
                }
            }
        }
    }
}

fn meanwhile(told: Told) -> Bytes {
    match told {
        Told::Begun { id, position } => event("session", &json!({ "id": id, "position": position })),
        Told::Step { what } => event("step", &json!({ "what": what })),
        Told::Draft { nth, text } => event("draft", &json!({ "nth": nth, "text": text, "checked": false })),
    }
}

/// The answer, piece by piece and as a whole.
fn pieces(done: Result<Committed, PanelError>) -> Vec<Bytes> {
    let done = match done {
        Ok(done) => done,
        Err(error) => return vec![event("problem", &json!(Problem::from(error)))],
    };
    let body: Value = serde_json::from_slice(&done.answer.body).unwrap_or_default();
    let Ok(answer) = serde_json::from_value::<PanelAnswer>(body.clone()) else {
        return vec![event("answer", &body)];
    };
    let mut pieces = vec![event("experts", &json!({ "experts": answer.experts }))];
    pieces.extend(
        answer
            .answer
            .split_inclusive(char::is_whitespace)
            .map(|text| event("token", &json!({ "text": text }))),
    );
    pieces.push(Bytes::from(format!("event: answer\nid: {}\ndata: {body}\n\n", done.position)));
    pieces
}
