//! The audit trail: `GET /api/audit/events`, the stream itself.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use draxis_commands::CommandError;
use draxis_commands::{Caller, Permission, Scope};
use draxis_domain::{Position, TenantId};
use draxis_event_store::{EventFilter, StoredEvent, TenantTx, read_events};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::answer::{Answered, json};
use crate::app::App;
use crate::problem::Problem;
use crate::request::Query;

/// The query parameters of `GET /api/audit/events`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventsQuery {
    after: Option<u64>,
    cursor: Option<u64>,
    limit: Option<u32>,
    until: Option<u64>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    aggregate_type: Option<String>,
    aggregate_id: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    actor: Option<String>,
    correlation: Option<String>,
}

/// One event of the stream; metadata and payload exactly as they are stored.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventAnswer {
    position: u64,
    event_id: String,
    #[serde(rename = "type")]
    event_type: String,
    version: u16,
    aggregate_type: String,
    aggregate_id: String,
    sequence: u64,
    recorded_at: String,
    metadata: Box<RawValue>,
    payload: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventsAnswer {
    items: Vec<EventAnswer>,
    next_cursor: Option<String>,
}

/// `GET /api/audit/events`.
pub async fn events(app: Data<App>, query: Query<EventsQuery>) -> Answered {
    let stream = stream_of(&query.caller)?;
    let asked = query.parameters;
    let limit = asked.limit.unwrap_or(100);
    if !(1..=200).contains(&limit) {
        return Err(Problem::invalid_at("/limit", "must be from 1 to 200"));
    }
    let after = Position::new(asked.cursor.or(asked.after).unwrap_or(0));
    let filter = EventFilter {
        until: asked.until.map(Position::new),
        from_time: asked.from,
        to_time: asked.to,
        aggregate_type: asked.aggregate_type,
        aggregate_id: asked.aggregate_id,
        event_type: asked.event_type,
        actor: asked.actor,
        correlation: asked.correlation,
    };
    let pool = &app.commands.pools().app;
    let mut transaction = TenantTx::begin(pool, stream).await.map_err(CommandError::from)?;
    let stored = read_events(&mut transaction, after, &filter, limit).await.map_err(CommandError::from)?;
    let full = stored.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = stored.last().filter(|_| full).map(|last| last.position.to_string());
    let items = stored.into_iter().map(shown).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &EventsAnswer { items, next_cursor })
}

/// The stream a caller may read: their tenant's, or for the superadmin without a tenant the platform's.
fn stream_of(caller: &Caller) -> Result<TenantId, Problem> {
    match caller.scope {
        Scope::Platform => {
            caller.must(Permission::ManageOrganizations)?;
            Ok(TenantId::PLATFORM)
        }
        Scope::Organization(_) | Scope::Tenant(_) => {
            let tenant = caller.tenant()?;
            caller.must(Permission::ReadAudit)?;
            Ok(tenant)
        }
    }
}

fn shown(event: StoredEvent) -> Result<EventAnswer, Problem> {
    let raw = |text: String| RawValue::from_string(text).map_err(|error| Problem::failed(&error));
    Ok(EventAnswer {
        position: event.position.get(),
        event_id: event.event_id,
        event_type: event.event_type,
        version: event.version,
        aggregate_type: event.aggregate_type,
        aggregate_id: event.aggregate_id,
        sequence: event.sequence.get(),
        recorded_at: event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        metadata: raw(event.metadata)?,
        payload: raw(event.payload)?,
    })
}
