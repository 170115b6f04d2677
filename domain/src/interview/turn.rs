//! One turn of the interviewer: tools are called one by one, each held against the validator at once. An interviewer of any kind
//! works on it; a model's calls have to be borne out by what the person said as well.

use serde_json::Value;

use crate::interview::apply::ToolRefusal;
use crate::interview::need::{invalid, needs};
use crate::interview::question::Offer;
use crate::interview::rules::ask::{self, Length};
use crate::interview::said::Said;
use crate::interview::{
    Assembled, Draft, DraftTool, Hearing, InterviewState, Led, Need, Question, Scene, digest, redact, summary,
};
use crate::workflow::{KriFact, Problem};

/// How long what a model says to the person may be, in characters.
const LONGEST: usize = 4000;

/// What an interviewer made of what the person said.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// How the draft was changed.
    pub changes: Vec<DraftTool>,
    /// What was said; people are named by marks.
    pub reply: String,
    /// What was asked.
    pub asked: Option<Question>,
    /// Who led it.
    pub led: Led,
}

impl Turn {
    /// The turn as the rules took it in a model's place, which it says.
    #[must_use]
    pub fn in_a_models_place(self, led: Led) -> Self {
        let why = led.fallback.as_deref().unwrap_or("it could not be asked");
        let reply = format!(
            "The model that is configured did not lead this turn ({why}); the built-in interviewer does.\n\n{}",
            self.reply
        );
        Self { reply, led, ..self }
    }
}

/// A turn under way.
#[derive(Debug, Clone)]
pub struct TurnUnderWay<'a> {
    draft: Draft,
    scene: &'a Scene,
    hearing: &'a Hearing,
    said: Said<'a>,
    asked_before: Option<&'a Question>,
    changes: Vec<DraftTool>,
    asked: Option<Question>,
}

impl<'a> TurnUnderWay<'a> {
    /// A turn on what was heard.
    pub fn new(state: &'a InterviewState, hearing: &'a Hearing, scene: &'a Scene) -> Self {
        let asked_before = state.asked.as_ref();
        Self {
            draft: state.draft.clone(),
            scene,
            hearing,
            said: Said::new(hearing, asked_before, scene),
            asked_before,
            changes: Vec::new(),
            asked: None,
        }
    }

    /// The draft as it stands within the turn.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What there is in the tenant.
    pub const fn scene(&self) -> &'a Scene {
        self.scene
    }

    /// What was heard.
    pub const fn hearing(&self) -> &'a Hearing {
        self.hearing
    }

    /// What was asked before the person spoke.
    pub const fn asked_before(&self) -> Option<&'a Question> {
        self.asked_before
    }

    /// Calls a tool.
    pub fn apply(&mut self, tool: DraftTool) -> Result<(), ToolRefusal> {
        if let DraftTool::Ask { question } = tool {
            self.draft.may_ask(&question, self.scene)?;
            self.asked = Some(question);
            return Ok(());
        }
        let tool = self.draft.admit(tool, self.scene)?;
        self.draft.said(&tool, self.hearing.heard())?;
        self.draft.put(&tool, 1);
        self.changes.push(tool);
        Ok(())
    }

    /// Calls a tool as a model does, by name and arguments. What the person has not spoken of, and what looks like a secret, is
    /// refused besides; the refusal goes back to the model.
    pub fn call(&mut self, name: &str, arguments: &Value) -> Result<(), ToolRefusal> {
        let malformed = |error: serde_json::Error| ToolRefusal::Malformed {
            tool: name.chars().take(60).collect(),
            what: error.to_string().chars().take(300).collect(),
        };
        let tool = DraftTool::read(name, arguments).map_err(malformed)?;
        if !redact(&arguments.to_string()).kinds.is_empty() {
            return Err(ToolRefusal::Secret);
        }
        match self.said.unsaid(&tool, &self.draft) {
            Some(unsaid) => Err(ToolRefusal::Unsaid(unsaid)),
            None => self.apply(tool),
        }
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

    /// The tenant's KRIs, those that were spoken of first.
    pub fn kris(&self) -> Vec<&'a KriFact> {
        let mut kris: Vec<&KriFact> = self.scene.tenant.kris.iter().collect();
        kris.sort_by_key(|kri| !self.said.names_kri(kri));
        kris
    }

    /// What the person is told of what they wrote, whoever leads.
    pub(super) fn noted(&self) -> Vec<&'static str> {
        let secret = self.hearing.had_secrets().then_some(SECRET);
        let pasted = self.hearing.has_pasted().then_some(PASTED);
        secret.into_iter().chain(pasted).collect()
    }

    /// The summary to confirm, written by code from the draft.
    pub(super) fn to_confirm(&self) -> String {
        let summary = summary::of(&self.draft, self.scene);
        format!("This is what I have:\n\n{summary}\n\nConfirm it if it is right, or tell me what to change.")
    }

    /// The draft's digest.
    pub fn digest(&self) -> String {
        digest(&self.draft.assembled().value)
    }

    /// What the person is asked to choose from, where the words leave it out: nobody agrees to what they have not read.
    fn offered(&self, words: &str) -> Option<String> {
        let asked = self.asked.as_ref()?;
        let shown = |candidate: &String| match asked.topic.offers()? {
            Offer::Account => candidate.parse().ok().map(Scene::mention),
            Offer::Kri => Some(summary::kri_called(candidate, self.scene)),
            Offer::KriEvent => Some(candidate.clone()),
        };
        let offered: Vec<String> = asked.candidates.iter().filter_map(shown).collect();
        let unread = offered.iter().any(|offered| !words.contains(offered.as_str()));
        unread.then(|| format!("To choose from: {}.", summary::listed(&offered)))
    }

    /// Ends the turn with what is said.
    pub fn finish(self, reply: String) -> Turn {
        Turn { changes: self.changes, reply, asked: self.asked, led: Led::default() }
    }

    /// Ends a turn that a model led with what it said. What is to be confirmed, and what stands in the way, is said by code; where
    /// something is missing and the model has asked for nothing, it is asked for.
    pub fn conclude(mut self, words: &str, led: Led) -> Turn {
        let mut parts: Vec<String> = self.noted().into_iter().map(str::to_owned).collect();
        let words: String = redact(words.trim()).text.chars().take(LONGEST).collect();
        let words = self.scene.marked(&words);
        let offered = self.offered(&words);
        parts.push(words);
        parts.extend(offered);
        match self.needs().into_iter().next() {
            Some(need) if self.asked.is_none() => {
                let question = Question::about(need.topic, need.step);
                parts.push(ask::words(&question, &self.draft, self.scene, Length::Short));
                self.asked = Some(question);
            }
            Some(_) => {}
            None => {
                let problems = self.problems();
                parts.extend(problems.iter().map(ask::problem));
                parts.extend(problems.is_empty().then(|| self.to_confirm()));
            }
        }
        Turn { led, ..self.finish(parts.join("\n\n")) }
    }
}

const SECRET: &str = "There was something that looks like a secret in what you wrote; I have taken it out and kept nothing of it. \
                      Credentials belong in the relay configuration (PUT /api/relay-config/<channel>), where they are sealed. If it \
                      was real, replace it.";

const PASTED: &str =
    "I take no instructions from pasted text; tell me in your own words what it should change.";
