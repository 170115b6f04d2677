//! The ledger: what is known of each effect (hazards H3).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AccountId;
use crate::relay::Channel;
use crate::workflow::{JiraTicket, ServiceNowTicket};

/// How a thing is called at the far side, so that it can be shown and followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EffectReference {
    /// Where.
    pub channel: Channel,
    /// What the far side finds it by.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What an effect is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Purpose {
    /// It is what the step does.
    Step,
    /// It asks people for a decision.
    Ask {
        /// How often it was asked, this time included.
        round: u32,
        /// Whether it is posted to Slack; where not, it is a letter.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_slack: bool,
    },
    /// It reminds those who have not answered.
    Remind {
        /// How often it was asked, this time included.
        round: u32,
        /// Which reminder.
        count: u32,
        /// Whether it is posted to Slack; where not, it is a letter.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_slack: bool,
    },
    /// It asks others as well.
    Escalate {
        /// How often it was asked, this time included.
        round: u32,
        /// Whether it is posted to Slack; where not, it is a letter.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_slack: bool,
    },
    /// It asks somebody whom another has handed their say to.
    Delegate {
        /// How often it was asked, this time included.
        round: u32,
        /// How many have handed theirs over.
        count: u32,
    },
    /// It tells the owners that the run has failed.
    Incident {
        /// How often it has failed, this time included.
        count: u32,
    },
}

/// What is done outside, all texts filled in. People are named by account, never by address: events hold no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum EffectContent {
    /// A letter, which all of its recipients get or none.
    Email {
        /// To whom.
        to: BTreeSet<AccountId>,
        /// The subject, one line.
        subject: String,
        /// The text.
        text: String,
    },
    /// An issue in Jira.
    Jira {
        /// Where and of which kind.
        #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
        ticket: JiraTicket,
        /// Its title.
        summary: String,
        /// Its text, plain.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// A record in `ServiceNow`.
    #[serde(rename = "servicenow")]
    ServiceNow {
        /// Where and for whom.
        #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
        ticket: ServiceNowTicket,
        /// Its title.
        summary: String,
        /// Its text, plain.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// A message in Slack.
    Slack {
        /// A channel's name or id.
        channel: String,
        /// The text in mrkdwn.
        text: String,
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
        }
    }
}

/// How it is known that an effect was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// The far side said so when it was asked to do it.
    Answer,
    /// It was found there afterwards.
    LookUp,
}

/// What a person found out about an effect that may have been done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Verdict {
    /// It was done.
    Done {
        /// What people call it there, where they looked it up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// It was not: it is done now.
    NotDone,
}
