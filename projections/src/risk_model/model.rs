//! The risk model of one tenant in memory at one position, with its roll-up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use draxis_domain::rollup::{self, KriLine, Model, RiskLine, RolledUp};
use draxis_domain::{ControlId, KriId, OutcomeId, Position, RiskId};

use crate::memory::Memory;
use crate::replay::Folded;
use crate::risk_model::{
    ControlRow, DaysRow, KriRow, OutcomeRow, RiskModel, RiskModelRow, RiskRow, VendorRow,
};

/// The rows at a position, and what follows from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelAt {
    rows: BTreeMap<String, RiskModelRow>,
    pub(crate) position: Position,
    pub(crate) levels: RolledUp,
    pub(crate) links: Links,
}

/// Links as they are seen from the other end; only between things in use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    pub(crate) kris_of_risk: BTreeMap<RiskId, BTreeSet<KriId>>,
    pub(crate) kris_of_outcome: BTreeMap<OutcomeId, BTreeSet<KriId>>,
    pub(crate) risks_of_outcome: BTreeMap<OutcomeId, BTreeSet<RiskId>>,
    pub(crate) risks_of_control: BTreeMap<ControlId, BTreeSet<RiskId>>,
}

impl ModelAt {
    pub(crate) fn new(folded: Folded<Memory<RiskModel>>) -> Self {
        let rows = folded.state.into_rows();
        let mut model = Self { rows, position: folded.position, ..Self::default() };
        model.levels = rollup::roll_up(&model.lines());
        model.links = Links::between(&model);
        model
    }

    /// The bare rows, to be folded on.
    pub(crate) fn into_folded(self) -> Folded<Memory<RiskModel>> {
        Folded { state: Memory::from_rows(self.rows), position: self.position }
    }

    pub(crate) const fn rows(&self) -> &BTreeMap<String, RiskModelRow> {
        &self.rows
    }

    /// The latest days of a KRI.
    pub(crate) fn days(&self, kri: KriId) -> Option<&DaysRow> {
        let row = self.find(DaysRow::NOUN, &kri.to_string());
        row.and_then(|row| if let RiskModelRow::Days(days) = row { Some(&**days) } else { None })
    }

    /// The day on which the newest value was known: what deltas are seen from, so that no clock is asked (hazards D7).
    pub(crate) fn newest_day(&self) -> Option<NaiveDate> {
        let (after, before) = (super::key(DaysRow::NOUN, ""), super::key(DaysRow::NOUN, "\u{7f}"));
        let days = self.rows.range(after..before).filter_map(|(_, row)| {
            if let RiskModelRow::Days(days) = row { Some(days.told_at.date_naive()) } else { None }
        });
        days.max()
    }

    pub(crate) fn find(&self, noun: &str, id: &str) -> Option<&RiskModelRow> {
        self.rows.get(&super::key(noun, id))
    }

    /// Everything in use, as the roll-up wants it.
    fn lines(&self) -> Model {
        Model {
            kris: self.kris().map(kri_line).collect(),
            risks: self.risks().map(risk_line).collect(),
            controls: self.controls().map(|control| (control.id, control.state)).collect(),
            outcomes: self.outcomes().map(|outcome| outcome.id).collect(),
        }
    }
}

/// The things in use, by noun.
macro_rules! in_use {
    ($($name:ident: $variant:ident -> $row:ty),+ $(,)?) => {
        impl ModelAt {
            $(pub(crate) fn $name(&self) -> impl Iterator<Item = &$row> {
                let noun = <$row>::NOUN;
                let (after, before) = (format!("{noun}/"), format!("{noun}/\u{7f}"));
                self.rows
                    .range(after..before)
                    .filter_map(|(_, row)| if let RiskModelRow::$variant(row) = row { Some(&**row) } else { None })
                    .filter(|row| !row.archived)
            })+
        }
    };
}

in_use! {
    kris: Kri -> KriRow,
    risks: Risk -> RiskRow,
    outcomes: Outcome -> OutcomeRow,
    controls: Control -> ControlRow,
    vendors: Vendor -> VendorRow,
}

fn kri_line(kri: &KriRow) -> KriLine {
    KriLine {
        id: kri.id,
        status: kri.status,
        stale: kri.stale,
        risk_ids: kri.risk_ids.clone(),
        outcome_id: kri.outcome_id,
    }
}

fn risk_line(risk: &RiskRow) -> RiskLine {
    RiskLine {
        id: risk.id,
        status: risk.status,
        control_ids: risk.control_ids.clone(),
        outcome_ids: risk.outcome_ids.clone(),
    }
}

impl Links {
    /// A risk threatens the outcomes that it names and those that a KRI measuring it stands for, as in the roll-up.
    fn between(model: &ModelAt) -> Self {
        let mut links = Self::default();
        let risks: BTreeSet<RiskId> = model.risks().map(|risk| risk.id).collect();
        for risk in model.risks() {
            for outcome in &risk.outcome_ids {
                links.risks_of_outcome.entry(*outcome).or_default().insert(risk.id);
            }
            for control in &risk.control_ids {
                links.risks_of_control.entry(*control).or_default().insert(risk.id);
            }
        }
        for kri in model.kris() {
            links.add(kri, &risks);
        }
        links
    }

    fn add(&mut self, kri: &KriRow, risks: &BTreeSet<RiskId>) {
        for risk in kri.risk_ids.intersection(risks) {
            self.kris_of_risk.entry(*risk).or_default().insert(kri.id);
            if let Some(outcome) = kri.outcome_id {
                self.risks_of_outcome.entry(outcome).or_default().insert(*risk);
            }
        }
        if let Some(outcome) = kri.outcome_id {
            self.kris_of_outcome.entry(outcome).or_default().insert(kri.id);
        }
    }
}
