//! Hindsight: the risk model as it was at a time, with its values as they are known at a later one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use draxis_domain::kri::{Hindsight, KriEvent, Standing};
use draxis_domain::{Recorded, TenantEvent};

use crate::breaches::of_kri;
use crate::risk_model::trend::Trend;
use crate::risk_model::{DaysRow, KriRow, ModelAt, RiskModelRow};

/// What was learnt of a time after it: values that were true by then and recorded later, by KRI.
#[derive(Debug, Clone)]
pub(crate) struct LearntLater {
    looked_back_at: DateTime<Utc>,
    pub(crate) of_kris: BTreeMap<String, Vec<Recorded<TenantEvent>>>,
}

impl LearntLater {
    pub(crate) const fn of(looked_back_at: DateTime<Utc>) -> Self {
        Self { looked_back_at, of_kris: BTreeMap::new() }
    }

    /// Takes an event that was recorded later.
    pub(crate) fn fold(&mut self, told: &Recorded<TenantEvent>) {
        let true_at = of_kri(&told.event).and_then(KriEvent::true_at);
        if true_at.is_some_and(|true_at| true_at <= self.looked_back_at) {
            self.of_kris.entry(told.aggregate_id.clone()).or_default().push(told.clone());
        }
    }

    /// How a KRI stood, by the events that were recorded in time and what was learnt later.
    pub(crate) fn standing(&self, kri: &str, in_time: Vec<Recorded<TenantEvent>>) -> Option<Standing> {
        let mut hindsight = Hindsight::default();
        for told in in_time {
            if let TenantEvent::Kri(event) = told.event {
                hindsight.tell(event);
            }
        }
        for told in self.of_kris.get(kri).into_iter().flatten() {
            if let TenantEvent::Kri(event) = &told.event {
                hindsight.learn(told.sequence, event, self.looked_back_at);
            }
        }
        hindsight.standing(self.looked_back_at)
    }
}

impl ModelAt {
    /// The same with what was learnt later of the values of KRIs that it holds.
    pub(crate) fn revised(self, learnt: &LearntLater, standings: &BTreeMap<String, Standing>) -> Self {
        let mut folded = self.into_folded();
        let mut rows = std::mem::take(&mut folded.state).into_rows();
        for (kri, standing) in standings {
            let events = learnt.of_kris.get(kri).map(Vec::as_slice).unwrap_or_default();
            if let Some(RiskModelRow::Kri(row)) = rows.get_mut(&super::key(KriRow::NOUN, kri)) {
                row.revise(events, standing);
            }
            if let Some(RiskModelRow::Days(days)) = rows.get_mut(&super::key(DaysRow::NOUN, kri)) {
                let learnt = events.iter().filter_map(|told| Some((of_kri(&told.event)?, told.sequence)));
                learnt.for_each(|(event, sequence)| days.learn(event, sequence));
                days.end_at(standing.value);
            }
        }
        folded.state = crate::memory::Memory::from_rows(rows);
        Self::new(folded)
    }
}

impl KriRow {
    /// Takes in what was learnt later of this row's time.
    fn revise(&mut self, learnt: &[Recorded<TenantEvent>], standing: &Standing) {
        for told in learnt {
            if let TenantEvent::Kri(KriEvent::ValueRecorded(read)) = &told.event {
                self.trend.read(told.sequence, read.observed_at, read.value);
            }
            if let TenantEvent::Kri(KriEvent::ValueCorrected(corrected)) = &told.event {
                self.trend.correct(corrected.reading, corrected.value);
            }
        }
        self.measure(standing);
    }
}
