//! What each event makes of a run and its steps.

use chrono::{DateTime, Utc};

use crate::workflow::{StepId, Then};
use crate::workflow_run::{
    Cursor, RunStanding, RunState, StepPhase, StepState, WaitingFor, WorkflowRun, WorkflowRunEvent,
};

impl WorkflowRun {
    pub(super) fn evolve(&mut self, event: WorkflowRunEvent) {
        match (self, event) {
            (this @ Self::Absent, WorkflowRunEvent::Begun(begun)) => {
                *this = Self::Present(Box::new(RunState::new(*begun)));
            }
            (Self::Present(state), event) => state.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

impl RunState {
    pub(super) fn evolve(&mut self, event: WorkflowRunEvent) {
        match event {
            WorkflowRunEvent::Begun(_) => {}
            WorkflowRunEvent::StepStarted(started) => {
                self.fence = self.fence.max(started.fence);
                self.cursor = Cursor::At(self.index_of(&started.step).unwrap_or(usize::MAX));
                self.steps.insert(started.step, StepState::begun(Some(started.at), started.until));
            }
            WorkflowRunEvent::StepSkipped(skipped) => {
                self.standing = RunStanding::UnderWay;
                self.leave(&skipped.step, StepPhase::Skipped);
            }
            WorkflowRunEvent::StepWaiting(waiting) => {
                let (waiting_for, until, since) = (waiting.waiting_for, waiting.until, waiting.since);
                self.with_step(&waiting.step, |step| {
                    if let WaitingFor::Approval { approval_id, round, .. } = &waiting_for {
                        step.rounds = *round;
                        step.approval = Some(*approval_id);
                        step.asked_at.get_or_insert(since);
                    }
                    step.phase = StepPhase::Waiting { waiting_for, until };
                });
            }
            WorkflowRunEvent::AttemptFailed(failed) => self.with_step(&failed.step, |step| {
                step.attempts = failed.attempt;
                step.phase = failed.retry_at.map_or(StepPhase::Acting, StepPhase::RetryAt);
            }),
            WorkflowRunEvent::StepCompleted(completed) => {
                self.leave(&completed.step, StepPhase::Succeeded);
                if let Some(step) = &completed.go_to {
                    self.cursor = Cursor::Before(self.index_of(step).unwrap_or(usize::MAX));
                }
                self.with_step(&completed.step, |step| step.result = Some(completed.result));
            }
            WorkflowRunEvent::StepFailed(failed) => {
                self.leave(&failed.step, StepPhase::Failed);
                if let Then::GoTo(step) = &failed.then {
                    self.cursor = Cursor::Before(self.index_of(step).unwrap_or(usize::MAX));
                }
            }
            WorkflowRunEvent::EffectPlanned(_)
            | WorkflowRunEvent::EffectSending(_)
            | WorkflowRunEvent::EffectConfirmed(_)
            | WorkflowRunEvent::EffectRejected(_)
            | WorkflowRunEvent::EffectAmbiguous(_)
            | WorkflowRunEvent::EffectDecided(_) => {
                if let Some(of) = event.of_effect() {
                    self.evolve_effect(of);
                }
            }
            WorkflowRunEvent::Completed(_) => self.standing = RunStanding::Completed,
            WorkflowRunEvent::Rejected(_) => self.standing = RunStanding::Rejected,
            WorkflowRunEvent::Cancelled(_) => self.standing = RunStanding::Cancelled,
            WorkflowRunEvent::Failed(failed) => {
                self.standing = RunStanding::Failed;
                self.failures = self.failures.saturating_add(1);
                self.cursor = Cursor::At(self.index_of(&failed.step).unwrap_or(usize::MAX));
            }
            WorkflowRunEvent::Retried(retried) => self.take_up_again(&retried.step, retried.at),
        }
    }

    fn leave(&mut self, step: &StepId, phase: StepPhase) {
        let next = self.index_of(step).map_or(usize::MAX, |index| index.saturating_add(1));
        self.cursor = Cursor::Before(next);
        self.steps.entry(step.clone()).or_insert_with(|| StepState::begun(None, None)).phase = phase;
    }

    fn with_step(&mut self, step: &StepId, change: impl FnOnce(&mut StepState)) {
        if let Some(step) = self.steps.get_mut(step) {
            change(step);
        }
    }

    /// A person has it tried again: the step has its attempts anew, and its effect, where it surely came to nothing, its turn.
    fn take_up_again(&mut self, step: &StepId, at: DateTime<Utc>) {
        self.standing = RunStanding::UnderWay;
        let found = self.begun.definition.step(step);
        let index = found.map_or(usize::MAX, |(index, _)| index);
        let limit = found.and_then(|(_, step)| step.frame.timeout);
        self.cursor = Cursor::At(index);
        self.with_step(step, |step| {
            step.phase = StepPhase::Acting;
            step.attempts = 0;
            step.until = limit.map(|span| at + span.duration());
        });
        self.try_effect_again(step, at);
    }
}
