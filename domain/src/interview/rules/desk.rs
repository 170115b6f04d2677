//! The desk: the turn under way, with what has been noted, done and not understood.

use serde_json::Value;

use crate::interview::apply::ToolRefusal;
use crate::interview::rules::ask::{self, Length};
use crate::interview::rules::clause::Clause;
use crate::interview::{
    Draft, DraftStep, DraftTool, FramePatch, Place, Question, Scene, StepPatch, Topic, TriggerPatch, Turn,
    TurnUnderWay,
};
use crate::workflow::StepId;

/// A turn of the built-in interviewer.
pub(super) struct Desk<'a> {
    turn: TurnUnderWay<'a>,
    /// What was asked before this turn, until it is answered.
    pub asked: Option<Question>,
    /// The step that was spoken of last.
    pub last: Option<StepId>,
    /// Whoever was said not to be meant.
    pub negated: Vec<crate::workflow::Party>,
    /// Whether it is the first thing that was said.
    first: bool,
    notes: Vec<String>,
    done: Vec<String>,
    puzzles: Vec<String>,
    /// What was named that does not exist: the question about it comes first.
    open: Vec<Question>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(turn: TurnUnderWay<'a>) -> Self {
        let (asked, first) = (turn.asked_before().cloned(), turn.hearing().is_first());
        Self {
            turn,
            asked,
            last: None,
            negated: Vec::new(),
            first,
            notes: Vec::new(),
            done: Vec::new(),
            puzzles: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) const fn draft(&self) -> &Draft {
        self.turn.draft()
    }

    pub(super) const fn scene(&self) -> &'a Scene {
        self.turn.scene()
    }

    /// Says something besides.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Says what was done.
    pub(super) fn did(&mut self, what: impl Into<String>) {
        self.done.push(what.into());
    }

    pub(super) fn not_understood(&mut self, clause: &Clause) {
        self.puzzles.push(clause.text());
    }

    /// Keeps a question about something that was named and does not exist, or is not settled.
    pub(super) fn unsettled(&mut self, question: Question) {
        self.open.retain(|open| (open.topic, &open.step) != (question.topic, &question.step));
        self.open.push(question);
    }

    /// Calls a tool; a refusal is said to the person.
    pub(super) fn call(&mut self, tool: DraftTool) -> bool {
        match self.turn.apply(tool) {
            Ok(()) => true,
            Err(ToolRefusal::Invalid(problems)) => {
                for problem in problems {
                    let message = problem.message;
                    let next = problem.next;
                    self.note(format!("That does not work: {message}. {next}"));
                }
                false
            }
            Err(refusal) => {
                self.note(format!("That does not work: {refusal}."));
                false
            }
        }
    }

    /// Sets what is known of the trigger.
    pub(super) fn set_trigger(&mut self, trigger: TriggerPatch) -> bool {
        self.call(DraftTool::SetTrigger { trigger })
    }

    /// Adds a step; where it cannot be added as it is, without what stands in the way.
    pub(super) fn add(&mut self, step: StepPatch, place: Option<Place>) -> Option<StepId> {
        let usual = step.usual_id();
        let id = self.draft().free_id(usual);
        let add = |step: StepPatch, place: Option<Place>| DraftTool::AddStep {
            id: Some(id.clone()),
            step,
            frame: None,
            place,
        };
        let added =
            self.call(add(step.clone(), place.clone())) || self.call(add(without_people(step), place));
        if added {
            self.last = Some(id.clone());
        }
        added.then_some(id)
    }

    /// Changes a step.
    pub(super) fn change(&mut self, id: &StepId, step: StepPatch) -> bool {
        self.last = Some(id.clone());
        self.call(DraftTool::ChangeStep { id: id.clone(), step: Some(step), frame: None, clear: Vec::new() })
    }

    /// Changes what every step has.
    pub(super) fn frame(&mut self, id: &StepId, frame: FramePatch) -> bool {
        self.call(DraftTool::ChangeStep { id: id.clone(), step: None, frame: Some(frame), clear: Vec::new() })
    }

    /// The steps of a kind, in order.
    pub(super) fn steps_of(&self, kind: &str) -> Vec<&DraftStep> {
        self.draft().steps().iter().filter(|step| step.kind() == kind).collect()
    }

    /// The step of a kind that is meant where nobody says which: the one spoken of last, else the last one.
    pub(super) fn one_of(&self, kind: &str) -> Option<&DraftStep> {
        let steps = self.steps_of(kind);
        let spoken = steps.iter().find(|step| Some(&step.id) == self.last.as_ref());
        let asked = self.asked.as_ref().and_then(|asked| asked.step.as_ref());
        let asked = steps.iter().find(|step| Some(&step.id) == asked);
        spoken.or(asked).or_else(|| steps.last()).copied()
    }

    /// The kind of trigger.
    pub(super) fn trigger_kind(&self) -> Option<&str> {
        self.draft().trigger()?.get("type").and_then(Value::as_str)
    }

    /// A field of the trigger.
    pub(super) fn trigger_field(&self, field: &str) -> Option<&str> {
        self.draft().trigger()?.get(field).and_then(Value::as_str)
    }

    /// Ends the turn: what was done, what stands in the way, and the next question.
    pub(super) fn finish(mut self) -> Turn {
        let needs = self.turn.needs();
        let open = self
            .open
            .iter()
            .find(|open| needs.iter().any(|need| need.topic == open.topic && need.step == open.step));
        let kept = self.asked.clone().filter(|asked| {
            asked.heard.is_some()
                && needs.iter().any(|need| need.topic == asked.topic && need.step == asked.step)
        });
        let next = open
            .cloned()
            .or(kept)
            .or_else(|| needs.first().map(|need| Question::about(need.topic, need.step.clone())));
        if let Some(question) = &next {
            let ask = DraftTool::Ask { question: question.clone() };
            self.call(ask);
        }
        let reply = self.reply(next.as_ref());
        self.turn.finish(reply)
    }

    fn reply(&self, next: Option<&Question>) -> String {
        let mut parts: Vec<String> = Vec::new();
        if !self.done.is_empty() {
            parts.push(self.done.join(" "));
        }
        parts.extend(self.notes.iter().cloned());
        let puzzles = &self.puzzles;
        if self.done.is_empty() || puzzles.len() < 3 {
            let shown: Vec<String> = puzzles
                .iter()
                .take(2)
                .map(|puzzle| format!("“{}”", crate::interview::summary::clipped(puzzle)))
                .collect();
            if !shown.is_empty() {
                parts.push(format!("I did not understand {}.", shown.join(" and ")));
            }
        }
        let problems: Vec<String> = self
            .turn
            .problems()
            .into_iter()
            .filter(|problem| {
                !matches!(problem.code, "kri.unknown" | "account.unknown" | "kri_event.undeclared")
            })
            .map(|problem| ask::problem(&problem))
            .collect();
        parts.extend(problems.iter().cloned());
        match next {
            Some(question) => {
                let lost = self.done.is_empty() && !self.puzzles.is_empty();
                parts.push(ask::words(
                    question,
                    self.draft(),
                    self.scene(),
                    if self.first || lost { Length::Full } else { Length::Short },
                ));
            }
            None if problems.is_empty() => parts.push(self.turn.to_confirm()),
            None => parts.push("Once that is put right, it can be confirmed.".to_owned()),
        }
        parts.join("\n\n")
    }

    /// Whether this topic is what was asked.
    pub(super) fn was_asked(&self, topic: Topic) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.topic == topic)
    }
}

/// A step without those who may stand in its way.
fn without_people(step: StepPatch) -> StepPatch {
    match step {
        StepPatch::NotifyOwner(mut patch) => {
            patch.to = None;
            StepPatch::NotifyOwner(patch)
        }
        StepPatch::AwaitApproval(mut patch) => {
            patch.approvers = None;
            patch.escalation = None;
            patch.reminders = None;
            patch.required = None;
            StepPatch::AwaitApproval(patch)
        }
        StepPatch::EmitKriEvent(mut patch) => {
            patch.event_type = None;
            StepPatch::EmitKriEvent(patch)
        }
        step @ (StepPatch::CreateTicket(_)
        | StepPatch::PanelQuery(_)
        | StepPatch::ProduceDocument(_)
        | StepPatch::PostSlack(_)
        | StepPatch::Wait(_)) => step,
    }
}
