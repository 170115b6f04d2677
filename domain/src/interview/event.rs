//! What can happen in an interview.

use serde::{Deserialize, Serialize};

use crate::interview::{Basis, DraftTool, Question, SecretKind};
use crate::panel::{AnsweredBy, Usage};
use crate::{InterviewId, Name, Utterance, WorkflowId};

events! {
    /// What happened in an interview.
    pub enum InterviewEvent {
        /// It began.
        Started(InterviewStarted) = "interview.started" v 1,
        /// The person said something.
        PersonSaid(PersonSaid) = "interview.person_said" v 1,
        /// The interviewer said something.
        InterviewerSaid(InterviewerSaid) = "interview.interviewer_said" v 1,
        /// The draft was changed.
        DraftChanged(DraftChanged) = "interview.draft_changed" v 1,
        /// The person was shown what is to be confirmed.
        SummaryShown(SummaryShown) = "interview.summary_shown" v 1,
        /// The person confirmed what was shown.
        Confirmed(InterviewConfirmed) = "interview.confirmed" v 1,
        /// It was given up.
        Abandoned(InterviewAbandoned) = "interview.abandoned" v 1,
    }
}

/// It began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterviewStarted {
    /// Its id.
    pub id: InterviewId,
    /// The workflow that it is to change, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Box<Basis>>,
}

/// The person said something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonSaid {
    /// Counts what both sides said, from 1.
    pub turn: u32,
    /// What, without the secrets that were in it.
    pub text: Utterance,
    /// What sorts of secrets were taken out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<SecretKind>,
}

/// The interviewer said something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterviewerSaid {
    /// Counts what both sides said, from 1.
    pub turn: u32,
    /// What; people are named by marks such as `<@01J…>`.
    pub text: Utterance,
    /// What was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Question>,
    /// Who led the turn; the built-in rules where nothing is said of it.
    #[serde(default, skip_serializing_if = "Led::by_rules")]
    pub led: Led,
}

/// Who or what led a turn of the interviewer, and what that took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Led {
    /// Who or what.
    pub by: AnsweredBy,
    /// Why the rules led in a model's place, where they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// What it took, also where nothing came of it.
    #[serde(default)]
    pub usage: Usage,
}

impl Default for Led {
    fn default() -> Self {
        Self { by: AnsweredBy::Rules, fallback: None, usage: Usage::default() }
    }
}

impl Led {
    /// Whether rules led it and no model was asked.
    pub fn by_rules(&self) -> bool {
        *self == Self::default()
    }
}

/// The draft was changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftChanged {
    /// The turn in which the person said so.
    pub turn: u32,
    /// How.
    pub change: Box<DraftTool>,
}

/// The person was shown what is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryShown {
    /// The turn in which it was shown.
    pub turn: u32,
    /// The draft's digest.
    pub digest: String,
}

/// The person confirmed what was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterviewConfirmed {
    /// The turn that the confirmation is.
    pub turn: u32,
    /// What was confirmed.
    pub digest: String,
    /// What the workflow is called.
    pub name: Name,
    /// The workflow that comes of it.
    pub workflow_id: WorkflowId,
    /// The version that comes of it.
    pub version: u64,
}

/// It was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterviewAbandoned {}
