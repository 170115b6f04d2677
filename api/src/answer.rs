//! Answers: what a command or query is told, with the headers that go with it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use draxis_event_store::Committed;
use serde::Serialize;

use crate::problem::Problem;

/// What every handler answers.
pub type Answered = Result<HttpResponse, Problem>;

/// A command's answer, byte for byte as it was recorded.
pub fn committed(done: Committed) -> HttpResponse {
    let status = StatusCode::from_u16(done.answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.insert_header(("Draxis-Position", done.position.get()));
    if let Some(version) = done.answer.version {
        response.insert_header((header::ETAG, format!("\"{version}\"")));
    }
    response.content_type("application/json").body(done.answer.body)
}

/// A JSON answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Answered {
    let body = serde_json::to_vec(body).map_err(|error| Problem::failed(&error))?;
    Ok(HttpResponse::build(status).content_type("application/json").body(body))
}

/// A thing that was looked for, with its version as `ETag`; the same refusal for foreign, missing and forbidden ids.
pub fn found<T: Serialize>(noun: &str, thing: Option<T>, version: impl Fn(&T) -> u64) -> Answered {
    let thing = thing.ok_or_else(|| Problem::not_found(noun))?;
    let mut response = json(StatusCode::OK, &thing)?;
    let etag = header::HeaderValue::from_str(&format!("\"{}\"", version(&thing)));
    response.headers_mut().insert(header::ETAG, etag.map_err(|error| Problem::failed(&error))?);
    Ok(response)
}
