//! What can be asked of an interview.

use serde::{Deserialize, Serialize};

use crate::interview::{Scene, SecretKind, Turn};
use crate::workflow::Definition;
use crate::{InterviewId, Name, Utterance, WorkflowId};

/// What can be asked of an interview.
#[derive(Debug, Clone)]
pub enum InterviewCommand {
    /// Begins one with a goal.
    Start {
        /// Its id, made by the caller.
        id: InterviewId,
        /// The workflow that it is to change, where there is one.
        basis: Option<Box<Basis>>,
        /// The goal and what the interviewer made of it.
        spoken: Box<Spoken>,
    },
    /// Says something.
    Speak(Box<Spoken>),
    /// Confirms the draft that was shown.
    Confirm {
        /// Of the draft that was shown.
        digest: String,
        /// What the workflow is to be called; the draft's own name where it is left out.
        name: Option<Name>,
        /// The workflow that is to come of it.
        workflow_id: WorkflowId,
        /// What there is in the tenant now.
        scene: Box<Scene>,
    },
    /// Gives it up.
    Abandon,
}

/// The workflow that an interview is to change, as it stood when the interview began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Basis {
    /// Which.
    pub workflow_id: WorkflowId,
    /// Its version.
    pub version: u64,
    /// What it said.
    pub definition: Definition,
}

/// One thing the person said, with what came of it.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// How many turns there were when the interviewer thought about it.
    pub after: u32,
    /// What was said, without the secrets that were in it.
    pub text: Utterance,
    /// What sorts of secrets were taken out.
    pub removed: Vec<SecretKind>,
    /// What the interviewer made of it.
    pub turn: Turn,
    /// What there was in the tenant.
    pub scene: Scene,
}
