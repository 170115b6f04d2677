//! What comes to a source by itself: a body of values, by an access token or by the source's own push token.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as DevPayload;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{FromRequest, HttpRequest};
use draxis_commands::identity::{MachineToken, MachineTokenKind};
use draxis_commands::{Caller, CommandError, Context, Permission};
use draxis_domain::SourceId;
use draxis_domain::source::DeliveryWay;

use crate::app::App;
use crate::body;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{bearer, idempotency_key, request_id};

/// The largest delivery: an uploaded file of the most rows fits.
const LIMIT: usize = 2 << 20;

/// A body of values, as it came.
pub struct Delivered {
    /// Everything besides the values.
    pub context: Context,
    bytes: Bytes,
    media_type: String,
    /// The one source that the token is for, where it is a push token.
    only: Option<SourceId>,
}

impl Delivered {
    /// The source it is for, once it is sure that the caller may write to it and that it takes values in this way.
    pub async fn receiver(
        &self,
        app: &App,
        id: &Id<SourceId>,
        way: DeliveryWay,
    ) -> Result<SourceId, Problem> {
        let caller = &self.context.caller;
        caller.must(Permission::WriteValues)?;
        let source = id.get("source")?;
        // Another source than the token's own is none that its holder may know of (hazards A5).
        if self.only.is_some_and(|own| own != source) {
            return Err(Problem::not_found("source"));
        }
        app.source_runs.must_receive(caller.tenant()?, source, way).await?;
        Ok(source)
    }

    /// The body, where it is text of this media type.
    pub fn text(&self, media_type: &'static str) -> Result<&str, Problem> {
        if !self.media_type.eq_ignore_ascii_case(media_type) {
            return Err(Problem::wrong_media_type(media_type));
        }
        str::from_utf8(&self.bytes).map_err(|_| Problem::malformed("not_utf8", "the body is not UTF-8 text"))
    }
}

impl FromRequest for Delivered {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut DevPayload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload);
        Box::pin(async move {
            let (caller, only) = whoever_delivers(&request).await?;
            let mut payload =
                payload.await.map_err(|_| Problem::malformed("broken_body", "the body cannot be read"))?;
            let bytes = body::read(&request, &mut payload, LIMIT).await?;
            let context = Context {
                key: idempotency_key(&request, &caller, &bytes)?,
                request: request_id(&request),
                ..Context::of(caller)
            };
            Ok(Self { context, bytes, media_type: media_type(&request), only })
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
