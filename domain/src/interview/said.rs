//! What was said: whatever a model wants to put into a draft has to be borne out by the person's own words, or by their answer to
//! what they were asked. A name that gives orders, and a model that obeys them, come to nothing here (hazards H9). Judged by code,
//! and rather too strictly: what cannot be recognised is asked for.

mod ears;
mod field;

use serde_json::{Map, Value};

use crate::interview::patch::fields;
use crate::interview::said::ears::Ears;
use crate::interview::{Draft, DraftTool, Hearing, Question, Scene};
use crate::workflow::{KriFact, StepId};

/// What bears out a change of the draft.
#[derive(Debug, Clone)]
pub(super) struct Said<'a> {
    scene: &'a Scene,
    /// What was asked before the person spoke.
    asked: Option<&'a Question>,
    /// All that the person has said.
    all: Ears,
    /// What they said now.
    now: Ears,
}

/// Words by which something is taken away.
const REMOVING: &[&str] = &[
    "drop", "remov", "delet", "without", "no", "not", "don't", "instead", "cancel", "skip", "leave",
    "rather", "forget", "scrap", "never", "take", "lose",
];
/// Words by which something changes its place.
const MOVING: &[&str] = &[
    "before", "after", "first", "last", "then", "move", "swap", "order", "earlier", "later", "begin", "end",
    "start", "finally",
];

impl<'a> Said<'a> {
    pub(super) fn new(hearing: &Hearing, asked: Option<&'a Question>, scene: &'a Scene) -> Self {
        Self { scene, asked, all: Ears::of(hearing.heard()), now: Ears::of(hearing.own()) }
    }

    /// The first thing in a call that nobody has spoken of.
    pub(super) fn unsaid(&self, tool: &DraftTool, draft: &Draft) -> Option<String> {
        let known = |id: &StepId| {
            let step = draft.steps().iter().find(|step| step.id == *id);
            step.map(|step| step.part.value.clone()).unwrap_or_default()
        };
        match tool {
            DraftTool::SetTrigger { trigger } => {
                self.first(&fields(trigger), draft.trigger().unwrap_or(&Map::new()))
            }
            DraftTool::AddStep { step, frame, .. } => {
                let framed = frame.as_ref().map(fields).unwrap_or_default();
                self.first(&fields(step), &Map::new()).or_else(|| self.first(&framed, &Map::new()))
            }
            DraftTool::ChangeStep { id, step, frame, clear } => {
                let known = known(id);
                let said = step.as_ref().map(fields).unwrap_or_default();
                let framed = frame.as_ref().map(fields).unwrap_or_default();
                let unsaid = self.first(&said, &known).or_else(|| self.first(&framed, &known));
                let cleared = clear.first().filter(|_| !self.now.has(REMOVING));
                unsaid.or_else(|| cleared.map(|field| format!("taking away {field}")))
            }
            DraftTool::SetApproval { id, approval } => self.first(&fields(approval), &known(id)),
            DraftTool::MoveStep { id, .. } => {
                (!self.now.has(MOVING)).then(|| format!("another place for step {id}"))
            }
            DraftTool::RemoveStep { id } => {
                (!self.now.has(REMOVING)).then(|| format!("taking away step {id}"))
            }
            DraftTool::SetOwners { owners } => {
                owners.iter().find(|owner| !draft.owners().contains(owner) && !self.speaks_of(owner)).map(
                    |owner| format!("an owner that is {}", serde_json::to_string(owner).unwrap_or_default()),
                )
            }
            DraftTool::SetName { name } => (!self.all.holds(name)).then(|| "such a name".to_owned()),
            DraftTool::SetDescription { description } => {
                (!self.all.holds(description)).then(|| "such a description".to_owned())
            }
            DraftTool::Ask { question } => {
                let heard = question.heard.as_ref().filter(|heard| !self.all.holds(heard));
                heard.map(|heard| format!("“{heard}”"))
            }
        }
    }

    /// The first field that is neither known already nor borne out.
    fn first(&self, said: &Map<String, Value>, known: &Map<String, Value>) -> Option<String> {
        let unsaid = said
            .iter()
            .find(|(key, value)| known.get(*key) != Some(*value) && !self.bears_out(key, value, known));
        unsaid.map(|(key, value)| {
            let value: String = value.to_string().chars().take(120).collect();
            format!("{key} {value}")
        })
    }

    /// Whether a KRI was spoken of: by its slug, its name, or the greater part of either's words; or as one of those that were
    /// asked about.
    pub(super) fn names_kri(&self, kri: &KriFact) -> bool {
        let slug = kri.slug.as_str();
        let name = self.scene.kri_name(kri);
        // A long name is a text that somebody wrote: words of it that were said mean nothing.
        let short = name.split_whitespace().count() <= 6;
        self.all.holds(slug)
            || self.all.holds(name)
            || self.all.holds_most_of(slug)
            || (short && self.all.holds_most_of(name))
            || self.was_offered(slug)
    }

    /// Whether something was among what the person was asked to choose from.
    fn was_offered(&self, candidate: &str) -> bool {
        self.asked.is_some_and(|asked| asked.candidates.iter().any(|offered| offered == candidate))
    }
}
