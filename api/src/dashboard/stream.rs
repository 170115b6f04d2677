//! `GET /api/dashboard/stream`: server-sent events of what changes on a tenant's dashboard (WHATWG HTML, section 9.2).
//!
//! `ready` says at which position the stream begins, to a client that brings no `Last-Event-ID`; it then reads the dashboard at
//! that position or later. `change` holds what has changed since the event before. Each id is a position of the stream, with
//! which a later request goes on where this one ended. `end` says that the token no longer holds.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use draxis_commands::Permission;
use draxis_domain::{Position, TenantId};
use draxis_event_store::head;
use draxis_projections::{AsOf, ReadError, RenderedDashboard};
use futures_util::stream;
use tokio::time::Instant;

use crate::answer::Answered;
use crate::app::App;
use crate::problem::Problem;
use crate::request::{Nothing, Query, bearer};
use crate::streams::Seat;

/// How long a stream is silent at most: shorter than the patience of any proxy on the way.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often the head is looked at where nobody wakes the stream: what other processes write is seen no later.
const POLL: Duration = Duration::from_secs(2);
/// How often changes are told at most; those of a busy moment are told together.
const PACE: Duration = Duration::from_millis(200);

/// One stream.
struct Watching {
    app: Data<App>,
    seat: Seat,
    tenant: TenantId,
    token: String,
    /// What the client has; none until it is told where the stream begins.
    shown: Option<Arc<RenderedDashboard>>,
    /// The last position that was looked at.
    position: Position,
    last_told: Instant,
    over: bool,
}

/// `GET /api/dashboard/stream`.
pub async fn stream(app: Data<App>, request: HttpRequest, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let seat = app.streams.take(tenant)?;
    let token = bearer(&request).unwrap_or_default().to_owned();
    let shown = match last_event_id(&request)? {
        Some(seen) => Some(Arc::new(app.read_models.dashboard_as_of(tenant, AsOf::Position(seen)).await?)),
        None => None,
    };
    let position = shown.as_ref().map(|shown| shown.position).unwrap_or_default();
    let last_told = Instant::now();
    let watching = Watching { app, seat, tenant, token, shown, position, last_told, over: false };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(watching, Watching::next)))
}

/// The position in `Last-Event-ID`; an empty one is what a client sends that has seen none.
fn last_event_id(request: &HttpRequest) -> Result<Option<Position>, Problem> {
    let Some(seen) = request.headers().get("Last-Event-ID") else { return Ok(None) };
    let seen = seen.to_str().unwrap_or_default().trim();
    if seen.is_empty() {
        return Ok(None);
    }
    seen.parse().map(|seen| Some(Position::new(seen))).map_err(|_| {
        Problem::malformed("bad_last_event_id", "Last-Event-ID must be an id that this stream has sent")
    })
}

fn event(name: &str, id: Position, data: &[u8]) -> Bytes {
    let mut text = format!("event: {name}\nid: {id}\ndata: ").into_bytes();
    text.extend_from_slice(data);
    text.extend_from_slice(b"\n\n");
    Bytes::from(text)
}

impl Watching {
    /// The next words of the stream, once there are any.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if self.over {
            return None;
        }
        loop {
            if self.app.identity.authenticate(&self.token).await.is_err() {
                self.over = true;
                let end = event(
                    "end",
                    self.position,
                    br#"{"reason":"the token no longer holds; take another one"}"#,
                );
                return Some((Ok(end), self));
            }
            match self.news().await {
                Ok(Some(told)) => {
                    self.last_told = Instant::now();
                    return Some((Ok(told), self));
                }
                Ok(None) => {}
                Err(error) => {
                    // The client comes back with the last id, and is answered whatever the matter is then.
                    let _logged = Problem::from(error);
                    return None;
                }
            }
            if self.last_told.elapsed() >= HEARTBEAT {
                self.last_told = Instant::now();
                // Without data it is no event, but the id counts.
                let beat = format!("id: {}\n: still here\n\n", self.position);
                return Some((Ok(Bytes::from(beat)), self));
            }
            if !self.wait().await {
                return None;
            }
        }
    }

    /// What has changed since the client was told last.
    async fn news(&mut self) -> Result<Option<Bytes>, ReadError> {
        let app = Data::clone(&self.app);
        let newest = head(&app.commands.pools().app, self.tenant).await?;
        if self.shown.is_some() && newest <= self.position {
            return Ok(None);
        }
        let now = app.read_models.dashboard(self.tenant, Some(newest)).await?;
        self.position = now.position;
        let told = match &self.shown {
            Some(shown) => now.changes_since(shown).map(|changes| event("change", now.position, &changes)),
            None => {
                Some(event("ready", now.position, format!("{{\"position\":{}}}", now.position).as_bytes()))
            }
        };
        if told.is_some() {
            self.shown = Some(now);
        }
        Ok(told)
    }

    /// Waits for a reason to look again; false where the program stops.
    async fn wait(&mut self) -> bool {
        let poll = (Instant::now() + POLL).min(self.last_told + HEARTBEAT);
        let paced = self.last_told + PACE;
        let ending = self.seat.ending();
        let reason = async {
            tokio::select! {
                () = self.seat.woken() => {}
                () = tokio::time::sleep_until(poll) => {}
            }
            tokio::time::sleep_until(paced).await;
        };
        ending.run_until_cancelled(reason).await.is_some()
    }
}
