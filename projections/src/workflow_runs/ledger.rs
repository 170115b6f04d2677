//! What a run does outside, as its row shows it: what is known of each effect, and what that says of the step.

use chrono::{DateTime, Utc};
use draxis_domain::relay::Channel;
use draxis_domain::workflow::StepId;
use draxis_domain::workflow_run::{EffectId, EffectReference, OfEffect, Purpose};
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
    pub(super) fn evolve_effect(&mut self, of: OfEffect<'_>, at: DateTime<Utc>) {
        if let OfEffect::Planned(planned) = of {
            self.effects.push(RunEffect {
                id: planned.effect,
                step: planned.step.clone(),
                purpose: planned.purpose.clone(),
                channel: planned.content.channel(),
                state: EffectStanding::after(of),
                reference: None,
            });
            return;
        }
        let Some(effect) = self.effects.iter_mut().find(|effect| effect.id == of.effect()) else { return };
        effect.state = EffectStanding::after(of);
        if let OfEffect::Confirmed(confirmed) = of {
            effect.reference = Some(confirmed.reference.clone());
        }
        if let (OfEffect::Rejected(rejected), Purpose::Step) = (of, &effect.purpose) {
            let (code, detail) = (rejected.code.clone(), rejected.detail.clone());
            let (attempt, retry_at, step) = (rejected.attempt, rejected.retry_at, effect.step.clone());
            self.with_step(&step, |step| {
                step.did_not(RunAttempt { attempt, code, detail, at, retry_at });
            });
        }
    }
}
