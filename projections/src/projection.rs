//! What a projection is: a pure fold of events into keyed rows.

use draxis_domain::{DecodeError, PlatformEvent, Position, Recorded, TenantEvent};
use draxis_event_store::{CopiedEvent, Page, StoredEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ReadError, UndecodableEvent};
use crate::store::{Folder, Table};
use crate::{
    approvals, breaches, causality, change_log, directory, effects, institutional_memory, interviews,
    kri_event_definitions, kri_history, panel_sessions, previews, relays, risk_model, source_runs, sources,
    versions, workflow_runs, workflows,
};

/// A pure fold of a log into keyed rows: no clock, no I/O, no map without an order, so that every fold of the same events
/// gives the same bytes (hazards D7).
pub trait Projection: Send + Sync + 'static {
    /// The table that keeps its rows, which also names it.
    const TABLE: Table;
    /// Counts changes of its rows' form or meaning; rows of an older version are rebuilt.
    const VERSION: i32;
    /// The log it folds.
    type Event: LogEvent;
    /// What it keeps under a key.
    type Row: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// The keys of the rows that an event touches. Matches every event without a wildcard, so that a new one is decided on.
    fn keys(told: &Recorded<Self::Event>) -> Vec<String>;

    /// What an event makes of the row under one of its keys; nothing where there is to be no row.
    fn apply(key: &str, row: Option<Self::Row>, told: &Recorded<Self::Event>) -> Option<Self::Row>;
}

/// The events of one of the two logs.
pub trait LogEvent: Sized + Send + Sync + 'static {
    /// Reads a stored event.
    fn read(stored: &CopiedEvent<'_>) -> Result<Self, DecodeError>;
}

/// A log and all the projections over it.
pub(crate) trait Log: LogEvent {
    /// The projections, in the order of their names.
    fn folders() -> &'static [&'static dyn Folder<Self>];
}

impl LogEvent for TenantEvent {
    fn read(stored: &CopiedEvent<'_>) -> Result<Self, DecodeError> {
        Self::decode(stored.aggregate_type, stored.event_type, stored.version, stored.payload)
    }
}

impl Log for TenantEvent {
    fn folders() -> &'static [&'static dyn Folder<Self>] {
        &[
            &approvals::Approvals,
            &breaches::Breaches,
            &causality::Causality::<Self>::ALL,
            &effects::Effects,
            &institutional_memory::MemoryRows,
            &interviews::Interviews,
            &kri_event_definitions::KriEventDefinitions,
            &kri_history::KriHistory,
            &panel_sessions::PanelSessions,
            &previews::Previews,
            &relays::Relays,
            &risk_model::RiskModel,
            &source_runs::SourceRuns,
            &sources::Sources,
            &change_log::ChangeLog,
            &versions::Versions,
            &workflow_runs::WorkflowRuns,
            &workflows::Workflows,
        ]
    }
}

impl LogEvent for PlatformEvent {
    fn read(stored: &CopiedEvent<'_>) -> Result<Self, DecodeError> {
        Self::decode(stored.aggregate_type, stored.event_type, stored.version, stored.payload)
    }
}

impl Log for PlatformEvent {
    fn folders() -> &'static [&'static dyn Folder<Self>] {
        &[&causality::Causality::<Self>::ALL, &directory::Directory]
    }
}

/// Reads a stored event with everything beside it; what cannot be read stops the fold, naming the place.
pub(crate) fn recorded<E: LogEvent>(stored: &StoredEvent) -> Result<Recorded<E>, ReadError> {
    copied(&stored.borrowed())
}

/// The same of an event where it lies in its page.
pub(crate) fn copied<E: LogEvent>(stored: &CopiedEvent<'_>) -> Result<Recorded<E>, ReadError> {
    understood(stored).map_err(|source| ReadError::Undecodable { position: stored.position, source })
}

/// The events of a page, which must be the next ones after a position.
pub(crate) fn dense(
    page: &Page,
    after: Position,
) -> impl Iterator<Item = Result<CopiedEvent<'_>, ReadError>> {
    let mut expected = after;
    page.events().map(move |event| {
        let event = event?;
        expected = expected.next();
        if event.position == expected {
            Ok(event)
        } else {
            Err(ReadError::Gap { expected, found: event.position })
        }
    })
}

fn understood<E: LogEvent>(stored: &CopiedEvent<'_>) -> Result<Recorded<E>, UndecodableEvent> {
    let event = E::read(stored)?;
    Ok(Recorded {
        position: stored.position,
        event_id: stored.event_id.parse()?,
        aggregate_id: stored.aggregate_id.to_owned(),
        sequence: stored.sequence,
        recorded_at: stored.recorded_at,
        metadata: serde_json::from_str(stored.metadata)?,
        event,
    })
}
