//! What comes to a source by itself: a batch or a file of values, by an access token or by the source's own push token.

use std::future::Future;
use std::io;
use std::pin::Pin;

use actix_web::dev::Payload as DevPayload;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{FromRequest, HttpRequest};
use draxis_commands::identity::{MachineToken, MachineTokenKind};
use draxis_commands::{Caller, CommandError, Context, Permission};
use draxis_domain::SourceId;
use draxis_domain::source::DeliveryWay;
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::app::App;
use crate::body;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{bearer, idempotency_key, request_id};

/// The largest file: one of the most rows fits.
const LARGEST_FILE: usize = 8 << 20;
/// How many pieces of a file wait for whoever reads it.
const WAITING: usize = 4;

/// Whoever delivers, before anything of what they deliver has been read.
struct Deliverer {
    caller: Caller,
    /// The one source that the token is for, where it is a push token.
    only: Option<SourceId>,
    media_type: String,
}

/// A batch of values, as it came.
pub struct Delivered {
    /// Everything besides the values.
    pub context: Context,
    bytes: Bytes,
    deliverer: Deliverer,
}

/// A file of values that is still to come.
pub struct Arriving {
    request: HttpRequest,
    payload: Payload,
    deliverer: Deliverer,
}

impl Deliverer {
    async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let (caller, only) = whoever_delivers(request).await?;
        Ok(Self { caller, only, media_type: media_type(request) })
    }

    /// The source it is for, once it is sure that the caller may write to it and that it takes values in this way.
    async fn receiver(&self, app: &App, id: &Id<SourceId>, way: DeliveryWay) -> Result<SourceId, Problem> {
        self.caller.must(Permission::WriteValues)?;
        let source = id.get("source")?;
        // Another source than the token's own is none that its holder may know of (hazards A5).
        if self.only.is_some_and(|own| own != source) {
            return Err(Problem::not_found("source"));
        }
        app.source_runs.must_receive(self.caller.tenant()?, source, way).await?;
        Ok(source)
    }

    fn must_send(&self, media_type: &'static str) -> Result<(), Problem> {
        if self.media_type.eq_ignore_ascii_case(media_type) {
            Ok(())
        } else {
            Err(Problem::wrong_media_type(media_type))
        }
    }
}

impl Delivered {
    /// The source it is for.
    pub async fn receiver(&self, app: &App, id: &Id<SourceId>) -> Result<SourceId, Problem> {
        self.deliverer.receiver(app, id, DeliveryWay::Push).await
    }

    /// The body, where it is text of this media type.
    pub fn text(&self, media_type: &'static str) -> Result<&str, Problem> {
        self.deliverer.must_send(media_type)?;
        str::from_utf8(&self.bytes).map_err(|_| Problem::malformed("not_utf8", "the body is not UTF-8 text"))
    }
}

impl Arriving {
    /// The source it is for.
    pub async fn receiver(
        &self,
        app: &App,
        id: &Id<SourceId>,
        media_type: &'static str,
    ) -> Result<SourceId, Problem> {
        let source = self.deliverer.receiver(app, id, DeliveryWay::Upload).await?;
        self.deliverer.must_send(media_type)?;
        Ok(source)
    }

    /// Hands the file piece by piece, as it comes, to whoever reads it; the whole of it is nowhere (hazards A4).
    pub async fn read<T: Send + 'static>(
        self,
        read: impl FnOnce(Pieces) -> T + Send + 'static,
    ) -> Result<(Context, T), Problem> {
        let Self { request, mut payload, deliverer } = self;
        let (pieces, coming) = mpsc::channel(WAITING);
        let reading = tokio::task::spawn_blocking(move || read(Pieces { coming, piece: Bytes::new() }));
        // Where the file is refused half-way, so is whatever was read of it.
        let digest = hand_over(&request, &mut payload, pieces).await?;
        let read = reading.await.map_err(CommandError::failed)?;
        let context = Context {
            key: idempotency_key(&request, &deliverer.caller, &digest)?,
            request: request_id(&request),
            ..Context::of(deliverer.caller)
        };
        Ok((context, read))
    }
}

/// Hands the body over within its bounds, and answers with its SHA-256. Once nobody wants to know more of it, it is only counted.
async fn hand_over(
    request: &HttpRequest,
    payload: &mut Payload,
    pieces: mpsc::Sender<Bytes>,
) -> Result<[u8; 32], Problem> {
    body::must_fit(request, LARGEST_FILE)?;
    let (mut digest, mut length) = (Sha256::new(), 0_usize);
    while let Some(piece) = payload.next().await {
        let piece =
            piece.map_err(|_| Problem::malformed("broken_body", "the body broke off before its end"))?;
        length = length.saturating_add(piece.len());
        if length > LARGEST_FILE {
            return Err(Problem::too_large(LARGEST_FILE));
        }
        digest.update(&piece);
        if !pieces.is_closed() {
            drop(pieces.send(piece).await);
        }
    }
    Ok(digest.finalize().into())
}

/// The pieces of a file as one that can be read.
pub struct Pieces {
    coming: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl io::Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.coming.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let piece = self.piece.split_to(self.piece.len().min(into.len()));
        into.iter_mut().zip(&piece).for_each(|(to, from)| *to = *from);
        Ok(piece.len())
    }
}

impl FromRequest for Delivered {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut DevPayload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload);
        Box::pin(async move {
            let deliverer = Deliverer::of(&request).await?;
            let mut payload =
                payload.await.map_err(|_| Problem::malformed("broken_body", "the body cannot be read"))?;
            let bytes = body::read(&request, &mut payload, body::LIMIT).await?;
            let context = Context {
                key: idempotency_key(&request, &deliverer.caller, &bytes)?,
                request: request_id(&request),
                ..Context::of(deliverer.caller.clone())
            };
            Ok(Self { context, bytes, deliverer })
        })
    }
}

impl FromRequest for Arriving {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut DevPayload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload);
        Box::pin(async move {
            let deliverer = Deliverer::of(&request).await?;
            let payload =
                payload.await.map_err(|_| Problem::malformed("broken_body", "the body cannot be read"))?;
            Ok(Self { request, payload, deliverer })
        })
    }
}

async fn whoever_delivers(request: &HttpRequest) -> Result<(Caller, Option<SourceId>), Problem> {
    let app = request.app_data::<Data<App>>().ok_or_else(Problem::unauthenticated)?;
    let token = bearer(request).ok_or(CommandError::NoSession)?;
    if let Some(named @ MachineToken { kind: MachineTokenKind::Push, .. }) = MachineToken::parse(token) {
        let (caller, source) = app.commands.push_caller(named, token).await?;
        return Ok((caller, Some(source)));
    }
    let caller = app.identity.authenticate(token).await?;
    if caller.must_enroll() {
        return Err(CommandError::EnrollFirst.into());
    }
    Ok((caller, None))
}

fn media_type(request: &HttpRequest) -> String {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_owned()
}
