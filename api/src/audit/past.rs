//! The past: the dashboard and any read model as they were, and what changed between two points.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use draxis_commands::CommandError;
use draxis_domain::Position;
use draxis_domain::audit::{AuditEvent, ReplayView, StreamReplayed};
use draxis_event_store::head;
use draxis_projections::{Dashboard, PageOf, RowsThen};
use serde::Deserialize;

use crate::answer::{Answered, json};
use crate::app::App;
use crate::audit::Point;
use crate::past::looked_back_at;
use crate::problem::Problem;
use crate::request::Query;

/// So many events are compared at most; more are for `draxis replay`.
const MOST: u64 = 100_000;

/// The query parameters of a replay.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayQuery {
    as_of: Option<DateTime<Utc>>,
    position: Option<u64>,
    model: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What is shown of the past: the dashboard, or a page of the read model that was named.
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only the shape is ever asked for")]
pub(crate) enum Replayed {
    /// The dashboard as it was.
    Dashboard(Box<Dashboard>),
    /// The rows of a read model as they were.
    Rows(RowsThen),
}

/// The query parameters of a difference: positions or times.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    from: String,
    to: Option<String>,
}

/// A look at the past, of a tenant's stream.
fn replayed(view: ReplayView) -> StreamReplayed {
    StreamReplayed { view, as_of: None, from: None, to: None, model: None, event: None }
}

/// `GET /api/audit/replay`: the dashboard as it was, or the rows of any read model. What is shown is looked at first, so that
/// what is recorded of the look is not part of it.
pub async fn replay(app: Data<App>, query: Query<ReplayQuery>) -> Answered {
    let stream = query.caller.audited_stream()?;
    let ReplayQuery { as_of, position, model, limit, cursor } = query.parameters.clone();
    let wanted = looked_back_at(app.commands.clock().now(), (as_of, position))?
        .ok_or_else(|| Problem::invalid_at("/asOf", "give one of asOf and position"))?;
    let to = position.map(Position::new);
    let Some(model) = model else {
        if limit.is_some() || cursor.is_some() {
            return Err(Problem::invalid_at(
                "/model",
                "must be given: only a read model's rows come in pages",
            ));
        }
        let dashboard = app.read_models.dashboard_as_of(query.caller.tenant()?, wanted).await?;
        let look = StreamReplayed { as_of, to, ..replayed(ReplayView::Dashboard) };
        app.commands.record_look(&query.context(), AuditEvent::Replayed(look)).await?;
        return Ok(HttpResponse::Ok()
            .insert_header(("Draxis-Position", dashboard.position.get()))
            .content_type("application/json")
            .body(dashboard.body));
    };
    let page = PageOf { cursor, limit: rows_asked(limit)? };
    let rows = app.read_models.rows_as_of((stream, &model), wanted, &page).await?;
    let look = StreamReplayed { as_of, to, model: Some(model), ..replayed(ReplayView::ReadModel) };
    app.commands.record_look(&query.context(), AuditEvent::Replayed(look)).await?;
    json(StatusCode::OK, &rows)
}

fn rows_asked(limit: Option<usize>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(PageOf::MOST);
    if (1..=PageOf::MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::invalid_at("/limit", format!("must be from 1 to {}", PageOf::MOST)))
    }
}

/// `GET /api/audit/diff`: what changed between two points.
pub async fn diff(app: Data<App>, query: Query<DiffQuery>) -> Answered {
    let tenant = query.caller.audited_stream()?;
    let pool = &app.commands.pools().app;
    let end = head(pool, tenant).await.map_err(CommandError::from)?;
    let from =
        Point::parse("/from", &query.parameters.from)?.last_within(&app, (tenant, end), "/from").await?;
    let to = match &query.parameters.to {
        Some(to) => Point::parse("/to", to)?.last_within(&app, (tenant, end), "/to").await?,
        None => end,
    };
    if from > to {
        return Err(Problem::invalid_at(
            "/from",
            format!("must not lie behind `to`, which is position {to}"),
        ));
    }
    if to.get().saturating_sub(from.get()) > MOST {
        let detail = format!("must be at most {MOST} events before `to`, which is position {to}");
        return Err(Problem::invalid_at("/from", detail));
    }
    let look = StreamReplayed { from: Some(from), to: Some(to), ..replayed(ReplayView::Difference) };
    app.commands.record_look(&query.context(), AuditEvent::Replayed(look)).await?;
    json(StatusCode::OK, &app.read_models.difference(tenant, from, to).await?)
}
