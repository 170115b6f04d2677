//! Institutional memory: facts with their sources, and documents. A document's text stands in a table, never in an event.

mod event;
mod rule;

pub use event::{DocumentAdded, DocumentRemoved, FactRemoved, FactSet, MediaType, MemoryEvent, NotTaken};
pub use rule::{InstitutionalMemory, MemoryCommand, NewFact};
