//! `GET /api/audit/events`: the stream itself.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use draxis_commands::CommandError;
use draxis_domain::Position;
use draxis_domain::audit::{AuditEvent, StreamPart, StreamRead};
use draxis_event_store::{TenantTx, read_events};
use serde::Serialize;

use super::part::PartQuery;
use super::shown::{EventAnswer, shown};
use crate::answer::{Answered, json};
use crate::app::App;
use crate::case_file::filter;
use crate::problem::Problem;
use crate::request::Query;

#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventsAnswer {
    items: Vec<EventAnswer>,
    next_cursor: Option<String>,
}

/// `GET /api/audit/events`.
pub async fn events(app: Data<App>, query: Query<PartQuery>) -> Answered {
    let stream = query.caller.audited_stream()?;
    let limit = query.parameters.limit.unwrap_or(100);
    if !(1..=200).contains(&limit) {
        return Err(Problem::invalid_at("/limit", "must be from 1 to 200"));
    }
    if query.parameters.format.is_some() {
        return Err(Problem::invalid_at("/format", "belongs to GET /api/audit/export"));
    }
    if query.parameters.question.is_some() {
        return Err(Problem::invalid_at("/question", "belongs to GET /api/audit/case-file"));
    }
    let part = query.parameters.part()?;
    let after = query.parameters.cursor.map(Position::new).or(part.after).unwrap_or_default();
    // The pages of one reading are one look.
    let read = StreamRead { part: StreamPart { after: None, ..part.clone() } };
    app.commands.record_look(&query.context(), AuditEvent::Read(read)).await?;
    let pool = &app.commands.pools().app;
    let mut transaction = TenantTx::begin(pool, stream).await.map_err(CommandError::from)?;
    let stored = read_events(&mut transaction, after, &filter(&part), limit).await;
    let stored = stored.map_err(CommandError::from)?;
    let full = stored.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = stored.last().filter(|_| full).map(|last| last.position.to_string());
    let items = stored.into_iter().map(shown).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &EventsAnswer { items, next_cursor })
}
