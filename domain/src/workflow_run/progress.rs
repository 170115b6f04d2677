//! Progress: what a run does by itself when its time has come, from one step to the next.

use serde_json::json;

use crate::workflow::{Action, Destination, Step, Wait, WaitUntil, holds};
use crate::workflow_run::content::{content, filled};
use crate::workflow_run::decided::Decided;
use crate::workflow_run::{
    Cursor, EffectAmbiguous, EffectId, Known, Purpose, RunStanding, SkippedWhy, StepPhase, StepSkipped,
    StepStarted, StepWaiting, WaitingFor, WorkflowRunEvent,
};

impl Decided<'_> {
    /// Does whatever is due, as far as the rule alone can do it: enters steps, ends waits, sends what has its time.
    pub(super) fn do_due(&mut self) {
        self.settle_effects();
        if self.state.standing != RunStanding::UnderWay {
            return;
        }
        loop {
            match self.state.cursor {
                Cursor::Before(index) => {
                    let Some(step) = self.state.begun.definition.steps.get(index).cloned() else {
                        return self.finish_completed();
                    };
                    self.enter(&step);
                }
                Cursor::At(_) => {
                    let Some((step, _)) = self.state.current() else { return };
                    let step = step.clone();
                    if !self.go_on_at(&step) {
                        return;
                    }
                }
            }
            if self.state.standing != RunStanding::UnderWay {
                return;
            }
        }
    }

    /// Enters a step, or passes it over where its condition does not hold.
    fn enter(&mut self, step: &Step) {
        let id = step.frame.id.clone();
        match step.frame.when.as_ref().map(|when| holds(when, &self.context())) {
            Some(Ok(false)) => {
                let why = SkippedWhy::Condition;
                self.push(WorkflowRunEvent::StepSkipped(StepSkipped { step: id, why }));
            }
            None | Some(Ok(true)) => self.start(step),
            Some(Err(error)) => {
                self.start(step);
                self.fail(step, "condition.undecided", &error.to_string());
            }
        }
    }

    fn start(&mut self, step: &Step) {
        self.push(WorkflowRunEvent::StepStarted(StepStarted {
            step: step.frame.id.clone(),
            at: self.now,
            until: step.frame.timeout.map(|span| self.now + span.duration()),
            fence: self.turn.fence,
        }));
    }

    /// Goes on at the step that is under way; false where the rule alone can do no more.
    fn go_on_at(&mut self, step: &Step) -> bool {
        let id = &step.frame.id;
        let Some(state) = self.state.steps.get(id) else { return false };
        if state.until.is_some_and(|until| until <= self.now) {
            self.fail(step, "step.timed_out", "the step took longer than it may");
            return true;
        }
        match &state.phase {
            StepPhase::Acting => self.act(step),
            StepPhase::Waiting { waiting_for: WaitingFor::Time, until } => {
                let over = until.is_none_or(|until| until <= self.now);
                if over {
                    self.complete(id, json!({ "endedAt": text(self.now) }));
                }
                over
            }
            StepPhase::RetryAt(_)
            | StepPhase::Waiting { .. }
            | StepPhase::Succeeded
            | StepPhase::Skipped
            | StepPhase::Failed => false,
        }
    }

    /// Does what can be done by deciding alone; false where somebody has to do something first.
    fn act(&mut self, step: &Step) -> bool {
        if let Some((effect, entry)) = self.state.effect_of(&step.frame.id) {
            if matches!(entry.known, Known::Confirmed(_)) {
                self.complete_with(effect);
                return true;
            }
            return false;
        }
        let planned = match &step.action {
            Action::NotifyOwner(_) | Action::CreateTicket(_) | Action::PostSlack(_) => {
                let definition = &self.state.begun.definition;
                content(step, definition, (&self.turn.scene, &self.context()))
            }
            Action::Wait(wait) => return self.begin_wait(step, wait),
            Action::PanelQuery(_)
            | Action::ProduceDocument(_)
            | Action::EmitKriEvent(_)
            | Action::AwaitApproval(_) => return false,
        };
        match planned {
            Ok(content) => {
                self.plan_and_send(&step.frame.id, Purpose::Step, content);
                false
            }
            Err((code, detail)) => {
                self.fail(step, code, &detail);
                true
            }
        }
    }

    fn begin_wait(&mut self, step: &Step, wait: &Wait) -> bool {
        let begun = match &wait.until {
            WaitUntil::Duration { duration } => Ok((WaitingFor::Time, self.now + duration.duration())),
            WaitUntil::Time { time } => filled(time, &self.context(), Destination::Line).and_then(|time| {
                let at = chrono::DateTime::parse_from_rfc3339(&time);
                let at = at.map_err(|_| {
                    ("step.time", format!("{time:?} is no time such as 2026-03-01T08:00:00Z"))
                })?;
                Ok((WaitingFor::Time, at.to_utc()))
            }),
            WaitUntil::Ticket { ticket, statuses } => {
                match self.state.effect_of(ticket).map(|(_, it)| &it.known) {
                    Some(Known::Confirmed(reference)) => {
                        let statuses = statuses.clone();
                        Ok((WaitingFor::Ticket { ticket: reference.clone(), statuses }, self.now))
                    }
                    Some(_) | None => {
                        Err(("step.no_ticket", format!("the step {ticket} has opened no ticket")))
                    }
                }
            }
        };
        match begun {
            Ok((waiting_for, until)) => {
                let (step, since) = (step.frame.id.clone(), self.now);
                let until = Some(until);
                self.push(WorkflowRunEvent::StepWaiting(StepWaiting { step, waiting_for, since, until }));
                true
            }
            Err((code, detail)) => {
                self.fail(step, code, &detail);
                true
            }
        }
    }

    /// Effects that have their time: those to be sent, and those whose sender has not been heard of.
    fn settle_effects(&mut self) {
        let due: Vec<(EffectId, bool)> = self
            .state
            .effects
            .iter()
            .filter(|(_, effect)| self.state.still_wanted(effect))
            .filter_map(|(id, effect)| match &effect.known {
                Known::Planned(at) if *at <= self.now => Some((*id, true)),
                Known::Sending { lost_at, .. } if *lost_at <= self.now => Some((*id, false)),
                Known::Planned(_)
                | Known::Sending { .. }
                | Known::Confirmed(_)
                | Known::Rejected
                | Known::Ambiguous { .. } => None,
            })
            .collect();
        for (effect, send) in due {
            if send {
                self.send(effect);
            } else {
                let detail = "whoever sent it was cut off before it knew what became of it".to_owned();
                let (look_at, fence) = (Some(self.now), self.turn.fence);
                self.push(WorkflowRunEvent::EffectAmbiguous(EffectAmbiguous {
                    effect,
                    detail,
                    look_ups: 0,
                    look_at,
                    fence,
                }));
            }
        }
    }
}

/// A time as templates see it.
pub(super) fn text(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
