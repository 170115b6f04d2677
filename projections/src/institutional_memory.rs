//! What is remembered, as it is read: facts, and documents without their texts.

use chrono::{DateTime, Utc};
use data_encoding::BASE32HEX_NOPAD;
use draxis_domain::memory::{MediaType, MemoryEvent};
use draxis_domain::{Actor, DocumentId, FactKey, FactValue, Name, Position, Recorded, TenantEvent};
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of the memory. Keys: `fact/<key>`, in letters that keep its order, and `document/<id>`.
#[derive(Debug, Clone, Copy)]
pub struct MemoryRows;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryRow {
    /// A fact.
    Fact(Box<FactRow>),
    /// A document.
    Document(Box<DocumentRow>),
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactRow {
    /// What it is filed under.
    pub key: FactKey,
    /// What it says.
    pub value: FactValue,
    /// Where it comes from.
    pub source: Name,
    /// Who said so.
    pub set_by: Actor,
    /// When.
    pub set_at: DateTime<Utc>,
    /// The position at which it was said.
    pub position: Position,
}

/// A document, without its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentRow {
    /// Its id.
    pub id: DocumentId,
    /// What people call it.
    pub title: Name,
    /// What it came as.
    pub media_type: MediaType,
    /// The SHA-256 of the bytes that came, in hex.
    pub sha256: String,
    /// How many characters of text were found in it.
    pub characters: u64,
    /// Who added it.
    pub added_by: Actor,
    /// When.
    pub added_at: DateTime<Utc>,
    /// The position at which it was added.
    pub position: Position,
}

/// What keys of facts begin with.
pub(crate) const FACTS: &str = "fact/";
/// What keys of documents begin with.
pub(crate) const DOCUMENTS: &str = "document/";

/// A fact's key in letters and digits, in the same order as facts' keys are: keys of rows are ASCII.
pub(crate) fn encoded(key: &FactKey) -> String {
    BASE32HEX_NOPAD.encode(key.as_str().as_bytes())
}

pub(crate) fn fact_key(key: &FactKey) -> String {
    format!("{FACTS}{}", encoded(key))
}

pub(crate) fn document_key(id: DocumentId) -> String {
    format!("{DOCUMENTS}{id}")
}

impl Projection for MemoryRows {
    const TABLE: Table = Table::Memory;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = MemoryRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        match of_memory(&told.event) {
            Some(MemoryEvent::FactSet(set)) => vec![fact_key(&set.key)],
            Some(MemoryEvent::FactRemoved(removed)) => vec![fact_key(&removed.key)],
            Some(MemoryEvent::DocumentAdded(added)) => vec![document_key(added.id)],
            Some(MemoryEvent::DocumentRemoved(removed)) => vec![document_key(removed.id)],
            None => Vec::new(),
        }
    }

    fn apply(_: &str, row: Option<MemoryRow>, told: &Recorded<TenantEvent>) -> Option<MemoryRow> {
        match of_memory(&told.event) {
            Some(MemoryEvent::FactSet(set)) => Some(MemoryRow::Fact(Box::new(FactRow {
                key: set.key.clone(),
                value: set.value.clone(),
                source: set.source.clone(),
                set_by: told.metadata.actor,
                set_at: told.recorded_at,
                position: told.position,
            }))),
            Some(MemoryEvent::DocumentAdded(added)) => Some(MemoryRow::Document(Box::new(DocumentRow {
                id: added.id,
                title: added.title.clone(),
                media_type: added.media_type,
                sha256: added.sha256.clone(),
                characters: added.characters,
                added_by: told.metadata.actor,
                added_at: told.recorded_at,
                position: told.position,
            }))),
            Some(MemoryEvent::FactRemoved(_) | MemoryEvent::DocumentRemoved(_)) => None,
            None => row,
        }
    }
}

const fn of_memory(event: &TenantEvent) -> Option<&MemoryEvent> {
    match event {
        TenantEvent::Memory(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Interview(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Audit(_) => None,
    }
}
