//! Read models in Postgres: their tables, their checkpoints, and folding a batch of events into both.

pub(crate) mod checkpoint;
mod folder;
pub(crate) mod snapshot;
mod table;

pub(crate) use checkpoint::{Checkpoint, Role};
pub(crate) use folder::{Changes, Folder, Gathering};
pub(crate) use folder::{parsed, written};
pub use table::Table;
pub(crate) use table::{Keyed, Range, Seen};
