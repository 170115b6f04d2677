//! The HTTP server: the routes, and what happens to every request on its way in and out.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App as Actix, HttpMessage, HttpRequest, HttpResponse, HttpServer, ResponseError};
use tracing::Instrument as _;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::App;
use crate::problem::Problem;
use crate::request::RequestId;
use crate::routes::routes;

/// How many requests are answered at once by one process is bounded by its connections.
const CONNECTIONS: usize = 10_000;

/// Serves the program on a listener until it is told to stop.
pub fn serve(app: App, listener: TcpListener) -> std::io::Result<Server> {
    let app = Data::new(app);
    let server = HttpServer::new(move || {
        let mut actix = Actix::new()
            .app_data(app.clone())
            .wrap(from_fn(observed))
            .wrap(
                DefaultHeaders::new()
                    .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                    .add((header::REFERRER_POLICY, "no-referrer"))
                    .add((header::X_FRAME_OPTIONS, "DENY")),
            )
            .default_service(web::to(no_route));
        // A path without places is compared, one with places is searched for by a regular expression. The former first: nobody
        // waits for all of the latter to miss.
        let mut routes = routes();
        routes.sort_by_key(|route| route.path.contains('{'));
        for route in routes {
            actix = actix.configure(|config| route.register(config));
        }
        actix.service(SwaggerUi::new("/api/docs/{_:.*}").config(Config::from("/api/openapi.json")))
    });
    Ok(server
        .max_connections(CONNECTIONS)
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(20)
        .disable_signals()
        .listen(listener)?
        .run())
}

/// A request to nowhere: either nothing is there, or it takes other methods.
async fn no_route(request: HttpRequest) -> HttpResponse {
    let asked: Vec<&str> = request.path().split('/').collect();
    let fits = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        parts.len() == asked.len()
            && parts.iter().zip(&asked).all(|(part, given)| part.starts_with('{') || part == given)
    };
    let mut methods: Vec<String> =
        routes().iter().filter(|route| fits(route.path)).map(|route| route.method.to_string()).collect();
    methods.sort();
    methods.dedup();
    if methods.is_empty() {
        Problem::no_route().error_response()
    } else {
        Problem::method_not_allowed(methods.join(", ")).error_response()
    }
}

/// Names, logs and counts every request. The path is logged as its route, so that a token in it never is.
async fn observed(
    request: ServiceRequest,
    next: Next<impl actix_web::body::MessageBody>,
) -> Result<ServiceResponse<impl actix_web::body::MessageBody>, actix_web::Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else { return next.call(request).await };
    let id = app.commands.ids().next().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let method = request.method().to_string();
    let span = tracing::info_span!("request", request.id = %id, http.method = %method, http.route = %route);
    let began = Instant::now();
    let mut response = next.call(request).instrument(span.clone()).await?;
    let took = began.elapsed();
    let status = response.status().as_u16();
    app.metrics.answered(&method, &route, status, took);
    span.in_scope(|| {
        tracing::debug!(http.status = status, took_ms = took.as_millis(), "a request was answered");
    });
    if let Ok(value) = header::HeaderValue::from_str(&id) {
        response.headers_mut().insert(header::HeaderName::from_static("x-request-id"), value);
    }
    if !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    }
    Ok(response)
}
