//! The view: what a person sees of an interview at each turn, computed by code from the draft.

use serde::Serialize;
use serde_json::Value;

use crate::InterviewId;
use crate::interview::need::{invalid, needs};
use crate::interview::{InterviewStanding, InterviewState, Led, Need, Scene, digest, summary};
use crate::workflow::{Problem, validate};

/// What a person sees of an interview.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterviewView {
    /// Its id.
    pub id: InterviewId,
    /// Where it stands.
    pub state: InterviewStanding,
    /// What the interviewer said last.
    pub reply: String,
    /// Who led that turn, and what it took.
    #[serde(flatten)]
    pub led: Led,
    /// The draft.
    pub draft: Value,
    /// What is missing from it.
    pub missing: Vec<Need>,
    /// What is wrong with it in this tenant.
    pub invalid: Vec<Problem>,
    /// Whether it can be confirmed as it is.
    pub can_confirm: bool,
    /// What it says, and what leaves the company and to whom.
    pub summary: String,
    /// What confirming it has to send.
    pub digest: String,
}

impl InterviewState {
    /// What the person sees.
    pub fn view(&self, scene: &Scene) -> InterviewView {
        let value = self.draft.assembled().value;
        let open = self.standing == InterviewStanding::Open;
        let (missing, wrong) = if open {
            (needs(&self.draft), invalid(&self.draft, scene, self.asked.as_ref()))
        } else {
            (Vec::new(), Vec::new())
        };
        let whole = open && missing.is_empty() && wrong.is_empty();
        InterviewView {
            id: self.id,
            state: self.standing,
            reply: scene.shown(&self.reply),
            led: self.led.clone(),
            can_confirm: whole && validate(&value, &scene.tenant).is_ok(),
            missing,
            invalid: wrong,
            summary: scene.shown(&summary::of(&self.draft, scene)),
            digest: digest(&value),
            draft: value,
        }
    }
}
