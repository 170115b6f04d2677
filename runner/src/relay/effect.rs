//! Effects: what a run wants done outside, and all that can be known of it afterwards (hazard H3).

use std::time::Duration;

use draxis_domain::relay::Channel;
use draxis_domain::workflow::{JiraTicket, ServiceNowTicket};
use draxis_domain::workflow_run::{EffectId, EffectReference};
use draxis_domain::{Email, Name};

/// One effect: the same for every attempt at it.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectRequest {
    /// Its name, which the far side is given too, to be found by.
    pub effect_id: EffectId,
    /// What is done.
    pub what: EffectContent,
}

/// What is done. All texts are filled in and escaped for where they go: mrkdwn for Slack, plain text everywhere else.
#[derive(Debug, Clone, PartialEq)]
pub enum EffectContent {
    /// A letter, which all of its recipients get or none.
    Email {
        /// To whom.
        to: Vec<(Option<Name>, Email)>,
        /// The subject, one line.
        subject: String,
        /// The text.
        text: String,
    },
    /// An issue in Jira.
    Jira {
        /// Where and of which kind.
        ticket: JiraTicket,
        /// Its title.
        summary: String,
        /// Its text, plain.
        description: Option<String>,
    },
    /// A record in `ServiceNow`.
    ServiceNow {
        /// Where and for whom.
        ticket: ServiceNowTicket,
        /// Its title.
        summary: String,
        /// Its text, plain.
        description: Option<String>,
    },
    /// A message in Slack.
    Slack {
        /// A channel's name or id; empty for the relay's own. An incoming webhook is bound to one and takes no other.
        channel: String,
        /// The text in mrkdwn.
        text: String,
    },
    /// A signed delivery to a tenant's own receiver.
    Webhook {
        /// Its type, such as `workflow.step`.
        event: String,
        /// Its data. It carries its own time, if any: each attempt sends the same bytes.
        body: serde_json::Value,
    },
}

impl EffectContent {
    /// The relay it goes through.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email { .. } => Channel::Email,
            Self::Jira { .. } => Channel::Jira,
            Self::ServiceNow { .. } => Channel::ServiceNow,
            Self::Slack { .. } => Channel::Slack,
            Self::Webhook { .. } => Channel::Webhook,
        }
    }
}

/// What is known of an effect after one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectOutcome {
    /// It was done, once.
    Confirmed {
        /// What was made.
        reference: EffectReference,
    },
    /// It was surely not done.
    Rejected {
        /// Stable, such as `relay.busy`.
        class: &'static str,
        /// What to do, in our words.
        detail: String,
        /// How long the far side asks to wait.
        retry_after: Option<Duration>,
        /// Whether the same attempt may go well later, without anybody changing anything.
        retryable: bool,
    },
    /// It may have been done: look it up before anything else.
    Ambiguous {
        /// What happened, in our words.
        detail: String,
    },
}

/// What a look-up knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// It was done.
    Found(EffectReference),
    /// It is not there now. Whether that means anything yet, the ledger knows: indexes lag, and a
    /// request whose answer was lost may still be under way.
    NotFound,
    /// The far side cannot be asked, or not in a way that its silence would mean something.
    CannotKnow,
    /// The question failed; ask again later. What happened, in our words.
    Failed(String),
}
