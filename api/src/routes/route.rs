//! One route: how it is served and how it is described.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Responder};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// Whoever presents an access token; what it must allow is for the command or query to say.
    Token,
}

/// A route with everything the description says of it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own that the description answers"
)]
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// Where.
    pub path: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Who may ask.
    pub access: Access,
    /// The schema of its body.
    pub body: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// The schema of its answer, where that is JSON.
    pub answer: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// The media type of its body, where that is not JSON.
    pub media_type: Option<&'static str>,
    /// The status of its success.
    pub success: u16,
    /// Whether it takes `If-Match`.
    pub versioned: bool,
    /// Its query parameters, each with what it means.
    pub parameters: Vec<(&'static str, &'static str)>,
    /// Whether its link works once.
    pub shows_once: bool,
    /// The schema of its answer where what it sets off outside goes on for longer than the caller waits.
    pub goes_on: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// What comes as events to who takes `text/event-stream`.
    pub events: Option<&'static str>,
    register: Box<dyn Fn(&mut ServiceConfig) + Send + Sync>,
}

fn route<F, Args>(method: Method, path: &'static str, summary: &'static str, handler: F) -> Route
where
    F: Handler<Args> + Send + Sync,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let served = method.clone();
    Route {
        method,
        path,
        summary,
        access: Access::Token,
        body: None,
        answer: None,
        media_type: None,
        success: 200,
        versioned: false,
        parameters: Vec::new(),
        shows_once: false,
        goes_on: None,
        events: None,
        register: Box::new(move |config| {
            config.route(path, web::method(served.clone()).to(handler.clone()));
        }),
    }
}

/// Declares the constructor of one method's routes.
macro_rules! methods {
    ($($name:ident $method:ident),+ $(,)?) => {$(
        pub(super) fn $name<F, Args>(path: &'static str, summary: &'static str, handler: F) -> Route
        where
            F: Handler<Args> + Send + Sync,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            route(Method::$method, path, summary, handler)
        }
    )+};
}

methods!(get GET, post POST, put PUT, delete DELETE);

impl Route {
    pub(super) fn open(self) -> Self {
        Self { access: Access::Open, ..self }
    }

    pub(super) fn body<T: JsonSchema>(self) -> Self {
        Self { body: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    pub(super) fn answers<T: JsonSchema>(self) -> Self {
        Self { answer: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    pub(super) fn media(self, media_type: &'static str) -> Self {
        Self { media_type: Some(media_type), ..self }
    }

    pub(super) fn status(self, success: u16) -> Self {
        Self { success, ..self }
    }

    pub(super) fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }

    pub(super) fn shows_once(self) -> Self {
        Self { shows_once: true, ..self }
    }

    pub(super) fn goes_on<T: JsonSchema>(self) -> Self {
        Self { goes_on: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    pub(super) fn events(self, meaning: &'static str) -> Self {
        Self { events: Some(meaning), ..self }
    }

    pub(super) fn parameter(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.parameters.push((name, meaning));
        self
    }

    pub(super) fn paged(self) -> Self {
        self.parameter("limit", "How many, at most 200")
            .parameter("cursor", "Where the last answer ended (nextCursor)")
    }

    /// Serves it.
    pub fn register(&self, config: &mut ServiceConfig) {
        (self.register)(config);
    }

    /// Whether it is a command, which takes an `Idempotency-Key` and answers with `Draxis-Position`.
    pub fn is_command(&self) -> bool {
        self.method != Method::GET && self.access == Access::Token
    }

    /// Whether it is where people show who they are, which is counted by address.
    pub fn is_sign_in(&self) -> bool {
        self.path.starts_with("/api/auth/") || self.path == "/api/invitations/{token}/accept"
    }

    /// Whether something is sent to it.
    pub fn takes_a_body(&self) -> bool {
        self.body.is_some() || self.media_type.is_some() || self.is_command() || self.method == Method::POST
    }

    /// The names in its path's braces.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
