//! What is true: aggregates, commands, events and rules, as pure functions of state and event.
//!
//! Here live the nouns of the product and the rules that hold between them. What never lives here: I/O, a clock,
//! randomness, SQL, HTTP. Time and ids are handed in with the command.

#[macro_use]
mod event;
#[macro_use]
mod aggregate;
#[macro_use]
mod schema;
#[macro_use]
mod id;

mod actor;
mod claim;
mod decimal;
mod instant;
mod metadata;
mod moment;
mod privilege;
mod rejection;
mod slug;
mod stream;
mod text;
mod upcast;

pub mod account;
pub mod api_token;
pub mod approval;
pub mod audit;
pub mod checkpoint_key;
pub mod control;
pub mod interview;
pub mod invitation;
pub mod kri;
pub mod kri_event_definition;
pub mod memory;
pub mod mfa_policy;
pub mod model_config;
pub mod organization;
pub mod outcome;
pub mod panel;
pub mod preview;
pub mod relay;
pub mod risk;
pub mod rollup;
pub mod source;
pub mod tenant;
pub mod vendor;
pub mod workflow;
pub mod workflow_run;

mod log;

pub use actor::Actor;
pub use aggregate::Root;
pub use claim::Claim;
pub use decimal::Quantity;
pub use event::{DecodeError, EventMeaning, EventSet, Recorded};
pub use id::{
    AccountId, ApiTokenId, ApprovalId, BreachId, ControlId, DocumentId, EventId, InterviewId, InvitationId,
    KriEventDefinitionId, KriId, OrganizationId, OutcomeId, PanelSessionId, PreviewId, PushTokenId, RiskId,
    RunId, SecretId, SourceId, TenantId, VendorId, WorkflowId, WorkflowRunId,
};
pub use log::{PlatformEvent, TenantEvent};
pub use metadata::{Depth, Metadata};
pub use moment::Moment;
pub use privilege::{Privilege, PrivilegeError};
pub use rejection::{Rejection, Violation};
pub use slug::{KriSlug, TenantSlug};
pub use stream::{Position, Sequence};
pub use text::{Comment, Description, Email, FactKey, FactValue, Name, Question, Reason, Unit, Utterance};
