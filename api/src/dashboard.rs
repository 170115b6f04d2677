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
use draxis_projections::AsOf;
use serde::Deserialize;

use crate::answer::Answered;
use crate::app::App;
use crate::past::{come, looked_back_at};
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
    let now = app.commands.clock().now();
    let dashboard = match (looked_back_at(now, (as_of, position))?, known_at) {
        (None, None) => reads.dashboard(tenant, query.at_least).await?,
        (Some(as_of), None) => Arc::new(reads.dashboard_as_of(tenant, as_of).await?),
        (Some(AsOf::Time(time)), Some(known_at)) if known_at >= time => {
            let known_at = come("/knownAt", known_at, now)?;
            Arc::new(reads.dashboard_known_at(tenant, time, known_at).await?)
        }
        (None | Some(AsOf::Position(_) | AsOf::Time(_)), Some(_)) => {
            return Err(Problem::invalid_at("/knownAt", "must go with an asOf that is not later"));
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header(("Draxis-Position", dashboard.position.get()))
        .content_type("application/json")
        .body(dashboard.body.clone()))
}
