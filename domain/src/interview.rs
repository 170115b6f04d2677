//! Interview: a workflow talked through, turn by turn, until a person confirms what the draft says (product.md section 4).

mod apply;
mod command;
mod digest;
mod draft;
mod event;
mod hearing;
mod need;
mod patch;
mod question;
#[cfg(any(test, feature = "rehearsal"))]
pub mod rehearsal;
mod rule;
pub mod rules;
mod said;
mod scene;
mod secret;
mod summary;
mod texts;
mod tool;
mod turn;
mod view;

pub use apply::ToolRefusal;
pub use command::{Basis, InterviewCommand, Spoken};
pub use digest::digest;
pub use draft::{Assembled, Draft, DraftStep};
pub use event::{
    DraftChanged, InterviewAbandoned, InterviewConfirmed, InterviewEvent, InterviewStarted, InterviewerSaid,
    Led, PersonSaid, SummaryShown,
};
pub use hearing::Hearing;
pub use need::Need;
pub use patch::{
    ApprovalPatch, BreachPatch, DestinationPatch, DocumentPatch, EventPatch, FramePatch, JiraPatch,
    ManualPatch, NotifyPatch, PanelPatch, SchedulePatch, ServiceNowPatch, SlackPatch, StepPatch, TicketPatch,
    TriggerPatch, WaitPatch,
};
pub use question::{Question, Topic};
pub use rule::{Interview, InterviewStanding, InterviewState};
pub use scene::Scene;
pub use secret::{Redacted, SecretKind, redact};
pub use tool::{DraftTool, Place, ToolDescription, descriptions};
pub use turn::{Turn, TurnUnderWay};
pub use view::InterviewView;

#[cfg(test)]
mod conversations;
