//! The shape of a dashboard, for those who describe it: it is written piece by piece, so no value of this type is ever made.

use chrono::{DateTime, Utc};
use draxis_domain::Position;
use schemars::JsonSchema;

use crate::dashboard::render::KriTile;
use crate::risk_model::{OutcomeView, RiskView};

/// A tenant's whole risk model at one position.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only the shape is ever asked for")]
pub struct Dashboard {
    /// The position whose events it holds.
    position: Position,
    /// What was true then, where the past was asked for.
    #[serde(default)]
    as_of: Option<DateTime<Utc>>,
    /// As it was known then.
    #[serde(default)]
    known_at: Option<DateTime<Utc>>,
    /// What the business wants to keep.
    outcomes: Vec<OutcomeView>,
    /// What threatens it.
    risks: Vec<RiskView>,
    /// What is measured.
    kris: Vec<KriTile<'static>>,
}
