//! Rendering the dashboard: the bytes that are sent.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use draxis_domain::kri::{Direction, Episode, Status};
use draxis_domain::{AccountId, KriId, KriSlug, Name, OutcomeId, Position, Quantity, RiskId, SourceId, Unit};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ReadError;
use crate::projection::Projection;
use crate::risk_model::{Deltas, KriRow, ModelAt, RiskModel};

/// A dashboard as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedDashboard {
    /// The position whose events it holds.
    pub position: Position,
    /// The response's body.
    pub body: Bytes,
    /// Where each thing stands in the body, by its list and its id.
    pub(super) parts: BTreeMap<(&'static str, String), Bytes>,
}

/// The lists of a dashboard, in the order they are sent.
pub(super) const LISTS: [&str; 3] = ["outcomes", "risks", "kris"];

/// The two clocks of a look at the past (product.md section 3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// What was true then.
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// As it was known then.
    pub(crate) known_at: Option<DateTime<Utc>>,
}

/// A KRI as the dashboard shows it: no more than a tile has room for, since there are many and each has a trend.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the tile is part of the response, and its fields stand by themselves"
)]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KriTile<'a> {
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
    deltas: Deltas,
    trend: Vec<TilePoint>,
}

#[derive(Serialize, JsonSchema)]
struct TilePoint {
    at: DateTime<Utc>,
    value: Quantity,
}

impl<'a> KriTile<'a> {
    fn of(kri: &'a KriRow, model: &ModelAt, today: Option<NaiveDate>) -> Self {
        let deltas = || Some(model.days(kri.id)?.deltas(today?, kri.value?));
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
            deltas: deltas().unwrap_or_default(),
            trend: kri.trend.iter().map(|point| TilePoint { at: point.at, value: point.value }).collect(),
        }
    }
}

/// A body as it is written, with the place of each thing in it.
struct Writing {
    body: Vec<u8>,
    places: Vec<((&'static str, String), std::ops::Range<usize>)>,
}

impl Writing {
    fn put(&mut self, value: &impl Serialize) -> Result<(), ReadError> {
        serde_json::to_writer(&mut self.body, value)
            .map_err(|source| ReadError::Unwritable { projection: RiskModel::TABLE.name(), source })
    }

    fn field(&mut self, name: &str, value: Option<&impl Serialize>) -> Result<(), ReadError> {
        let Some(value) = value else { return Ok(()) };
        self.body.push(b',');
        self.put(&name)?;
        self.body.push(b':');
        self.put(value)
    }

    fn list<T: Serialize>(
        &mut self,
        name: &'static str,
        items: impl Iterator<Item = (String, T)>,
    ) -> Result<(), ReadError> {
        self.body.push(b',');
        self.put(&name)?;
        self.body.extend_from_slice(b":[");
        for (count, (id, item)) in items.enumerate() {
            if count > 0 {
                self.body.push(b',');
            }
            let begin = self.body.len();
            self.put(&item)?;
            self.places.push(((name, id), begin..self.body.len()));
        }
        self.body.push(b']');
        Ok(())
    }
}

/// Renders what is in use. Deltas are seen from the day that is looked back at; now, from the day on which the newest value
/// was known, so that the same position always gives the same bytes.
pub(crate) fn render(model: &ModelAt, clocks: Clocks) -> Result<RenderedDashboard, ReadError> {
    let mut writing = Writing { body: b"{\"position\":".to_vec(), places: Vec::new() };
    writing.put(&model.position)?;
    writing.field("asOf", clocks.as_of.as_ref())?;
    writing.field("knownAt", clocks.known_at.as_ref())?;
    let today = clocks.as_of.map(|at| at.date_naive()).or_else(|| model.newest_day());
    let [outcomes, risks, kris] = LISTS;
    let views = model.outcomes().map(|outcome| (outcome.id.to_string(), model.view_outcome(outcome)));
    writing.list(outcomes, views)?;
    writing.list(risks, model.risks().map(|risk| (risk.id.to_string(), model.view_risk(risk))))?;
    writing.list(kris, model.kris().map(|kri| (kri.id.to_string(), KriTile::of(kri, model, today))))?;
    writing.body.push(b'}');
    let body = Bytes::from(writing.body);
    let parts = writing.places.into_iter().map(|(thing, place)| (thing, body.slice(place))).collect();
    Ok(RenderedDashboard { position: model.position, body, parts })
}

#[cfg(test)]
mod tests {
    use draxis_domain::Position;
    use draxis_domain::outcome::OutcomeCommand;
    use serde_json::{Value, json};
    use ulid::Ulid;

    use super::{Clocks, render};
    use crate::memory::Memory;
    use crate::replay::Folded;
    use crate::risk_model::ModelAt;
    use crate::told::Told;

    fn rendered(told: &Told) -> Value {
        let mut state = Memory::default();
        told.events.iter().for_each(|event| state.fold(event));
        let position = told.events.last().map_or(Position::START, |event| event.position);
        let dashboard = render(&ModelAt::new(Folded { state, position }), Clocks::default()).unwrap();
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
        assert_eq!(kri["deltas"], json!({"1": null, "7": null, "30": null, "90": null}));
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
