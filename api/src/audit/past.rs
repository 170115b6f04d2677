//! The past: the dashboard as it was, and what changed between two points.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use draxis_commands::CommandError;
use draxis_domain::audit::{AuditEvent, ReplayView, StreamReplayed};
use draxis_domain::{Position, TenantId};
use draxis_event_store::{TenantTx, head, last_before};
use serde::Deserialize;

use crate::answer::{Answered, json};
use crate::app::App;
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
    StreamReplayed { view, as_of: None, from: None, to: None, event: None }
}

/// `GET /api/audit/replay`: the dashboard as it was.
pub async fn replay(app: Data<App>, query: Query<ReplayQuery>) -> Answered {
    query.caller.audited_stream()?;
    let tenant = query.caller.tenant()?;
    let ReplayQuery { as_of, position } = query.parameters;
    let wanted = looked_back_at(app.commands.clock().now(), (as_of, position))?
        .ok_or_else(|| Problem::invalid_at("/asOf", "give one of asOf and position"))?;
    // Looked at first, so that what is recorded of the look is not part of what is looked at.
    let dashboard = app.read_models.dashboard_as_of(tenant, wanted).await?;
    let look = StreamReplayed { as_of, to: position.map(Position::new), ..replayed(ReplayView::Dashboard) };
    app.commands.record_look(&query.context(), AuditEvent::Replayed(look)).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Draxis-Position", dashboard.position.get()))
        .content_type("application/json")
        .body(dashboard.body))
}

/// `GET /api/audit/diff`: what changed between two points.
pub async fn diff(app: Data<App>, query: Query<DiffQuery>) -> Answered {
    let tenant = query.caller.audited_stream()?;
    let pool = &app.commands.pools().app;
    let end = head(pool, tenant).await.map_err(CommandError::from)?;
    let from = point(&app, tenant, "/from", &query.parameters.from, end).await?;
    let to = match &query.parameters.to {
        Some(to) => point(&app, tenant, "/to", to, end).await?,
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

/// A point of a stream: a position, or the last one recorded at or before a time.
async fn point(
    app: &App,
    tenant: TenantId,
    pointer: &str,
    text: &str,
    end: Position,
) -> Result<Position, Problem> {
    if let Ok(position) = text.parse() {
        let position = Position::new(position);
        let ahead = || Problem::invalid_at(pointer, format!("the stream's last position is {end}"));
        return if position > end { Err(ahead()) } else { Ok(position) };
    }
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| {
        Problem::invalid_at(pointer, "must be a position or a time such as 2026-11-21T22:00:00Z")
    })?;
    let after = time
        .with_timezone(&Utc)
        .checked_add_signed(TimeDelta::microseconds(1))
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    let pool = &app.commands.pools().app;
    let mut transaction = TenantTx::begin(pool, tenant).await.map_err(CommandError::from)?;
    Ok(last_before(&mut transaction, after, end).await.map_err(CommandError::from)?)
}
