//! A KRI as it is read: what it is, how it stands, its open breach and its latest points.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use draxis_domain::kri::{
    BreachOpened, Direction, Episode, Flapping, KriBody, KriDefined, KriEvent, Standing, Status,
};
use draxis_domain::source::Schedule;
use draxis_domain::{
    AccountId, Description, KriId, KriSlug, Name, OutcomeId, Quantity, Recorded, RiskId, SourceId,
    TenantEvent, Unit,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::risk_model::TrendPoint;
use crate::risk_model::trend::Trend;

/// A KRI.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the row is the response, and its fields stand by themselves"
)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KriRow {
    /// Its id.
    pub id: KriId,
    /// Counts definitions; the `ETag`.
    pub version: u64,
    /// The contract with the connector.
    pub slug: KriSlug,
    /// What people call it.
    pub name: Name,
    /// What it means.
    pub description: Option<Description>,
    /// What it counts in.
    pub unit: Unit,
    /// Which way is bad.
    pub direction: Direction,
    /// Where it turns amber.
    pub warn: Quantity,
    /// Where it turns red.
    pub critical: Quantity,
    /// How readily breaches open and close.
    pub flapping: Flapping,
    /// The source that measures it.
    pub source_id: Option<SourceId>,
    /// How often that source is read.
    pub schedule: Option<Schedule>,
    /// The risks it measures.
    pub risk_ids: BTreeSet<RiskId>,
    /// The outcome it stands for.
    pub outcome_id: Option<OutcomeId>,
    /// Who answers for it.
    pub owner: Option<AccountId>,
    /// Whether it is out of use.
    pub archived: bool,
    /// The value now; none where it was never measured.
    pub value: Option<Quantity>,
    /// What it means.
    pub status: Status,
    /// Whether its reading no longer stands for the present.
    pub stale: bool,
    /// From when on it no longer may.
    pub stale_at: Option<DateTime<Utc>>,
    /// When the reading under the value was true.
    pub observed_at: Option<DateTime<Utc>>,
    /// The breach that is open.
    pub breach: Option<Episode>,
    /// Its latest points, the latest last.
    pub trend: Vec<TrendPoint>,
    /// When it came into being.
    pub created_at: DateTime<Utc>,
    /// When its definition last changed.
    pub updated_at: DateTime<Utc>,
}

impl KriRow {
    /// What its keys begin with.
    pub(crate) const NOUN: &'static str = "kri";

    pub(super) fn apply(
        row: Option<Box<Self>>,
        event: &KriEvent,
        told: &Recorded<TenantEvent>,
    ) -> Option<Box<Self>> {
        if let KriEvent::Defined(defined) = event {
            return Some(Box::new(Self::defined(defined, told.recorded_at)));
        }
        let mut row = row?;
        row.evolve(event, told);
        Some(row)
    }

    fn defined(defined: &KriDefined, at: DateTime<Utc>) -> Self {
        let body = defined.body.clone();
        Self {
            id: defined.id,
            version: 1,
            slug: body.slug,
            name: body.name,
            description: body.description,
            unit: body.unit,
            direction: body.direction,
            warn: body.warn,
            critical: body.critical,
            flapping: body.flapping,
            source_id: body.source_id,
            schedule: defined.schedule,
            risk_ids: body.risk_ids,
            outcome_id: body.outcome_id,
            owner: body.owner,
            archived: false,
            value: None,
            status: Status::Unknown,
            stale: false,
            stale_at: None,
            observed_at: None,
            breach: None,
            trend: Vec::new(),
            created_at: at,
            updated_at: at,
        }
    }

    fn evolve(&mut self, event: &KriEvent, told: &Recorded<TenantEvent>) {
        match event {
            KriEvent::Defined(_) | KriEvent::BreachCommented(_) => {}
            KriEvent::Edited(edited) => {
                self.redefine(&edited.body);
                self.schedule = edited.schedule;
                self.stand(&edited.standing);
                self.changed(edited.version, told.recorded_at);
            }
            KriEvent::RiskLinked(linked) => {
                self.risk_ids.insert(linked.risk_id);
                self.changed(linked.version, told.recorded_at);
            }
            KriEvent::RiskUnlinked(unlinked) => {
                self.risk_ids.remove(&unlinked.risk_id);
                self.changed(unlinked.version, told.recorded_at);
            }
            KriEvent::Rescheduled(rescheduled) => {
                self.schedule = rescheduled.schedule;
                self.stand(&rescheduled.standing);
            }
            KriEvent::Archived(_) => {
                self.archived = true;
                self.updated_at = told.recorded_at;
            }
            KriEvent::ValueRecorded(recorded) => {
                self.trend.read(told.sequence, recorded.observed_at, recorded.value);
                self.measure(&recorded.standing);
            }
            KriEvent::ValueAdjusted(adjusted) => {
                if let Some(value) = adjusted.standing.value.filter(|_| !adjusted.superseded) {
                    self.trend.adjust(adjusted.adjustment.effective_at, value);
                }
                self.measure(&adjusted.standing);
            }
            KriEvent::ValueCorrected(corrected) => {
                self.trend.correct(corrected.reading, corrected.value);
                self.measure(&corrected.standing);
            }
            KriEvent::WentStale(stale) => self.stand(&stale.standing),
            KriEvent::BreachOpened(opened) => self.breach = Some(begun(opened)),
            KriEvent::BreachClosed(_) => self.breach = None,
            KriEvent::BreachRaised(shifted) => self.amend(|open| {
                open.level = shifted.level;
                open.snoozed_until = None;
            }),
            KriEvent::BreachLowered(shifted) => self.amend(|open| open.level = shifted.level),
            KriEvent::BreachAcknowledged(_) => self.amend(|open| open.acknowledged = true),
            KriEvent::BreachAssigned(assigned) => self.amend(|open| open.owner = assigned.owner),
            KriEvent::BreachSnoozed(snoozed) => self.amend(|open| open.snoozed_until = Some(snoozed.until)),
            KriEvent::BreachWoken(_) => self.amend(|open| open.snoozed_until = None),
        }
    }

    fn redefine(&mut self, body: &KriBody) {
        let body = body.clone();
        self.slug = body.slug;
        self.name = body.name;
        self.description = body.description;
        self.unit = body.unit;
        self.direction = body.direction;
        self.warn = body.warn;
        self.critical = body.critical;
        self.flapping = body.flapping;
        self.source_id = body.source_id;
        self.risk_ids = body.risk_ids;
        self.outcome_id = body.outcome_id;
        self.owner = body.owner;
    }

    const fn changed(&mut self, version: u64, at: DateTime<Utc>) {
        self.version = version;
        self.updated_at = at;
    }

    pub(super) fn measure(&mut self, standing: &Standing) {
        self.stand(standing);
        self.trend.end_at(standing.value);
    }

    const fn stand(&mut self, standing: &Standing) {
        self.value = standing.value;
        self.status = standing.status;
        self.stale = standing.stale;
        self.stale_at = standing.stale_at;
        self.observed_at = standing.observed_at;
    }

    fn amend(&mut self, change: impl FnOnce(&mut Episode)) {
        if let Some(open) = &mut self.breach {
            change(open);
        }
    }
}

const fn begun(opened: &BreachOpened) -> Episode {
    Episode {
        id: opened.breach_id,
        level: opened.level,
        opened_at: opened.opened_at,
        acknowledged: false,
        owner: None,
        snoozed_until: None,
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::kri::{Kri, KriCommand};
    use proptest::prelude::*;

    use super::KriRow;
    use crate::memory::fold_in_memory;
    use crate::risk_model::{RiskModel, RiskModelRow};
    use crate::told::{Told, adjust, any, q};

    fn row(told: &Told, id: &str) -> KriRow {
        match fold_in_memory::<RiskModel>(&told.events).remove(&format!("kri/{id}")) {
            Some(RiskModelRow::Kri(row)) => *row,
            other => panic!("no KRI, but {other:?}"),
        }
    }

    #[test]
    fn a_reading_shows_with_its_status_and_opens_its_breach() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 10, 25);
        let row = row(&told, &kri.id);
        assert_eq!(serde_json::to_value(&row).unwrap()["value"], "25");
        assert_eq!(row.breach.map(|open| open.id), Some(kri.open_breach()));
        assert_eq!(row.trend.len(), 1);
    }

    #[test]
    fn the_trend_ends_at_the_value_there_is_now() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 10, 9);
        told.when(&mut kri, 20, adjust(1, draxis_domain::kri::Operator::Decrement, 2, 15));
        let row = row(&told, &kri.id);
        let values: Vec<_> = row.trend.iter().map(|point| point.value).collect();
        assert_eq!(values, [q(9), q(7)]);
    }

    #[test]
    fn a_reading_that_grew_too_old_shows_as_stale_with_its_value() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.reads(&mut kri, 10, 5);
        assert!(!row(&told, &kri.id).stale);
        told.when(&mut kri, 130, KriCommand::MarkStale);
        let row = row(&told, &kri.id);
        assert_eq!((row.stale, row.value), (true, Some(q(5))));
    }

    #[test]
    fn an_archived_kri_keeps_its_row_and_says_so() {
        let mut told = Told::default();
        let mut kri = told.kri(1, "");
        told.when(&mut kri, 1, KriCommand::Archive);
        assert!(row(&told, &kri.id).archived);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_row_stands_as_the_aggregate_does(told in any::stream()) {
            let mut kris = std::collections::BTreeMap::<String, Kri>::new();
            for recorded in &told.events {
                if let draxis_domain::TenantEvent::Kri(event) = &recorded.event {
                    let kri = kris.entry(recorded.aggregate_id.clone()).or_default();
                    cqrs_es::Aggregate::apply(kri, event.clone());
                }
            }
            for (id, kri) in kris {
                let Kri::Present(state) = kri else { panic!("no KRI") };
                let row = row(&told, &id);
                prop_assert_eq!((row.version, row.archived), (state.version, state.archived));
                prop_assert_eq!((row.value, row.status, row.stale), (state.standing.value, state.standing.status, state.standing.stale));
                prop_assert_eq!((row.observed_at, row.stale_at), (state.standing.observed_at, state.standing.stale_at));
                prop_assert_eq!(row.breach, state.episodes.open);
                prop_assert_eq!(row.risk_ids, state.body.risk_ids);
                if let (Some(last), Some(value)) = (row.trend.last(), row.value) {
                    prop_assert_eq!(last.value, value);
                }
            }
        }
    }
}
