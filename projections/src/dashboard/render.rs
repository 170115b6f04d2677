//! Rendering the dashboard: the bytes that are sent.

use std::collections::BTreeSet;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use draxis_domain::kri::{Direction, Episode, Status};
use draxis_domain::{AccountId, KriId, KriSlug, Name, OutcomeId, Position, Quantity, RiskId, SourceId, Unit};
use serde::Serialize;

use crate::error::ReadError;
use crate::projection::Projection;
use crate::risk_model::{KriRow, ModelAt, OutcomeView, RiskModel, RiskView};

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
struct Dashboard<'a> {
    position: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<DateTime<Utc>>,
    outcomes: Vec<OutcomeView>,
    risks: Vec<RiskView>,
    kris: Vec<KriTile<'a>>,
}

/// A KRI as the dashboard shows it: no more than a tile has room for, since there are many and each has a trend.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the tile is part of the response, and its fields stand by themselves"
)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KriTile<'a> {
    id: KriId,
    slug: &'a KriSlug,
    name: &'a Name,
    unit: &'a Unit,
    value: Option<Quantity>,
    status: Status,
    stale: bool,
    observed_at: Option<DateTime<Utc>>,
    stale_at: Option<DateTime<Utc>>,
    direction: Direction,
    warn: Quantity,
    critical: Quantity,
    breach: Option<&'a Episode>,
    source_id: Option<SourceId>,
    risk_ids: &'a BTreeSet<RiskId>,
    outcome_id: Option<OutcomeId>,
    owner: Option<AccountId>,
    unlinked: bool,
    trend: Vec<TilePoint>,
}

#[derive(Serialize)]
struct TilePoint {
    at: DateTime<Utc>,
    value: Quantity,
}

impl<'a> KriTile<'a> {
    fn of(kri: &'a KriRow, model: &ModelAt) -> Self {
        Self {
            id: kri.id,
            slug: &kri.slug,
            name: &kri.name,
            unit: &kri.unit,
            value: kri.value,
            status: kri.status,
            stale: kri.stale,
            observed_at: kri.observed_at,
            stale_at: kri.stale_at,
            direction: kri.direction,
            warn: kri.warn,
            critical: kri.critical,
            breach: kri.breach.as_ref(),
            source_id: kri.source_id,
            risk_ids: &kri.risk_ids,
            outcome_id: kri.outcome_id,
            owner: kri.owner,
            unlinked: model.levels.unlinked.contains(&kri.id),
            trend: kri.trend.iter().map(|point| TilePoint { at: point.at, value: point.value }).collect(),
        }
    }
}

/// Renders what is in use.
pub(crate) fn render(model: &ModelAt, as_of: Option<DateTime<Utc>>) -> Result<RenderedDashboard, ReadError> {
    let dashboard = Dashboard {
        position: model.position,
        as_of,
        outcomes: model.outcomes().map(|outcome| model.view_outcome(outcome)).collect(),
        risks: model.risks().map(|risk| model.view_risk(risk)).collect(),
        kris: model.kris().map(|kri| KriTile::of(kri, model)).collect(),
    };
    let body = serde_json::to_vec(&dashboard)
        .map_err(|source| ReadError::Unwritable { projection: RiskModel::TABLE.name(), source })?;
    Ok(RenderedDashboard { position: model.position, body: Bytes::from(body) })
}

#[cfg(test)]
mod tests {
    use draxis_domain::Position;
    use draxis_domain::outcome::OutcomeCommand;
    use serde_json::{Value, json};
    use ulid::Ulid;

    use super::render;
    use crate::memory::Memory;
    use crate::replay::Folded;
    use crate::risk_model::ModelAt;
    use crate::told::Told;

    fn rendered(told: &Told) -> Value {
        let mut state = Memory::default();
        told.events.iter().for_each(|event| state.fold(event));
        let position = told.events.last().map_or(Position::START, |event| event.position);
        let dashboard = render(&ModelAt::new(Folded { state, position }), None).unwrap();
        assert_eq!(dashboard.position, position);
        serde_json::from_slice(&dashboard.body).unwrap()
    }

    fn id(n: u128) -> String {
        Ulid(n).to_string()
    }

    #[test]
    fn a_red_kri_reaches_its_outcome_and_is_named_on_the_way() {
        let mut told = Told::default();
        told.outcome(3);
        told.risk(2, &format!(r#","outcomeIds":["{}"]"#, id(3)));
        let mut kri = told.kri(1, &format!(r#","riskIds":["{}"]"#, id(2)));
        told.reads(&mut kri, 10, 25);
        let dashboard = rendered(&told);
        assert_eq!(dashboard["position"], 5);
        let (outcome, risk) = (&dashboard["outcomes"][0], &dashboard["risks"][0]);
        assert_eq!(outcome["status"], "red");
        assert_eq!(outcome["because"], json!([{"kind":"risk","id":id(2),"name":"Risk","status":"red"}]));
        assert_eq!((&risk["status"], &risk["severity"]), (&json!("open"), &json!("red")));
        assert_eq!(
            risk["because"],
            json!([{"kind":"kri","id":id(1),"name":"KRI","status":"red","stale":false}])
        );
        assert_eq!((&risk["kriIds"], &outcome["riskIds"]), (&json!([id(1)]), &json!([id(2)])));
        let kri = &dashboard["kris"][0];
        assert_eq!(
            (&kri["value"], &kri["warn"], &kri["unlinked"]),
            (&json!("25"), &json!("10"), &json!(false))
        );
        assert_eq!(kri["trend"], json!([{"at":"1970-01-01T00:10:00Z","value":"25"}]));
        assert!(dashboard.get("asOf").is_none());
    }

    #[test]
    fn an_ineffective_control_is_named_where_it_raised_the_level() {
        let mut told = Told::default();
        told.control(4, "ineffective");
        told.risk(2, &format!(r#","controlIds":["{}"]"#, id(4)));
        let mut kri = told.kri(1, &format!(r#","riskIds":["{}"]"#, id(2)));
        told.reads(&mut kri, 10, 12);
        let risk = &rendered(&told)["risks"][0];
        assert_eq!(risk["severity"], "red");
        assert_eq!(
            risk["because"][1],
            json!({"kind":"control","id":id(4),"name":"Control","state":"ineffective"})
        );
    }

    #[test]
    fn what_is_out_of_use_does_not_show_and_what_it_leaves_behind_is_flagged() {
        let mut told = Told::default();
        let mut outcome = told.outcome(3);
        told.kri(1, &format!(r#","outcomeId":"{}""#, id(3)));
        assert_eq!(rendered(&told)["kris"][0]["unlinked"], false);
        told.when(&mut outcome, 1, OutcomeCommand::Archive);
        let dashboard = rendered(&told);
        assert_eq!(dashboard["outcomes"], json!([]));
        assert_eq!(dashboard["kris"][0]["unlinked"], true);
        assert_eq!(dashboard["kris"][0]["status"], "unknown");
    }
}
