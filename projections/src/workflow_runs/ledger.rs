//! What a run does outside, as its row shows it: what is known of each effect, and what that says of the step.

use chrono::{DateTime, Utc};
use draxis_domain::relay::Channel;
use draxis_domain::workflow::StepId;
use draxis_domain::workflow_run::{EffectId, EffectReference, Purpose, Verdict, WorkflowRunEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::effects::EffectStanding;
use crate::workflow_runs::row::WorkflowRunRow;
use crate::workflow_runs::step::RunAttempt;

/// What is known of an effect of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunEffect {
    /// Its name.
    pub id: EffectId,
    /// For which step.
    pub step: StepId,
    /// What for.
    pub purpose: Purpose,
    /// Through which relay.
    pub channel: Channel,
    /// What is known of it.
    pub state: EffectStanding,
    /// What was made.
    pub reference: Option<EffectReference>,
}

impl WorkflowRunRow {
    /// What a run does outside, and what is known of it.
    pub(super) fn evolve_effect(&mut self, event: &WorkflowRunEvent, at: DateTime<Utc>) {
        match event {
            WorkflowRunEvent::EffectPlanned(planned) => self.effects.push(RunEffect {
                id: planned.effect,
                step: planned.step.clone(),
                purpose: planned.purpose.clone(),
                channel: planned.content.channel(),
                state: EffectStanding::Planned,
                reference: None,
            }),
            WorkflowRunEvent::EffectSending(sending) => {
                self.with_effect(sending.effect, |effect| effect.state = EffectStanding::Sending);
            }
            WorkflowRunEvent::EffectConfirmed(confirmed) => self.with_effect(confirmed.effect, |effect| {
                effect.state = EffectStanding::Confirmed;
                effect.reference = Some(confirmed.reference.clone());
            }),
            WorkflowRunEvent::EffectRejected(rejected) => {
                let state = EffectStanding::after_refusal(rejected.retry_at);
                let mut of = None;
                self.with_effect(rejected.effect, |effect| {
                    effect.state = state;
                    of = (effect.purpose == Purpose::Step).then(|| effect.step.clone());
                });
                let (code, detail) = (rejected.code.clone(), rejected.detail.clone());
                let (attempt, retry_at) = (rejected.attempt, rejected.retry_at);
                if let Some(step) = of {
                    let attempt = RunAttempt { attempt, code, detail, at, retry_at };
                    self.with_step(&step, |step| step.did_not(attempt));
                }
            }
            WorkflowRunEvent::EffectAmbiguous(ambiguous) => {
                self.with_effect(ambiguous.effect, |effect| effect.state = EffectStanding::Ambiguous);
            }
            WorkflowRunEvent::EffectDecided(decided) => self.with_effect(decided.effect, |effect| {
                effect.state = match &decided.verdict {
                    Verdict::Done { .. } => EffectStanding::Decided,
                    Verdict::NotDone => EffectStanding::Planned,
                };
            }),
            WorkflowRunEvent::Begun(_)
            | WorkflowRunEvent::StepStarted(_)
            | WorkflowRunEvent::StepSkipped(_)
            | WorkflowRunEvent::StepWaiting(_)
            | WorkflowRunEvent::AttemptFailed(_)
            | WorkflowRunEvent::StepCompleted(_)
            | WorkflowRunEvent::StepFailed(_)
            | WorkflowRunEvent::Completed(_)
            | WorkflowRunEvent::Rejected(_)
            | WorkflowRunEvent::Failed(_)
            | WorkflowRunEvent::Retried(_)
            | WorkflowRunEvent::Cancelled(_) => {}
        }
    }

    fn with_effect(&mut self, id: EffectId, change: impl FnOnce(&mut RunEffect)) {
        if let Some(effect) = self.effects.iter_mut().find(|effect| effect.id == id) {
            change(effect);
        }
    }
}
