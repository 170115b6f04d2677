//! What a risk is: the body of define and edit, on the wire as in the event.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{AccountId, ControlId, Description, Name, OutcomeId, Reason, Rejection};

/// The body of a define or edit command, on the wire as in the event. The KRIs that measure a risk name it, not it them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskBody {
    /// What people call it.
    pub name: Name,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AccountId>,
    /// What is done about it.
    #[serde(default)]
    pub status: RiskStatus,
    /// How likely it is before any control.
    pub likelihood: Score,
    /// How bad it would be before any control.
    pub impact: Score,
    /// The controls that hold it down.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub control_ids: BTreeSet<ControlId>,
    /// The outcomes it threatens.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub outcome_ids: BTreeSet<OutcomeId>,
    /// Why it is defined or edited so; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

/// What is done about a risk.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RiskStatus {
    /// It threatens, and something is to be done.
    #[default]
    Open,
    /// It threatens, and that is lived with.
    Accepted,
    /// What was to be done is done.
    Mitigated,
    /// It no longer exists.
    Closed,
}

impl RiskStatus {
    /// Whether a risk of this status still threatens its outcomes (product.md section 3).
    pub const fn threatens(self) -> bool {
        match self {
            Self::Open | Self::Accepted => true,
            Self::Mitigated | Self::Closed => false,
        }
    }
}

/// A likelihood or an impact, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Score(u8);

/// Not a likelihood or impact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 5")]
pub struct ScoreError;

impl schemars::JsonSchema for Score {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Score".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 5 })
    }
}

impl Score {
    /// Checks the bounds.
    pub fn try_new(score: i64) -> Result<Self, ScoreError> {
        match u8::try_from(score) {
            Ok(score @ 1..=5) => Ok(Self(score)),
            Ok(_) | Err(_) => Err(ScoreError),
        }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<i64> for Score {
    type Error = ScoreError;

    fn try_from(score: i64) -> Result<Self, ScoreError> {
        Self::try_new(score)
    }
}

impl From<Score> for i64 {
    fn from(score: Score) -> Self {
        score.0.into()
    }
}

impl RiskBody {
    /// How many controls or outcomes one risk may be linked to.
    pub const MOST_LINKS: usize = 50;

    /// Refuses what cannot be a risk.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        Self::check_links("/controlIds", self.control_ids.len())?;
        Self::check_links("/outcomeIds", self.outcome_ids.len())
    }

    /// Refuses more links than one risk may have.
    pub(super) fn check_links(pointer: &str, count: usize) -> Result<(), Rejection> {
        if count > Self::MOST_LINKS {
            let detail = format!("must name at most {}", Self::MOST_LINKS);
            return Err(Rejection::invalid("risk.too_many_links", pointer, detail));
        }
        Ok(())
    }

    /// Without the reason, which belongs to the metadata.
    pub(super) fn without_reason(self) -> Self {
        Self { reason: None, ..self }
    }
}
