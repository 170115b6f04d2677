//! Workflow: what happens when a KRI breaches, when a time has come or when somebody asks (product.md section 4).

mod approval;
mod backtest;
mod command;
mod condition;
mod cron;
mod cycle;
mod definition;
mod diff;
mod due;
mod event;
mod facts;
#[cfg(test)]
mod model;
mod names;
mod party;
mod problem;
mod recent;
mod rule;
mod run;
#[cfg(test)]
mod sample;
mod shape;
mod span;
mod start;
mod step;
mod template;
mod trigger;
mod validate;
mod version;

pub use approval::{AwaitApproval, Escalation, OnTimeout};
pub use backtest::{
    Absence, Approvals, ApproverLoad, Backtest, BacktestRun, Backtested, Misfit, OtherThresholds, Pauses,
    Tried, Unanswered, UnansweredBecause, WhatIf, own_time,
};
pub use command::WorkflowCommand;
pub use condition::{ConditionError, holds};
pub use cron::{Calendar, CalendarError, Instants, next_instants};
pub use cycle::{Cycle, cycles};
pub use definition::{Definition, SCHEMA, SchemaVersion, SchemaVersionError};
pub use diff::{Diff, diff, diff_values};
pub use due::TriggerStanding;
pub use event::{
    LeafOrigin, MissedTimes, MissedWhat, MissedWhy, Provenance, WorkflowActivated, WorkflowArchived,
    WorkflowDrafted, WorkflowEdited, WorkflowEvent, WorkflowPaused, WorkflowRestored, WorkflowRunEnded,
    WorkflowRunMissed, WorkflowRunRequested, WorkflowRunStarted,
};
pub use facts::{KriFact, TenantFacts};
pub use party::{Party, Yes};
pub(crate) use problem::Pointer;
pub use problem::Problem;
pub use recent::Recent;
pub use rule::{Standing, Workflow, WorkflowState};
pub use run::{BreachReached, PinnedKriEvent, RunKey, RunTrigger};
pub use span::{Span, SpanError};
pub use step::{
    Action, CreateTicket, DocumentFormat, EmitKriEvent, JiraTicket, NotifyOwner, PanelQuery, PostSlack,
    ProduceDocument, Retry, ServiceNowTicket, Step, StepFrame, StepId, StepIdError, Then, TicketDestination,
    Wait, WaitUntil,
};
pub use template::{Destination, RenderError, Template};
pub use trigger::{
    Input, InputType, KriBreach, KriRef, Manual, Missed, OnActivate, Overlap, Schedule, Trigger,
};
pub use validate::{LARGEST, validate, validate_text};
pub use version::definition_at;
