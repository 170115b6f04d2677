//! What happened to a KRI and to its breaches.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kri::{Adjustment, KriBody, Level, Standing};
use crate::source::Schedule;
use crate::{
    AccountId, BreachId, Comment, EventId, KriId, KriSlug, Quantity, RiskId, RunId, Sequence, SourceId,
};

events! {
    /// What happened to a KRI. A breach event stands in the same commit right behind the event that caused it.
    pub enum KriEvent {
        /// It came into being.
        Defined(Box<KriDefined>) = "kri.defined" v 1,
        /// What it is was replaced, and its value judged anew.
        Edited(Box<KriEdited>) = "kri.edited" v 1,
        /// It was linked to a risk.
        RiskLinked(RiskLinked) = "kri.risk_linked" v 1,
        /// It is no longer linked to a risk.
        RiskUnlinked(RiskLinked) = "kri.risk_unlinked" v 1,
        /// Its source is read at another pace.
        Rescheduled(Rescheduled) = "kri.rescheduled" v 1,
        /// It was taken out of use.
        Archived(KriArchived) = "kri.archived" v 1,
        /// A reading came in.
        ValueRecorded(ValueRecorded) = "kri.value_recorded" v 1,
        /// A workflow's event changed the value.
        ValueAdjusted(ValueAdjusted) = "kri.value_adjusted" v 1,
        /// A reading was corrected or withdrawn.
        ValueCorrected(ValueCorrected) = "kri.value_corrected" v 1,
        /// Its reading grew too old to stand for the present.
        WentStale(WentStale) = "kri.went_stale" v 1,
        /// A breach began.
        BreachOpened(BreachOpened) = "breach.opened" v 1,
        /// A breach got worse.
        BreachRaised(BreachShifted) = "breach.raised" v 1,
        /// A breach got better without ending.
        BreachLowered(BreachShifted) = "breach.lowered" v 1,
        /// A breach ended.
        BreachClosed(BreachClosed) = "breach.closed" v 1,
        /// Somebody has seen a breach.
        BreachAcknowledged(BreachAcknowledged) = "breach.acknowledged" v 1,
        /// A breach was given to somebody, or back.
        BreachAssigned(BreachAssigned) = "breach.assigned" v 1,
        /// Somebody remarked on a breach.
        BreachCommented(BreachCommented) = "breach.commented" v 1,
        /// A breach is to be silent for a while.
        BreachSnoozed(BreachSnoozed) = "breach.snoozed" v 1,
        /// A breach is no longer to be silent.
        BreachWoken(BreachWoken) = "breach.woken" v 1,
    }
}

/// It came into being, as version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KriDefined {
    /// Its id.
    pub id: KriId,
    /// What it is.
    #[serde(flatten)]
    pub body: KriBody,
    /// How often its source is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

/// What it is was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KriEdited {
    /// The version this edit made.
    pub version: u64,
    /// What it is from now on.
    #[serde(flatten)]
    pub body: KriBody,
    /// How often its source is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How it stands by the new definition.
    pub standing: Standing,
}

/// A link to a risk was made or undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskLinked {
    /// The version this made.
    pub version: u64,
    /// The risk.
    pub risk_id: RiskId,
}

/// Its source is read at another pace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rescheduled {
    /// How often from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How it stands by the new pace.
    pub standing: Standing,
}

/// It was taken out of use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KriArchived {
    /// The slug it gives back.
    pub slug: KriSlug,
}

/// A reading came in. By far the most frequent event: what is usual is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueRecorded {
    /// What was read.
    pub value: Quantity,
    /// When it was true.
    #[serde(with = "crate::instant")]
    pub observed_at: DateTime<Utc>,
    /// The source that read it; none where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<SourceId>,
    /// The run of the source that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// What the person remarks on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Comment>,
    /// From when on it may no longer stand for the present.
    #[serde(default, with = "crate::instant::optional", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether a later reading was known already, so that this one is history only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// How the KRI stands with it.
    pub standing: Standing,
}

/// A workflow's event changed the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueAdjusted {
    /// What was asked for.
    pub adjustment: Adjustment,
    /// Whether a reading of then or later was known already, so that the value stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// How the KRI stands with it.
    pub standing: Standing,
}

/// A reading was corrected or withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueCorrected {
    /// The place in the KRI of the event that recorded the reading.
    pub reading: Sequence,
    /// When the reading was true.
    pub observed_at: DateTime<Utc>,
    /// What stood of it before; none where it was withdrawn.
    pub was: Option<Quantity>,
    /// What stands of it now; none where it is withdrawn.
    pub value: Option<Quantity>,
    /// How the KRI stands with it.
    pub standing: Standing,
}

/// Its reading grew too old to stand for the present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WentStale {
    /// Since when.
    pub since: DateTime<Utc>,
    /// How the KRI stands.
    pub standing: Standing,
}

/// A breach began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachOpened {
    /// The episode.
    pub breach_id: BreachId,
    /// How bad it is.
    pub level: Level,
    /// The value that opened it.
    pub value: Quantity,
    /// The version of the KRI it was judged by.
    pub version: u64,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// A breach got worse or better without ending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachShifted {
    /// The episode.
    pub breach_id: BreachId,
    /// How bad it was.
    pub from: Level,
    /// How bad it is.
    pub level: Level,
    /// The value that made it so.
    pub value: Quantity,
    /// The version of the KRI it was judged by.
    pub version: u64,
}

/// A breach ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachClosed {
    /// The episode.
    pub breach_id: BreachId,
    /// How bad it was last.
    pub from: Level,
    /// How it ended.
    pub how: Closing,
    /// The value then; none where nothing measured is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// When it was closed.
    pub closed_at: DateTime<Utc>,
}

/// How a breach ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Closing {
    /// The value is healthy again, or is by other thresholds.
    Recovered,
    /// Somebody closed it; what was observed up to then does not open another.
    ByHand,
    /// A workflow's event closed it; what was observed up to its effective time does not open another.
    ByEvent {
        /// The event.
        event_id: EventId,
        /// When what it stands for became true.
        effective_at: DateTime<Utc>,
    },
    /// The KRI was archived.
    Archived,
}

/// Somebody has seen a breach: the event's actor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachAcknowledged {
    /// The episode.
    pub breach_id: BreachId,
}

/// A breach was given to somebody, or back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachAssigned {
    /// The episode.
    pub breach_id: BreachId,
    /// Who answers for it from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AccountId>,
}

/// Somebody remarked on a breach: the event's actor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachCommented {
    /// The episode.
    pub breach_id: BreachId,
    /// What was said.
    pub comment: Comment,
}

/// A breach is to be silent for a while; one that is raised speaks up all the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachSnoozed {
    /// The episode.
    pub breach_id: BreachId,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// A breach is no longer to be silent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachWoken {
    /// The episode.
    pub breach_id: BreachId,
}
