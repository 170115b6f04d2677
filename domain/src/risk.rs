//! Risk: what may go wrong, how likely and how bad, what measures it and what holds it down (product.md section 3).

mod body;
mod event;
mod rule;

pub use body::{RiskBody, RiskStatus, Score, ScoreError};
pub use event::{ControlLinked, OutcomeLinked, RiskArchived, RiskDefined, RiskEdited, RiskEvent};
pub use rule::{Risk, RiskCommand, RiskState};
