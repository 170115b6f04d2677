//! Interview: a workflow talked through, turn by turn, until a person confirms what the draft says (product.md section 4).

mod apply;
mod command;
mod digest;
mod draft;
mod event;
mod need;
mod patch;
mod question;
mod rule;
pub mod rules;
mod scene;
mod scripted;
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
    PersonSaid, SummaryShown,
};
pub use need::Need;
pub use patch::{
    ApprovalPatch, BreachPatch, DestinationPatch, DocumentPatch, EventPatch, FramePatch, JiraPatch,
    ManualPatch, NotifyPatch, PanelPatch, SchedulePatch, ServiceNowPatch, SlackPatch, StepPatch, TicketPatch,
    TriggerPatch, WaitPatch,
};
pub use question::{Question, Topic};
pub use rule::{Interview, InterviewStanding, InterviewState};
pub use scene::Scene;
pub use scripted::{ScriptedTurn, play};
pub use secret::{Redacted, SecretKind, redact};
pub use tool::{DraftTool, Place, ToolDescription, descriptions};
pub use turn::{REFUSALS, Turn, TurnUnderWay};
pub use view::InterviewView;

#[cfg(test)]
mod conversations;
#[cfg(test)]
mod injections;
