//! One turn of the interviewer: tools are called one by one, each held against the validator at once; a refused call goes back
//! with the reason, at most three times.

use serde_json::Value;

use crate::interview::apply::{ToolRefusal, was_said, ways_out};
use crate::interview::need::{invalid, needs};
use crate::interview::{Assembled, Draft, DraftTool, Need, Question, Scene, digest, summary};
use crate::workflow::Problem;

/// How often a bad call is answered with its error before the turn is over.
pub const REFUSALS: u32 = 3;

/// What an interviewer made of what the person said.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// How the draft was changed.
    pub changes: Vec<DraftTool>,
    /// What was said; people are named by marks.
    pub reply: String,
    /// What was asked.
    pub asked: Option<Question>,
}

/// A turn under way. An interviewer of any kind works on it: the built-in one, a model, a script.
#[derive(Debug, Clone)]
pub struct TurnUnderWay<'a> {
    draft: Draft,
    scene: &'a Scene,
    heard: String,
    changes: Vec<DraftTool>,
    asked: Option<Question>,
    refusals: u32,
}

impl<'a> TurnUnderWay<'a> {
    /// A turn on a draft. `heard` is all that the person has said, this turn with it.
    pub const fn new(draft: Draft, scene: &'a Scene, heard: String) -> Self {
        Self { draft, scene, heard, changes: Vec::new(), asked: None, refusals: 0 }
    }

    /// The draft as it stands within the turn.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What there is in the tenant.
    pub const fn scene(&self) -> &'a Scene {
        self.scene
    }

    /// Calls a tool.
    pub fn apply(&mut self, tool: DraftTool) -> Result<(), ToolRefusal> {
        if let DraftTool::Ask { question } = tool {
            self.asked = Some(question);
            return Ok(());
        }
        let tool = self.draft.admit(tool, self.scene)?;
        if let Some(unsaid) = ways_out(&tool).into_iter().find(|way| !was_said(way, &self.heard)) {
            return Err(ToolRefusal::Unsaid(unsaid));
        }
        self.draft.put(&tool, 1);
        self.changes.push(tool);
        Ok(())
    }

    /// Calls a tool as a model does, by name and arguments. The error goes back to the model; once [`REFUSALS`] have, the turn is
    /// over: see [`Self::is_over`].
    pub fn call(&mut self, name: &str, arguments: &Value) -> Result<(), ToolRefusal> {
        let read = DraftTool::read(name, arguments);
        let malformed = |error: serde_json::Error| ToolRefusal::Malformed {
            tool: name.chars().take(60).collect(),
            what: error.to_string().chars().take(300).collect(),
        };
        let done = read.map_err(malformed).and_then(|tool| self.apply(tool));
        if done.is_err() {
            self.refusals = self.refusals.saturating_add(1);
        }
        done
    }

    /// Whether no more calls are taken in this turn.
    pub const fn is_over(&self) -> bool {
        self.refusals >= REFUSALS
    }

    /// What is missing now.
    pub fn needs(&self) -> Vec<Need> {
        needs(&self.draft)
    }

    /// What is wrong now.
    pub fn problems(&self) -> Vec<Problem> {
        invalid(&self.draft, self.scene, self.asked.as_ref())
    }

    /// The draft put together.
    pub fn assembled(&self) -> Assembled {
        self.draft.assembled()
    }

    /// What the draft says, in words.
    pub fn summary(&self) -> String {
        summary::of(&self.draft, self.scene)
    }

    /// The draft's digest.
    pub fn digest(&self) -> String {
        digest(&self.draft.assembled().value)
    }

    /// Ends the turn with what is said.
    pub fn finish(self, reply: String) -> Turn {
        Turn { changes: self.changes, reply, asked: self.asked }
    }
}
