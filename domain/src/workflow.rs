//! Workflow: what happens when a KRI breaches, when a time has come or when somebody asks (product.md section 4).

mod approval;
mod condition;
mod cron;
mod cycle;
mod definition;
mod facts;
mod names;
mod party;
mod problem;
mod shape;
mod span;
mod step;
mod template;
mod trigger;
mod validate;

pub use approval::{AwaitApproval, Escalation, OnTimeout};
pub use condition::{ConditionError, holds};
pub use cron::{Calendar, CalendarError, Instants};
pub use cycle::{Cycle, cycles};
pub use definition::{Definition, SCHEMA, SchemaVersion, SchemaVersionError};
pub use facts::{KriFact, TenantFacts};
pub use party::{Party, Yes};
pub(crate) use problem::Pointer;
pub use problem::Problem;
pub use span::{Span, SpanError};
pub use step::{
    Action, CreateTicket, DocumentFormat, EmitKriEvent, JiraTicket, NotifyOwner, PanelQuery, PostSlack,
    ProduceDocument, Retry, ServiceNowTicket, Step, StepFrame, StepId, StepIdError, Then, TicketDestination,
    Wait, WaitUntil,
};
pub use template::{Destination, RenderError, Template};
pub use trigger::{
    BreachLevel, Input, InputType, KriBreach, KriRef, Manual, Missed, OnActivate, Overlap, Schedule, Trigger,
};
pub use validate::{LARGEST, validate, validate_text};
