//! What a KRI is: the body of define and edit, on the wire as in the event.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::kri::{Direction, Status, Thresholds};
use crate::{
    AccountId, Description, KriSlug, Name, OutcomeId, Quantity, Reason, Rejection, RiskId, SourceId, Unit,
    Violation,
};

/// The body of a define or edit command, on the wire as in the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KriBody {
    /// The contract with the connector; fixed once defined.
    pub slug: KriSlug,
    /// What people call it.
    pub name: Name,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// What it counts in.
    pub unit: Unit,
    /// The source that measures it; none where people enter its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<SourceId>,
    /// Which way is bad.
    pub direction: Direction,
    /// Where it turns amber.
    pub warn: Quantity,
    /// Where it turns red.
    pub critical: Quantity,
    /// How readily breaches open and close.
    #[serde(default, skip_serializing_if = "Flapping::is_plain")]
    pub flapping: Flapping,
    /// The risks it measures.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub risk_ids: BTreeSet<RiskId>,
    /// The outcome it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_id: Option<OutcomeId>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AccountId>,
    /// Why it is defined or edited so; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

/// How readily breaches open and close, so that a value that saws around its threshold makes one episode (hazards H5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Flapping {
    /// How many readings in a row must be as bad before a breach opens or is raised.
    pub open_after: Observations,
    /// The value on the healthy side of warn that must be reached again before a breach closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Quantity>,
    /// How many readings in a row must be as good before a breach closes or is lowered.
    pub close_after: Observations,
}

impl Flapping {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// A number of readings in a row, 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Observations(u8);

/// Not a number of readings that could be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of readings from 1 to 10")]
pub struct ObservationsError;

impl schemars::JsonSchema for Observations {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Observations".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 10 })
    }
}

impl Observations {
    /// Checks the bounds; ten readings fit the window that is kept with room to spare.
    pub fn try_new(count: i64) -> Result<Self, ObservationsError> {
        match u8::try_from(count) {
            Ok(count @ 1..=10) => Ok(Self(count)),
            Ok(_) | Err(_) => Err(ObservationsError),
        }
    }

    /// The number.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Observations {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<i64> for Observations {
    type Error = ObservationsError;

    fn try_from(count: i64) -> Result<Self, ObservationsError> {
        Self::try_new(count)
    }
}

impl From<Observations> for i64 {
    fn from(count: Observations) -> Self {
        count.0.into()
    }
}

impl KriBody {
    /// How many risks one KRI may be linked to.
    pub const MOST_RISKS: usize = 50;

    /// Refuses what cannot be a KRI.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        if Thresholds::try_new(self.direction, self.warn, self.critical).is_err() {
            return Err(self.inverted());
        }
        if self.flapping.recovery.is_some_and(|recovery| self.direction.reaches(recovery, self.warn)) {
            let side = self.healthy_side();
            return Err(Rejection::invalid(
                "kri.recovery_not_healthy",
                "/flapping/recovery",
                format!("must be {side} warn ({}), on the healthy side", self.warn),
            ));
        }
        Self::check_risks(self.risk_ids.len())
    }

    /// Refuses more links than one KRI may have.
    pub(super) fn check_risks(count: usize) -> Result<(), Rejection> {
        if count > Self::MOST_RISKS {
            let most = Self::MOST_RISKS;
            return Err(Rejection::invalid(
                "kri.too_many_links",
                "/riskIds",
                format!("must name at most {most} risks"),
            ));
        }
        Ok(())
    }

    fn inverted(&self) -> Rejection {
        let (healthy, bad) = match self.direction {
            Direction::HigherIsWorse => ("lower than", "higher than"),
            Direction::LowerIsWorse => ("higher than", "lower than"),
        };
        let violation = |pointer: &str, side, other: &str, value| Violation {
            pointer: pointer.to_owned(),
            detail: format!("must be {side} {other} ({value})"),
        };
        Rejection::Invalid {
            code: "kri.thresholds_inverted",
            violations: vec![
                violation("/warn", healthy, "critical", self.critical),
                violation("/critical", bad, "warn", self.warn),
            ],
        }
    }

    const fn healthy_side(&self) -> &'static str {
        match self.direction {
            Direction::HigherIsWorse => "lower than",
            Direction::LowerIsWorse => "higher than",
        }
    }

    /// What the value means.
    pub fn judge(&self, value: Quantity) -> Status {
        // A body in use has passed `check`; were it ever inverted, not to know is the honest answer.
        Thresholds::try_new(self.direction, self.warn, self.critical)
            .map_or(Status::Unknown, |thresholds| thresholds.judge(value))
    }

    /// The level that must be left before a breach at this value ends: amber while warn is left but recovery not reached.
    pub(super) fn easing(&self, value: Quantity) -> Status {
        match (self.judge(value), self.flapping.recovery) {
            (Status::Green, Some(recovery)) if self.direction.healthier(recovery, value) => Status::Amber,
            (status, _) => status,
        }
    }

    /// Without the reason, which belongs to the metadata.
    pub(super) fn without_reason(self) -> Self {
        Self { reason: None, ..self }
    }
}
