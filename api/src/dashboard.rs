//! The dashboard: `GET /api/dashboard`, now or as of a past position or time.

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

/// The query parameters of the dashboard.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DashboardQuery {
    as_of: Option<DateTime<Utc>>,
    position: Option<u64>,
}

/// `GET /api/dashboard`.
pub async fn show(app: Data<App>, query: Query<DashboardQuery>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let dashboard = match (query.parameters.as_of, query.parameters.position) {
        (None, None) => app.read_models.dashboard(tenant, query.at_least).await?,
        (Some(time), None) => Arc::new(app.read_models.dashboard_as_of(tenant, AsOf::Time(time)).await?),
        (None, Some(position)) => {
            let as_of = AsOf::Position(Position::new(position));
            Arc::new(app.read_models.dashboard_as_of(tenant, as_of).await?)
        }
        (Some(_), Some(_)) => return Err(Problem::invalid_at("/asOf", "give asOf or position, not both")),
    };
    Ok(HttpResponse::Ok()
        .insert_header(("Draxis-Position", dashboard.position.get()))
        .content_type("application/json")
        .body(dashboard.body.clone()))
}
