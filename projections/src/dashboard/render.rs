//! Rendering the dashboard: the bytes that are sent.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use draxis_domain::Position;
use serde::Serialize;

use crate::error::ReadError;
use crate::projection::Projection;
use crate::risk_model::{KriView, ModelAt, OutcomeView, RiskModel, RiskView};

/// A dashboard as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedDashboard {
    /// The position whose events it holds.
    pub position: Position,
    /// The response's body.
    pub body: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dashboard {
    position: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<DateTime<Utc>>,
    outcomes: Vec<OutcomeView>,
    risks: Vec<RiskView>,
    kris: Vec<KriView>,
}

/// Renders what is in use.
pub(crate) fn render(model: &ModelAt, as_of: Option<DateTime<Utc>>) -> Result<RenderedDashboard, ReadError> {
    let dashboard = Dashboard {
        position: model.position,
        as_of,
        outcomes: model.outcomes().map(|outcome| model.view_outcome(outcome)).collect(),
        risks: model.risks().map(|risk| model.view_risk(risk)).collect(),
        kris: model.kris().map(|kri| model.view_kri(kri)).collect(),
    };
    let body = serde_json::to_vec(&dashboard)
        .map_err(|source| ReadError::Unwritable { projection: RiskModel::TABLE.name(), source })?;
    Ok(RenderedDashboard { position: model.position, body: Bytes::from(body) })
}
