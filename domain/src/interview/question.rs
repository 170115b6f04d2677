//! Questions: what the interviewer asks about, one thing at a time.

use serde::{Deserialize, Serialize};

use crate::workflow::StepId;

/// What can be asked about. None of these is ever assumed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// What starts a run.
    Trigger,
    /// Which KRI.
    Kri,
    /// At which level.
    Level,
    /// Whether a breach counts that is open at activation.
    OpenBreach,
    /// At what time, on which days.
    Time,
    /// In which time zone.
    TimeZone,
    /// What is done.
    Steps,
    /// Who is told.
    Recipients,
    /// Which ticket system.
    TicketSystem,
    /// Which project.
    Project,
    /// Which channel.
    Channel,
    /// Who decides.
    Approvers,
    /// By when.
    Due,
    /// What is taken as decided when nobody decided in time.
    OnTimeout,
    /// Which KRI event.
    KriEvent,
    /// How long.
    Wait,
    /// Who answers for the workflow.
    Owners,
}

/// What a question can offer to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// KRIs, by their slugs.
    Kri,
    /// KRI events.
    KriEvent,
    /// Members of the tenant, by their ids.
    Account,
}

impl Topic {
    /// What there is to choose from, where that is a list.
    pub(super) const fn offers(self) -> Option<Offer> {
        match self {
            Self::Kri => Some(Offer::Kri),
            Self::KriEvent => Some(Offer::KriEvent),
            Self::Recipients | Self::Approvers | Self::Owners => Some(Offer::Account),
            Self::Trigger
            | Self::Level
            | Self::OpenBreach
            | Self::Time
            | Self::TimeZone
            | Self::Steps
            | Self::TicketSystem
            | Self::Project
            | Self::Channel
            | Self::Due
            | Self::OnTimeout
            | Self::Wait => None,
        }
    }
}

/// A question that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// What about.
    pub topic: Topic,
    /// Which step, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// What was named that does not exist in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// What may have been meant: slugs of KRIs, ids of accounts, KRI events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

impl Question {
    /// A question without more.
    pub const fn about(topic: Topic, step: Option<StepId>) -> Self {
        Self { topic, step, heard: None, candidates: Vec::new() }
    }
}
