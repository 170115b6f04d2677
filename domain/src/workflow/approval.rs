//! Approvals: who decides, by when, and what then.

use serde::{Deserialize, Serialize};

use crate::workflow::trigger::yes;
use crate::workflow::{Party, Span, Template, Then};

/// Waits for people to decide (hazards H2).
#[expect(
    clippy::struct_excessive_bools,
    reason = "two questions of their own, each with yes or no in the schema"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AwaitApproval {
    /// What is to be decided.
    pub question: Template,
    /// Who may decide.
    pub approvers: Vec<Party>,
    /// How many must approve.
    #[serde(default = "one")]
    pub required: u32,
    /// Whether one rejection decides.
    #[serde(default = "yes")]
    pub veto: bool,
    /// By when, counted from the question.
    pub due: Span,
    /// When those who have not answered are reminded, counted from the question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminders: Vec<Span>,
    /// Who else is asked when nobody has decided for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// What is taken as decided when it is due.
    #[serde(default)]
    pub on_timeout: OnTimeout,
    /// What happens next where it was rejected.
    #[serde(default)]
    pub on_rejected: Then,
    /// Whether the person who started the run may decide too.
    #[serde(default)]
    pub requester_may_approve: bool,
    /// Where in Slack it is asked besides: a channel's name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack_channel: Option<String>,
}

const fn one() -> u32 {
    1
}

/// Who else is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Escalation {
    /// After how long, counted from the question.
    pub after: Span,
    /// Who may decide from then on as well.
    pub to: Vec<Party>,
}

/// What is taken as decided when nobody decided in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// Rejected.
    #[default]
    Reject,
    /// Approved.
    Approve,
    /// The step fails.
    Fail,
}
