//! A run of a source: what set it off, what it saw, and how it failed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::source::Source;
use crate::{KriSlug, Quantity, Rejection};

/// What set a run off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum RunTrigger {
    /// A person pressed the button.
    Manual,
    /// It was due.
    Scheduled {
        /// The instant it was due at.
        due_at: DateTime<Utc>,
    },
}

/// One value a run computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasuredValue {
    /// The KRI's slug, as the connector knows it.
    pub slug: KriSlug,
    /// What was read.
    pub value: Quantity,
}

/// One slug a run wrote no value for, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SkippedSlug {
    /// The KRI's slug, as the connector knows it.
    pub slug: KriSlug,
    /// Why, in words.
    pub why: String,
}

/// What a completed run saw: the raw summary that the run history keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RunSummary {
    /// Requests that went out.
    pub requests_made: u64,
    /// Items seen in the answers.
    pub items_seen: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// KRI values written.
    pub rows_written: u64,
    /// Values computed for slugs that the tenant has not wired to this source.
    pub rows_skipped: u64,
    /// Every value computed.
    pub values: Vec<MeasuredValue>,
    /// Values that were not written.
    pub skipped: Vec<SkippedSlug>,
    /// KRIs that could not be measured this time, such as those of a module that is not licensed.
    pub unmeasured: Vec<SkippedSlug>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// What kind of failure ended a run: where to look first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunFailureClass {
    /// The host's name did not resolve.
    Name,
    /// The address may not be reached from here.
    Refused,
    /// No connection could be made.
    Connect,
    /// The far side's certificate or protocol was not accepted.
    Tls,
    /// The credentials were not accepted.
    Auth,
    /// The credentials were accepted, but not for this.
    Permission,
    /// The far side asked to wait longer than the run may last.
    RateLimited,
    /// The far side failed.
    FarSide,
    /// The answer did not have the documented shape.
    Shape,
    /// More bytes, pages or items than a run may read.
    TooLarge,
    /// It took longer than a run may.
    Timeout,
    /// The source's own settings cannot work.
    Settings,
    /// The process ended before the run did.
    Lost,
    /// Our own fault.
    Internal,
}

impl RunFailure {
    /// The run outlived [`Source::RUN_LIMIT`], whatever became of its process.
    pub fn lost() -> Self {
        Self {
            class: RunFailureClass::Lost,
            detail: "the run did not end in time; its process was stopped or cut off".to_owned(),
        }
    }

    /// The source cannot be run as it is now.
    pub fn unfit(why: &Rejection) -> Self {
        let detail = format!("the source cannot be run as it is: {why}");
        Self { class: RunFailureClass::Settings, detail }
    }
}

/// How a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunFailure {
    /// What kind.
    pub class: RunFailureClass,
    /// What happened and what to do; never text of the far side, never a secret.
    pub detail: String,
}
