//! The dashboard: `GET /api/dashboard`, now or as of a past position or time.
//!
//! `asOf` alone shows what was shown then. With `knownAt` the two clocks differ: what was true at `asOf`, as it is known at
//! `knownAt`, so that a correction made in between shows.

mod stream;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use draxis_commands::Permission;
use draxis_domain::Position;
use draxis_projections::AsOf;
use serde::Deserialize;

use crate::answer::Answered;
use crate::app::App;
use crate::problem::Problem;
use crate::request::Query;

pub use crate::dashboard::stream::stream;

/// The query parameters of the dashboard.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DashboardQuery {
    as_of: Option<DateTime<Utc>>,
    position: Option<u64>,
    known_at: Option<DateTime<Utc>>,
}

/// `GET /api/dashboard`.
pub async fn show(app: Data<App>, query: Query<DashboardQuery>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let reads = &app.read_models;
    let DashboardQuery { as_of, position, known_at } = query.parameters;
    let dashboard = match (as_of, position, known_at) {
        (None, None, None) => reads.dashboard(tenant, query.at_least).await?,
        (Some(time), None, None) => Arc::new(reads.dashboard_as_of(tenant, AsOf::Time(time)).await?),
        (None, Some(position), None) => {
            let as_of = AsOf::Position(Position::new(position));
            Arc::new(reads.dashboard_as_of(tenant, as_of).await?)
        }
        (Some(time), None, Some(known_at)) if known_at >= time => {
            Arc::new(reads.dashboard_known_at(tenant, time, known_at).await?)
        }
        (Some(_), Some(_), _) => return Err(Problem::invalid_at("/asOf", "give asOf or position, not both")),
        (_, _, Some(_)) => {
            return Err(Problem::invalid_at("/knownAt", "must go with an asOf that is not later"));
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header(("Draxis-Position", dashboard.position.get()))
        .content_type("application/json")
        .body(dashboard.body.clone()))
}
