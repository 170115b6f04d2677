//! Health: whether the process lives, whether it can work, and what it counts.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use draxis_domain::TenantId;
use serde_json::json;

use crate::answer::{Answered, json as answer};
use crate::app::App;

/// `GET /healthz`: the process lives.
pub async fn healthz() -> Answered {
    answer(StatusCode::OK, &json!({ "status": "ok" }))
}

/// `GET /readyz`: the database answers.
pub async fn readyz(app: Data<App>) -> Answered {
    match draxis_event_store::head(&app.commands.pools().app, TenantId::PLATFORM).await {
        Ok(_) => answer(StatusCode::OK, &json!({ "status": "ready" })),
        Err(_) => {
            answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "the database does not answer" }))
        }
    }
}

/// `GET /metrics`, for Prometheus.
pub async fn metrics(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(app.metrics.text())
}
