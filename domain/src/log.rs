//! The two logs: every event a tenant's stream may hold, and every event the platform's may.

use crate::account::AccountEvent;
use crate::api_token::ApiTokenEvent;
use crate::approval::ApprovalEvent;
use crate::audit::AuditEvent;
use crate::checkpoint_key::CheckpointKeyEvent;
use crate::control::ControlEvent;
use crate::interview::InterviewEvent;
use crate::invitation::InvitationEvent;
use crate::kri::KriEvent;
use crate::kri_event_definition::KriEventDefinitionEvent;
use crate::memory::MemoryEvent;
use crate::mfa_policy::MfaPolicyEvent;
use crate::model_config::ModelConfigEvent;
use crate::organization::OrganizationEvent;
use crate::outcome::OutcomeEvent;
use crate::panel::PanelSessionEvent;
use crate::preview::PreviewEvent;
use crate::relay::RelayEvent;
use crate::risk::RiskEvent;
use crate::source::SourceEvent;
use crate::tenant::TenantEvent as TenantCreation;
use crate::vendor::VendorEvent;
use crate::workflow::WorkflowEvent;
use crate::workflow_run::WorkflowRunEvent;
use crate::{DecodeError, EventMeaning, EventSet};

/// Declares a log as the sum of its aggregates' events, told apart by aggregate type.
macro_rules! log {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident($events:ty) = $aggregate:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant($events)),+
        }

        impl $name {
            /// Every aggregate type with its events' wire names and today's versions.
            pub const TYPES: &'static [(&'static str, &'static [(&'static str, u16)])] =
                &[$(($aggregate, <$events as EventSet>::TYPES)),+];

            /// Every aggregate type with what its events mean.
            pub const MEANINGS: &'static [(&'static str, &'static [EventMeaning])] =
                &[$(($aggregate, <$events as EventSet>::MEANINGS)),+];

            /// Reads a stored event of the given aggregate type.
            pub fn decode(
                aggregate_type: &str,
                event_type: &str,
                version: u16,
                payload: &str,
            ) -> Result<Self, DecodeError> {
                match aggregate_type {
                    $($aggregate => <$events>::decode(event_type, version, payload).map(Self::$variant),)+
                    _ => Err(DecodeError::Unknown { event_type: event_type.to_owned(), version }),
                }
            }

            /// The payload as it would be written today.
            pub fn payload(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(event) => event.payload()),+ }
            }
        }
    };
}

log! {
    /// Any event of a tenant's stream. A reader matches it without a wildcard, so that a new event is decided on everywhere.
    pub enum TenantEvent {
        /// Of a source.
        Source(SourceEvent) = "source",
        /// Of an outcome.
        Outcome(OutcomeEvent) = "outcome",
        /// Of a KRI and its breaches.
        Kri(KriEvent) = "kri",
        /// Of a risk.
        Risk(RiskEvent) = "risk",
        /// Of a control.
        Control(ControlEvent) = "control",
        /// Of a third party.
        Vendor(VendorEvent) = "vendor",
        /// Of a workflow.
        Workflow(WorkflowEvent) = "workflow",
        /// Of a run of a workflow.
        WorkflowRun(WorkflowRunEvent) = "workflow_run",
        /// Of a decision that a run waits for.
        Approval(ApprovalEvent) = "approval",
        /// Of a declared KRI event type.
        KriEventDefinition(KriEventDefinitionEvent) = "kri_event_definition",
        /// Of a relay.
        Relay(RelayEvent) = "relay",
        /// Of an interview.
        Interview(InterviewEvent) = "interview",
        /// Of a public preview.
        Preview(PreviewEvent) = "preview",
        /// Of a session of the expert panel.
        PanelSession(PanelSessionEvent) = "panel_session",
        /// Of what the tenant wants remembered.
        Memory(MemoryEvent) = "institutional_memory",
        /// Of the choice of a model.
        ModelConfig(ModelConfigEvent) = "model_config",
        /// Of an API token.
        ApiToken(ApiTokenEvent) = "api_token",
        /// Of somebody who looked at it, or acted in it from outside.
        Audit(AuditEvent) = "audit",
    }
}

log! {
    /// Any event of the platform's stream.
    pub enum PlatformEvent {
        /// Of an organization.
        Organization(OrganizationEvent) = "organization",
        /// Of a tenant.
        Tenant(TenantCreation) = "tenant",
        /// Of an account.
        Account(AccountEvent) = "account",
        /// Of an invitation.
        Invitation(InvitationEvent) = "invitation",
        /// Of the keys that seal streams.
        CheckpointKey(CheckpointKeyEvent) = "checkpoint_key",
        /// Of a requirement of a second factor.
        MfaPolicy(MfaPolicyEvent) = "mfa_policy",
        /// Of somebody who looked at it.
        Audit(AuditEvent) = "audit",
    }
}
