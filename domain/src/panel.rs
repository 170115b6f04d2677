//! Expert panel: questions put to it, who was asked, what was answered, and every figure with where it stands
//! (product.md section 5).

mod check;
mod command;
mod event;
mod figure;
mod ledger;
pub mod rules;
mod run;
mod session;
mod snapshot;

pub use check::{Checked, check};
pub use command::{PanelSessionCommand, Reply};
pub use event::{
    Answered, AnsweredBy, AskedAgain, Asker, CalledExpert, Citation, CitedKind, Expert, ExpertsCalled,
    KeptFact, PanelEnded, PanelOpened, PanelSessionEvent, Struck, StruckWhy, Usage,
};
pub use figure::{Figure, Says, blotted, figures};
pub use ledger::{Ledger, Place};
pub use run::{
    EffectKnown, RunCause, RunEffectLine, RunIncident, RunLine, RunStands, RunStepLine, RunWait, RunWaitsFor,
    StepStands,
};
pub use session::{PanelSession, SessionState};
pub use snapshot::{
    BreachLine, Change, Changes, ControlLine, DocumentLine, FactLine, KriLine, OutcomeLine, RiskLine,
    Snapshot, Trend, VendorLine,
};
