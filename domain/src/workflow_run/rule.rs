//! The rule of a run: what each command makes of each state.

use chrono::{DateTime, Utc};

use crate::workflow::Span;
use crate::workflow_run::decided::Decided;
use crate::workflow_run::{
    EffectDecided, EffectId, Help, Known, Progress, RunBegun, RunCancelled, RunRetried, RunStanding,
    RunState, SkippedWhy, StepPhase, StepSkipped, Turn, Verdict, WorkflowRun, WorkflowRunCommand,
    WorkflowRunEvent,
};
use crate::{Moment, Rejection};

impl WorkflowRun {
    fn decide(
        &self,
        command: WorkflowRunCommand,
        moment: &Moment,
    ) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, WorkflowRunCommand::Begin { begun, turn }) => {
                Ok(RunState::begin(begun, &turn, moment))
            }
            (Self::Present(_), WorkflowRunCommand::Begin { .. }) => Ok(Vec::new()),
            (Self::Absent, WorkflowRunCommand::Help { help, started: Some(begun) }) => {
                RunState::help_before_it_began(begun, help, moment)
            }
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "workflow run" }),
            (Self::Present(run), WorkflowRunCommand::Drive { turn, with }) => run.drive(&turn, with, moment),
            (Self::Present(run), WorkflowRunCommand::Help { help, .. }) => run.help(help, moment),
            (Self::Present(run), WorkflowRunCommand::DecideEffect { effect, verdict }) => {
                run.decide_effect(effect, verdict, moment)
            }
        }
    }
}

aggregate!(WorkflowRun, "workflow_run", WorkflowRunCommand, WorkflowRunEvent);

impl RunState {
    /// The run is taken up, and its first step entered in the same commit.
    fn begin(begun: Box<RunBegun>, turn: &Turn, moment: &Moment) -> Vec<WorkflowRunEvent> {
        let mut decided = Decided::from(&Self::new((*begun).clone()), turn, moment.now);
        decided.push(WorkflowRunEvent::Begun(begun));
        decided.do_due();
        decided.events
    }

    /// A worker goes on, unless another one holds the run by now (hazards H14).
    fn drive(
        &self,
        turn: &Turn,
        with: Vec<Progress>,
        moment: &Moment,
    ) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        Ok(self.gone_on(turn, with, moment.now)?.events)
    }

    /// The run as it will stand once this has been recorded, for a worker that does more before it says so.
    ///
    /// # Errors
    /// As the command that says so.
    pub fn ahead(&self, turn: &Turn, with: Progress, now: DateTime<Utc>) -> Result<Self, Rejection> {
        Ok(self.gone_on(turn, vec![with], now)?.state)
    }

    fn gone_on<'a>(
        &self,
        turn: &'a Turn,
        with: Vec<Progress>,
        now: DateTime<Utc>,
    ) -> Result<Decided<'a>, Rejection> {
        if turn.fence < self.fence {
            return Err(Rejection::conflict(
                "workflow_run.lease_lost",
                "another worker has taken this run over; what this one has to say comes too late",
            ));
        }
        let mut decided = Decided::from(self, turn, now);
        for with in with {
            decided.go_on(with)?;
        }
        Ok(decided)
    }

    fn help(&self, help: Help, moment: &Moment) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        match help {
            Help::Retry => self.retry(moment),
            Help::Skip => self.skip(),
            Help::Cancel => self.cancel(moment),
        }
    }

    /// The workflow has started the run and nobody has taken it up: it goes on by itself, is at no step yet, and can be ended
    /// before it does anything.
    fn help_before_it_began(
        begun: Box<RunBegun>,
        help: Help,
        moment: &Moment,
    ) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        let asked = Self::new((*begun).clone()).help(help, moment)?;
        Ok(if asked.is_empty() { asked } else { [vec![WorkflowRunEvent::Begun(begun)], asked].concat() })
    }

    /// Has a failed run tried again. Repeating it while it is tried is nothing new.
    fn retry(&self, moment: &Moment) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        match self.standing {
            RunStanding::UnderWay => Ok(Vec::new()),
            RunStanding::Failed => {
                let Some((step, _)) = self.current() else { return Ok(Vec::new()) };
                let (step, at) = (step.frame.id.clone(), moment.now);
                Ok(vec![WorkflowRunEvent::Retried(RunRetried { step, at })])
            }
            RunStanding::Completed | RunStanding::Rejected | RunStanding::Cancelled => Err(self.over()),
        }
    }

    /// Passes over the step that the run is at.
    fn skip(&self) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        match self.standing {
            RunStanding::UnderWay | RunStanding::Failed => {}
            RunStanding::Completed | RunStanding::Rejected | RunStanding::Cancelled => {
                return Err(self.over());
            }
        }
        let Some((step, _)) = self.current() else {
            return Err(Rejection::conflict(
                "workflow_run.between_steps",
                "the run is at no step that could be passed over; look at it again",
            ));
        };
        self.must_not_be_sending()?;
        let step = step.frame.id.clone();
        Ok(vec![WorkflowRunEvent::StepSkipped(StepSkipped { step, why: SkippedWhy::Person })])
    }

    /// Ends it, whatever it waits for. What is on its way outside stays in the ledger until it is known.
    fn cancel(&self, moment: &Moment) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        match self.standing {
            RunStanding::UnderWay | RunStanding::Failed => {
                let step = self.current().map(|(step, _)| step.frame.id.clone());
                let (workflow_id, at) = (self.begun.workflow_id, moment.now);
                Ok(vec![WorkflowRunEvent::Cancelled(RunCancelled { workflow_id, step, at })])
            }
            RunStanding::Cancelled => Ok(Vec::new()),
            RunStanding::Completed | RunStanding::Rejected => Err(self.over()),
        }
    }

    /// A person has looked and says what became of an effect. Whoever says the same again says nothing new.
    fn decide_effect(
        &self,
        effect: EffectId,
        verdict: Verdict,
        moment: &Moment,
    ) -> Result<Vec<WorkflowRunEvent>, Rejection> {
        let entry = self.effects.get(&effect).ok_or(Rejection::NotFound { noun: "effect" })?;
        match (&entry.known, &verdict) {
            (Known::Ambiguous { .. }, _) => {}
            (Known::Confirmed(_), Verdict::Done { .. }) | (Known::Planned(_), Verdict::NotDone) => {
                return Ok(Vec::new());
            }
            (Known::Confirmed(_), Verdict::NotDone)
            | (Known::Planned(_), Verdict::Done { .. })
            | (Known::Sending { .. } | Known::Rejected, _) => {
                return Err(Rejection::conflict(
                    "effect.known",
                    "only an effect of which it is not known whether it was done can be decided by a person",
                ));
            }
        }
        let at = moment.now;
        Ok(vec![WorkflowRunEvent::EffectDecided(EffectDecided { effect, verdict, at })])
    }

    fn must_not_be_sending(&self) -> Result<(), Rejection> {
        let sending = self.current().and_then(|(step, _)| self.effect_of(&step.frame.id));
        if sending.is_some_and(|(_, effect)| matches!(effect.known, Known::Sending { .. })) {
            return Err(Rejection::conflict(
                "workflow_run.sending",
                "what this step does outside is on its way; wait until it is known what became of it",
            ));
        }
        Ok(())
    }

    fn over(&self) -> Rejection {
        let how = match self.standing {
            RunStanding::Completed => "completed",
            RunStanding::Rejected => "rejected by those who were asked",
            RunStanding::Cancelled => "cancelled",
            RunStanding::Failed | RunStanding::UnderWay => "not over",
        };
        Rejection::conflict("workflow_run.over", format!("the run is {how}; start another one"))
    }
}

impl Decided<'_> {
    fn go_on(&mut self, with: Progress) -> Result<(), Rejection> {
        match with {
            Progress::Due => {}
            Progress::Sent { effect, attempt, outcome } => self.sent((effect, attempt), outcome)?,
            Progress::LookedUp { effect, seen } => self.looked_up(effect, seen),
            Progress::Did { step, result } => self.did(&step, result),
            Progress::DidNot { step, setback } => self.did_not(&step, &setback),
            Progress::Asked { step, approval_id, digest, round } => {
                self.asked(&step, approval_id, (digest, round));
            }
            Progress::Tell { step, purpose, content } => self.tell(&step, purpose, content),
            Progress::Decided { approval_id, decision, votes } => {
                self.approval_decided(approval_id, decision, &votes);
            }
            Progress::TicketSeen { step, status } => self.ticket_seen(&step, &status),
        }
        self.do_due();
        Ok(())
    }
}

/// Before the attempt after so many, with full jitter: anything from nothing to the delay doubled each time, up to the largest
/// (the AWS architecture blog's "Exponential Backoff And Jitter").
pub(super) fn backoff(retry: &crate::workflow::Retry, made: u32, luck: u32) -> chrono::Duration {
    let doubled = u32::min(made.saturating_sub(1), 20);
    let base = |span: Span| span.seconds().saturating_mul(1000);
    let most = base(retry.delay).saturating_mul(1 << doubled).min(base(retry.max_delay));
    let millis = u128::from(most).saturating_mul(u128::from(luck)) >> 32;
    chrono::Duration::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX / 1_000_000))
}

impl StepPhase {
    /// Whether the step is behind the run.
    pub const fn is_over(&self) -> bool {
        match self {
            Self::Succeeded | Self::Skipped | Self::Failed => true,
            Self::Acting | Self::RetryAt(_) | Self::Waiting { .. } => false,
        }
    }
}
