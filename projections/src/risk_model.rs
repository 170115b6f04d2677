//! The risk model of a tenant: one row for each KRI, risk, outcome, control and vendor, and one for a KRI's latest days.

mod days;
mod definition;
mod hindsight;
mod kri;
mod list;
mod model;
#[cfg(test)]
mod recorder;
mod risk;
mod trend;
mod view;

use draxis_domain::source::SourceEvent;
use draxis_domain::{Recorded, TenantEvent};
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

pub use days::{DayEnd, DaysRow, Delta, Deltas};
pub use definition::{ControlRow, OutcomeRow, VendorRow};
pub(crate) use hindsight::LearntLater;
pub use kri::KriRow;
pub use list::{ControlFilter, KriFilter, OutcomeFilter, RiskFilter, VendorFilter};
pub(crate) use model::ModelAt;
pub use risk::RiskRow;
pub use trend::TrendPoint;
pub use view::{CauseView, ControlView, KriView, OutcomeView, RiskView};

/// The projection of the risk model. Keys: `kri/<id>`, `days/<KRI's id>`, `risk/<id>`, `outcome/<id>`, `control/<id>`, `vendor/<id>`. Links are
/// kept where they are told; the other way round they are found when a view is made.
#[derive(Debug, Clone, Copy)]
pub struct RiskModel;

/// A row of the risk model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskModelRow {
    /// A KRI.
    Kri(Box<KriRow>),
    /// A risk.
    Risk(Box<RiskRow>),
    /// An outcome.
    Outcome(Box<OutcomeRow>),
    /// A control.
    Control(Box<ControlRow>),
    /// A vendor.
    Vendor(Box<VendorRow>),
    /// The latest days of a KRI.
    Days(Box<DaysRow>),
}

impl Projection for RiskModel {
    const TABLE: Table = Table::RiskModel;
    const VERSION: i32 = 2;
    type Event = TenantEvent;
    type Row = RiskModelRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let noun = match &told.event {
            TenantEvent::Source(
                SourceEvent::Connected(_)
                | SourceEvent::Edited(_)
                | SourceEvent::Paused(_)
                | SourceEvent::Resumed(_)
                | SourceEvent::Archived(_)
                | SourceEvent::RunStarted(_)
                | SourceEvent::RunCompleted(_)
                | SourceEvent::RunFailed(_)
                | SourceEvent::ValuesReceived(_)
                | SourceEvent::PushTokenMinted(_)
                | SourceEvent::PushTokenRevoked(_),
            )
            | TenantEvent::Workflow(_)
            | TenantEvent::KriEventDefinition(_)
            | TenantEvent::Relay(_)
            | TenantEvent::ApiToken(_)
            | TenantEvent::WorkflowRun(_)
            | TenantEvent::Approval(_)
            | TenantEvent::Preview(_)
            | TenantEvent::PanelSession(_)
            | TenantEvent::Memory(_)
            | TenantEvent::ModelConfig(_)
            | TenantEvent::Interview(_)
            | TenantEvent::Audit(_) => return Vec::new(),
            TenantEvent::Kri(event) if days::told_by(event).is_some() => {
                return vec![key(KriRow::NOUN, &told.aggregate_id), key(DaysRow::NOUN, &told.aggregate_id)];
            }
            TenantEvent::Kri(_) => KriRow::NOUN,
            TenantEvent::Risk(_) => RiskRow::NOUN,
            TenantEvent::Outcome(_) => OutcomeRow::NOUN,
            TenantEvent::Control(_) => ControlRow::NOUN,
            TenantEvent::Vendor(_) => VendorRow::NOUN,
        };
        vec![key(noun, &told.aggregate_id)]
    }

    fn apply(key: &str, row: Option<RiskModelRow>, told: &Recorded<TenantEvent>) -> Option<RiskModelRow> {
        match &told.event {
            TenantEvent::Source(_)
            | TenantEvent::Workflow(_)
            | TenantEvent::KriEventDefinition(_)
            | TenantEvent::Relay(_)
            | TenantEvent::ApiToken(_)
            | TenantEvent::WorkflowRun(_)
            | TenantEvent::Approval(_)
            | TenantEvent::Preview(_)
            | TenantEvent::PanelSession(_)
            | TenantEvent::Memory(_)
            | TenantEvent::ModelConfig(_)
            | TenantEvent::Interview(_)
            | TenantEvent::Audit(_) => row,
            TenantEvent::Kri(event) if key.starts_with(DaysRow::NOUN) => {
                DaysRow::apply(days(row), event, told).map(RiskModelRow::Days)
            }
            TenantEvent::Kri(event) => KriRow::apply(kri(row), event, told).map(RiskModelRow::Kri),
            TenantEvent::Risk(event) => RiskRow::apply(risk(row), event, told).map(RiskModelRow::Risk),
            TenantEvent::Outcome(event) => {
                OutcomeRow::apply(outcome(row), event, told).map(RiskModelRow::Outcome)
            }
            TenantEvent::Control(event) => {
                ControlRow::apply(control(row), event, told).map(RiskModelRow::Control)
            }
            TenantEvent::Vendor(event) => {
                VendorRow::apply(vendor(row), event, told).map(RiskModelRow::Vendor)
            }
        }
    }
}

/// The key of a thing.
pub(crate) fn key(noun: &str, id: &str) -> String {
    format!("{noun}/{id}")
}

/// Takes the row of one noun out of any row; a key never holds another noun's.
macro_rules! taken {
    ($($name:ident: $variant:ident($row:ty)),+ $(,)?) => {$(
        fn $name(row: Option<RiskModelRow>) -> Option<Box<$row>> {
            if let Some(RiskModelRow::$variant(row)) = row { Some(row) } else { None }
        }
    )+};
}

taken! {
    kri: Kri(KriRow),
    risk: Risk(RiskRow),
    outcome: Outcome(OutcomeRow),
    control: Control(ControlRow),
    vendor: Vendor(VendorRow),
    days: Days(DaysRow),
}
