//! What can be read: pure folds of the log, kept in tables that answer one question each.
//!
//! Here live the projections (a fold each, the same in Postgres and in memory), the engine that keeps their tables caught up,
//! rebuilds and verifies them, and the queries. What never lives here: a decision, a command, HTTP. Whether something may
//! happen is never asked of a read model.

mod error;
mod live;
mod memory;
mod page;
mod projection;
mod replay;
mod store;
#[cfg(test)]
mod told;

mod breaches;
mod changes;
mod dashboard;
mod directory;
mod kri_history;
mod kri_values;
mod past;
mod read_models;
mod reading;
mod risk_model;
mod source_runs;
mod sources;

pub use breaches::{BreachFilter, BreachMoment, BreachRow, Breaches, BreachesRow, WhatHappened};
pub use changes::{ActorChanges, Cause, Change, Going, Step, StreamDifference, ThingChange};
pub use dashboard::RenderedDashboard;
pub use directory::{AccountRow, Directory, DirectoryRow, InvitationRow, OrganizationRow, TenantRow};
pub use error::ReadError;
pub use kri_history::{History, HistoryRange, HistoryRow, KriHistory, PlotPoint, Point};
pub use kri_values::{ValueRow, ValueSaid};
pub use live::{Difference, Progress, Verified};
pub use memory::{Memory, fold_in_memory};
pub use page::{Archived, Page, PageOf};
pub use past::AsOf;
pub use projection::{LogEvent, Projection};
pub use read_models::{ReadModels, Settings};
pub use risk_model::{
    CauseView, ControlRow, ControlView, KriFilter, KriRow, KriView, OutcomeRow, OutcomeView, RiskFilter,
    RiskModel, RiskModelRow, RiskRow, RiskView, TrendPoint, VendorRow,
};
pub use source_runs::{RunState, SourceRunRow, SourceRuns};
pub use sources::{LastRun, SourceFilter, SourceHealth, SourceRow, SourceStanding, Sources};
pub use store::Table;
