//! Attempts: what is made of an effect's answer, of silence, and of a look-up (hazards H3).

use chrono::Duration;

use crate::Rejection;
use crate::relay::Channel;
use crate::workflow::{Retry, StepId};
use crate::workflow_run::decided::Decided;
use crate::workflow_run::rule::backoff;
use crate::workflow_run::{
    AttemptFailed, ConfirmedBy, EffectAmbiguous, EffectId, EffectRejected, EffectState, Known, Purpose,
    RunStanding, RunState, Seen, SendOutcome, StepSetback, WorkflowRunEvent,
};

/// How long after the sending silence means something: longer than a request may be under way and an index may lag.
const SETTLED: Duration = Duration::seconds(90);
/// How many look-ups must find nothing.
const LOOK_UPS: u32 = 3;
/// How long the far side is asked, while every question fails, before a person is.
const LOOKING: Duration = Duration::hours(24);
/// After how long a question that failed is asked again.
const ASKED_AGAIN: Duration = Duration::seconds(60);

/// When the far side is asked for the next time: after 15 seconds, doubled each time up to an hour.
fn look_again(look_ups: u32) -> Duration {
    Duration::seconds(i64::from(15_u32.saturating_mul(1 << look_ups.min(8)).min(3600)))
}

impl Decided<'_> {
    /// An attempt has come to something.
    pub(super) fn sent(
        &mut self,
        (effect, attempt): (EffectId, u32),
        outcome: SendOutcome,
    ) -> Result<(), Rejection> {
        let entry = self.state.effects.get(&effect).ok_or(Rejection::NotFound { noun: "effect" })?;
        if entry.attempts != attempt || !matches!(entry.known, Known::Sending { .. }) {
            return Err(Rejection::conflict(
                "effect.attempt_over",
                "this attempt is over; look at the effect",
            ));
        }
        let channel = entry.content.channel();
        match outcome {
            SendOutcome::Confirmed(reference) => self.confirm(effect, reference, ConfirmedBy::Answer),
            SendOutcome::Rejected { setback, retry_after } => {
                let asked = Duration::seconds(i64::try_from(retry_after.unwrap_or(0)).unwrap_or(0));
                self.refused(effect, &setback, asked);
            }
            SendOutcome::Ambiguous { detail } => {
                let wait = if channel == Channel::Email { Duration::seconds(60) } else { look_again(0) };
                self.doubt(effect, detail, (0, Some(wait)));
            }
        }
        Ok(())
    }

    /// The far side was asked. Not to be there means something only once silence does.
    pub(super) fn looked_up(&mut self, effect: EffectId, seen: Seen) {
        let Some(entry) = self.state.effects.get(&effect) else { return };
        let Known::Ambiguous { since, look_ups: before, .. } = entry.known else { return };
        let look_ups = before.saturating_add(1);
        match seen {
            Seen::Found(reference) => self.confirm(effect, reference, ConfirmedBy::LookUp),
            Seen::NotThere if look_ups >= LOOK_UPS && self.now - since >= SETTLED => {
                let setback = StepSetback {
                    code: "effect.not_there".to_owned(),
                    detail: "the far side has nothing of it: it was not done".to_owned(),
                    retryable: true,
                };
                self.refused(effect, &setback, Duration::zero());
            }
            Seen::NotThere => {
                let detail = "the far side does not show it yet".to_owned();
                self.doubt(effect, detail, (look_ups, Some(look_again(look_ups.saturating_sub(1)))));
            }
            // A letter carries one Message-ID however often it is sent: whoever gets it twice can tell.
            Seen::CannotKnow
                if entry.content.channel() == Channel::Email
                    && entry.attempts < self.state.retry_of(entry).attempts =>
            {
                self.send(effect);
            }
            Seen::CannotKnow => {
                let detail =
                    "the far side cannot be asked whether it was done: look there, and say so".to_owned();
                self.doubt(effect, detail, (look_ups, None));
            }
            Seen::Failed(detail) => {
                // A question that failed has found nothing, and found nothing out: it does not count.
                let again = (self.now - since < LOOKING).then_some(ASKED_AGAIN);
                self.doubt(effect, detail, (before, again));
            }
        }
    }

    fn doubt(&mut self, effect: EffectId, detail: String, (look_ups, wait): (u32, Option<Duration>)) {
        let (look_at, fence) = (wait.map(|wait| self.now + wait), self.turn.fence);
        let ambiguous = EffectAmbiguous { effect, detail, look_ups, look_at, fence };
        self.push(WorkflowRunEvent::EffectAmbiguous(ambiguous));
    }

    /// It surely came to nothing: tried again where that may help, else the step has failed.
    fn refused(&mut self, effect: EffectId, setback: &StepSetback, asked: Duration) {
        let Some(entry) = self.state.effects.get(&effect).cloned() else { return };
        let retry = self.state.retry_of(&entry);
        let again = setback.retryable && entry.attempts < retry.attempts && self.state.still_wanted(&entry);
        let pause = backoff(&retry, entry.attempts, self.turn.luck).max(asked);
        self.push(WorkflowRunEvent::EffectRejected(EffectRejected {
            effect,
            attempt: entry.attempts,
            code: setback.code.clone(),
            detail: setback.detail.clone(),
            retry_at: again.then(|| self.now + pause),
        }));
        let at_it = self.state.current().is_some_and(|(step, _)| step.frame.id == entry.step);
        if !again && entry.purpose == Purpose::Step && at_it && self.state.standing == RunStanding::UnderWay {
            let Some(step) = self.state.current().map(|(step, _)| step.clone()) else { return };
            self.fail(&step, &setback.code, &setback.detail);
        }
    }

    /// What is done in the house is done.
    pub(super) fn did(&mut self, step: &StepId, result: serde_json::Value) {
        if self.state.is_at(step) {
            self.complete(step, result);
        }
    }

    /// What is done in the house could not be done.
    pub(super) fn did_not(&mut self, step: &StepId, setback: &StepSetback) {
        let Some((at, state)) = self.state.current().filter(|_| self.state.is_at(step)) else { return };
        let (at, attempt) = (at.clone(), state.attempts.saturating_add(1));
        let again = setback.retryable && attempt < at.frame.retry.attempts;
        let pause = backoff(&at.frame.retry, attempt, self.turn.luck);
        self.push(WorkflowRunEvent::AttemptFailed(AttemptFailed {
            step: step.clone(),
            attempt,
            code: setback.code.clone(),
            detail: setback.detail.clone(),
            retry_at: again.then(|| self.now + pause),
        }));
        if !again {
            self.fail(&at, &setback.code, &setback.detail);
        }
    }
}

impl RunState {
    /// Whether the run is at this step, and goes on.
    pub(super) fn is_at(&self, step: &StepId) -> bool {
        self.standing == RunStanding::UnderWay && self.current().is_some_and(|(at, _)| at.frame.id == *step)
    }

    /// How an effect is tried again: as its step says, or as a step says that says nothing.
    pub(super) fn retry_of(&self, effect: &EffectState) -> Retry {
        let step = self.begun.definition.step(&effect.step).map(|(_, step)| step);
        match effect.purpose {
            Purpose::Step => step.map(|step| step.frame.retry).unwrap_or_default(),
            Purpose::Ask { .. }
            | Purpose::Remind { .. }
            | Purpose::Escalate { .. }
            | Purpose::Delegate { .. }
            | Purpose::Incident { .. } => Retry::default(),
        }
    }

    /// Whether an effect that has not been done is still to be: that of a step which the run has left is not.
    pub(super) fn still_wanted(&self, effect: &EffectState) -> bool {
        match &effect.known {
            Known::Planned(_) => {
                matches!(effect.purpose, Purpose::Incident { .. }) || self.is_at(&effect.step)
            }
            Known::Sending { .. } | Known::Ambiguous { .. } => true,
            Known::Confirmed(_) | Known::Rejected => false,
        }
    }
}
