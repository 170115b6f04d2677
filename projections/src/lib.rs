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

mod approvals;
mod breaches;
mod causality;
mod change_log;
mod changes;
mod dashboard;
mod directory;
mod effects;
mod explain;
mod institutional_memory;
mod interviews;
mod kri_event_definitions;
mod kri_history;
mod kri_values;
mod panel_sessions;
mod past;
mod previews;
mod read_models;
mod reading;
mod relays;
mod risk_model;
mod source_runs;
mod sources;
mod versions;
mod workflow_runs;
mod workflows;

pub use approvals::{ApprovalFilter, ApprovalRow, Approvals, ApprovalsRow};
pub use breaches::{BreachFilter, BreachMoment, BreachRow, Breaches, BreachesRow, WhatHappened};
pub use causality::{Causality, CausalityRow};
pub use change_log::{ChangeAction, ChangeLog, ChangeRow, Versioned};
pub use changes::{ActorChanges, Cause, Change, Going, Step, StreamDifference, ThingChange};
pub use dashboard::{Dashboard, RenderedDashboard};
pub use directory::{AccountRow, Directory, DirectoryRow, InvitationRow, OrganizationRow, TenantRow};
pub use effects::{
    EffectAttempt, EffectDecision, EffectFilter, EffectRow, EffectStanding, Effects, EffectsRow,
};
pub use error::ReadError;
pub use explain::{Cause as ValueCause, CauseOf, Explaining, Explanation, Node, OpenBreach, WhyNot};
pub use institutional_memory::{DocumentRow, FactRow, MemoryRow, MemoryRows};
pub use interviews::{
    InterviewFilter, InterviewRow, InterviewSummary, InterviewTurn, Interviews, InterviewsRow, Speaker,
};
pub use kri_event_definitions::{KriEventDefinitions, KriEventRow};
pub use kri_history::{History, HistoryRange, HistoryRow, KriHistory, PlotPoint, Point};
pub use kri_values::{ValueRow, ValueSaid};
pub use live::{Difference, Progress, Refolded, Verified};
pub use memory::{Memory, fold_in_memory};
pub use page::{Archived, Page, PageOf};
pub use panel_sessions::{PanelSessionRow, PanelSessions, PanelSessionsRow, PanelStanding, PanelTurnRow};
pub use past::AsOf;
pub use previews::{PreviewRow, Previews, PreviewsRow};
pub use projection::{LogEvent, Projection};
pub use read_models::{
    Effect, EventExplained, FoundDocument, FoundInMemory, ReadModels, RowThen, RowsThen, Settings, Words,
    WorkflowThen,
};
pub use relays::{RelayHealth, RelayRow, Relays};
pub use risk_model::{
    CauseView, ControlFilter, ControlRow, ControlView, DayEnd, DaysRow, Delta, Deltas, KriFilter, KriRow,
    KriView, OutcomeFilter, OutcomeRow, OutcomeView, RiskFilter, RiskModel, RiskModelRow, RiskRow, RiskView,
    TrendPoint, VendorFilter, VendorRow,
};
pub use source_runs::{RunState, SourceRunRow, SourceRuns};
pub use sources::{LastRun, SourceFilter, SourceHealth, SourceRow, SourceStanding, Sources};
pub use store::Table;
pub use versions::{VersionRow, VersionSummary, Versions};
pub use workflow_runs::{
    Incident, RunAttempt, RunEffect, RunKriEvent, RunStepRow, RunStepState, RunWaiting, StepFailure,
    WorkflowRunFilter, WorkflowRunRow, WorkflowRunState, WorkflowRuns, WorkflowRunsRow,
};
pub use workflows::{TriggerKind, WorkflowFilter, WorkflowRow, WorkflowSummary, Workflows};
