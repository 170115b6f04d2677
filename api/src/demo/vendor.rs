//! Vendors on loopback that answer from recorded replies in the shape their documentation gives.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use draxis_event_store::{Clock as _, SystemClock};
use draxis_runner::connector::replay::{Asked, Turns, Vendor};

/// The demo's vendors, each on a port of its own.
pub(super) struct Vendors {
    pub(super) tenable: SocketAddr,
    pub(super) okta: SocketAddr,
}

/// A vendor and how often each of its exchanges has been asked for.
struct Played {
    vendor: Vendor,
    base: String,
    turns: Turns,
}

pub(super) fn start() -> std::io::Result<Vendors> {
    Ok(Vendors {
        tenable: play(
            "tenable-io",
            include_str!("../../../fixtures/vendors/tenable-io/complete/replies.json"),
        )?,
        okta: play("okta", include_str!("../../../fixtures/vendors/okta/complete/replies.json"))?,
    })
}

fn play(name: &str, replies: &str) -> std::io::Result<SocketAddr> {
    let vendor = Vendor::parse(name, replies).map_err(std::io::Error::other)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let played =
        Data::from(Arc::new(Played { vendor, base: format!("http://{address}"), turns: Turns::default() }));
    let server =
        HttpServer::new(move || App::new().app_data(played.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run();
    actix_web::rt::spawn(server);
    Ok(address)
}

async fn answer(played: Data<Played>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let body = String::from_utf8_lossy(&body);
    let path_and_query = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let asked = Asked {
        method: request.method().as_str(),
        path_and_query,
        headers: &headers,
        body: &body,
        base: &played.base,
        now: SystemClock.now(),
    };
    let Some(reply) = played.vendor.answer(&asked, &played.turns) else {
        return HttpResponse::NotFound().finish();
    };
    let mut response = HttpResponse::build(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK));
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    response.body(reply.body)
}
