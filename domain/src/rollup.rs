//! Roll-up: from KRIs to risks to outcomes, each level naming what made it so (product.md section 3).

mod line;
mod model;
mod rule;
mod severity;

pub use line::{KriLine, RiskLine};
pub use model::{Model, RolledUp, roll_up};
pub use rule::{Threat, of_outcome, of_risk};
pub use severity::{Cause, Coverage, Severity};
