//! Effects: what a run wants done outside, and all that can be known of it afterwards (hazard H3).

use std::time::Duration;

use draxis_domain::relay::Channel;
use draxis_domain::workflow::{JiraTicket, ServiceNowTicket};
use draxis_domain::workflow_run::EffectId;
use draxis_domain::{Email, Name};
use serde::{Deserialize, Serialize};

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

    /// What to do when it is not known whether it was done.
    pub const fn recourse(&self) -> Recourse {
        match self {
            // "A few seconds to minutes", says Atlassian of its index; and a request whose answer was lost may still be
            // under way at the far side.
            Self::Jira { .. } => Recourse::LookUp { believe_absence_after: Duration::from_mins(3) },
            Self::ServiceNow { .. } => Recourse::LookUp { believe_absence_after: Duration::from_mins(2) },
            Self::Email { .. } | Self::Webhook { .. } => Recourse::SendAgain,
            Self::Slack { .. } => Recourse::AskAPerson,
        }
    }
}

/// What to do when it is not known whether an effect was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recourse {
    /// Look it up; send again only where it is still not there so long after it was sent.
    LookUp {
        /// Until then `NotFound` says nothing: the index may lag, the far side may still be at work.
        believe_absence_after: Duration,
    },
    /// Send it again: it carries the same id, by which whoever receives it tells a repeat (Message-ID, `webhook-id`).
    SendAgain,
    /// Look it up, which may find it; where it does not, only a person can tell.
    AskAPerson,
}

/// How a thing is called at the far side. Kept in events, so that it can be shown and followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectReference {
    /// Where.
    pub channel: Channel,
    /// What the far side finds it by: a Jira key, `table/sys_id`, `channel/ts`, a Message-ID, a `webhook-id`.
    pub id: String,
    /// What people call it: a Jira key, a `ServiceNow` number.
    pub name: String,
    /// Its page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
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
    /// It is not there now. Whether that means anything yet, [`EffectContent::recourse`] says.
    NotFound,
    /// The far side cannot be asked, or not in a way that its silence would mean something.
    CannotKnow,
    /// The question failed; ask again later. What happened, in our words.
    Failed(String),
}
