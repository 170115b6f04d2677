//! KRI: a Key Risk Indicator, its values, its freshness and its breaches (product.md section 3).

mod adjustment;
mod body;
mod breach;
mod command;
mod episode;
mod event;
mod freshness;
#[cfg(test)]
mod given;
mod hindsight;
mod reading;
mod rejudged;
mod rule;
mod standing;
mod status;
mod told;
mod value;
mod window;

pub use adjustment::{Adjustment, Change, Operator};
pub use body::{Flapping, KriBody, Observations, ObservationsError};
pub use breach::{AssignBody, CommentBody, SnoozeBody};
pub use command::{BreachCommand, KriCommand};
pub use episode::{Episode, Episodes};
pub use event::{
    BreachAcknowledged, BreachAssigned, BreachClosed, BreachCommented, BreachOpened, BreachShifted,
    BreachSnoozed, BreachWoken, Closing, KriArchived, KriDefined, KriEdited, KriEvent, Rescheduled,
    RiskLinked, ValueAdjusted, ValueCorrected, ValueRecorded, WentStale,
};
pub use freshness::{grace, stale_at};
pub use hindsight::Hindsight;
pub use reading::{CorrectionBody, NewReading, PastReading, Reading, ReadingBody};
pub use rejudged::Rejudged;
pub use rule::{Kri, KriState};
pub use standing::Standing;
pub use status::{Direction, Level, Status, Thresholds, ThresholdsInverted};
pub use told::ToldValues;
pub use window::Window;
