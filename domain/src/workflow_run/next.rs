//! Next: what a run needs somebody to do, or until when it needs nobody.

use chrono::{DateTime, Utc};

use crate::ApprovalId;
use crate::workflow::{Action, Step};
use crate::workflow_run::{
    Cursor, EffectId, EffectReference, Known, RunStanding, RunState, StepPhase, StepState, WaitingFor,
};

/// What a run needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Next<'a> {
    /// That it is told to go on: the rule knows with what.
    Due,
    /// That the far side is asked whether an effect was done.
    LookUp(EffectId),
    /// That a step is done in the house.
    Do(&'a Step),
    /// That people are asked.
    Ask(&'a Step),
    /// That somebody looks whether people have decided, and whom to remind.
    Approval {
        /// Which step asks.
        step: &'a Step,
        /// Which decision.
        approval_id: ApprovalId,
        /// How often it was asked, this time included.
        round: u32,
    },
    /// That somebody looks at a ticket.
    Ticket {
        /// Which step waits.
        step: &'a Step,
        /// Which ticket.
        ticket: &'a EffectReference,
    },
    /// Nothing until then; nothing at all before something happens, where there is no time.
    Nothing(Option<DateTime<Utc>>),
    /// Nothing any more.
    Over,
}

impl RunState {
    /// What the run needs now.
    pub fn next(&self, now: DateTime<Utc>) -> Next<'_> {
        if let Some(next) = self.next_of_effects(now) {
            return next;
        }
        let at = self.next_time();
        if self.standing != RunStanding::UnderWay {
            return at.map_or(Next::Over, |at| Next::Nothing(Some(at)));
        }
        let Some((step, state)) = self.current() else {
            return match self.cursor {
                Cursor::Before(_) => Next::Due,
                Cursor::At(_) => Next::Nothing(None),
            };
        };
        if state.until.is_some_and(|until| until <= now) {
            return Next::Due;
        }
        self.next_at((step, state), now).unwrap_or(Next::Nothing(at))
    }

    fn next_of_effects(&self, now: DateTime<Utc>) -> Option<Next<'_>> {
        self.effects.iter().filter(|(_, effect)| self.still_wanted(effect)).find_map(|(id, effect)| {
            match &effect.known {
                Known::Planned(at) | Known::Sending { lost_at: at, .. } if *at <= now => Some(Next::Due),
                Known::Ambiguous { look_at: Some(at), .. } if *at <= now => Some(Next::LookUp(*id)),
                Known::Planned(_)
                | Known::Sending { .. }
                | Known::Ambiguous { .. }
                | Known::Confirmed(_)
                | Known::Rejected => None,
            }
        })
    }

    fn next_at<'a>(
        &'a self,
        (step, state): (&'a Step, &'a StepState),
        now: DateTime<Utc>,
    ) -> Option<Next<'a>> {
        match &state.phase {
            StepPhase::RetryAt(at) if *at > now => None,
            StepPhase::Acting | StepPhase::RetryAt(_) => match &step.action {
                Action::PanelQuery(_) | Action::ProduceDocument(_) | Action::EmitKriEvent(_) => {
                    Some(Next::Do(step))
                }
                Action::AwaitApproval(_) => Some(Next::Ask(step)),
                Action::Wait(_) => Some(Next::Due),
                Action::NotifyOwner(_) | Action::CreateTicket(_) | Action::PostSlack(_) => {
                    match self.effect_of(&step.frame.id).map(|(_, effect)| &effect.known) {
                        None | Some(Known::Confirmed(_)) => Some(Next::Due),
                        Some(
                            Known::Planned(_)
                            | Known::Sending { .. }
                            | Known::Ambiguous { .. }
                            | Known::Rejected,
                        ) => None,
                    }
                }
            },
            StepPhase::Waiting { waiting_for, until } => match waiting_for {
                WaitingFor::Time => until.is_none_or(|until| until <= now).then_some(Next::Due),
                WaitingFor::Ticket { ticket, .. } => Some(Next::Ticket { step, ticket }),
                WaitingFor::Approval { approval_id, round, .. } => {
                    Some(Next::Approval { step, approval_id: *approval_id, round: *round })
                }
            },
            StepPhase::Succeeded | StepPhase::Skipped | StepPhase::Failed => None,
        }
    }

    /// When something becomes due by itself.
    pub fn next_time(&self) -> Option<DateTime<Utc>> {
        let effects = self.effects.values().filter(|effect| self.still_wanted(effect));
        let effects = effects.filter_map(|effect| match &effect.known {
            Known::Planned(at) | Known::Sending { lost_at: at, .. } => Some(*at),
            Known::Ambiguous { look_at, .. } => *look_at,
            Known::Confirmed(_) | Known::Rejected => None,
        });
        let step = self.current().filter(|_| self.standing == RunStanding::UnderWay);
        let step = step.into_iter().flat_map(|(_, step)| {
            let phase = match &step.phase {
                StepPhase::RetryAt(at) => Some(*at),
                StepPhase::Waiting { until, .. } => *until,
                StepPhase::Acting | StepPhase::Succeeded | StepPhase::Skipped | StepPhase::Failed => None,
            };
            step.until.into_iter().chain(phase)
        });
        effects.chain(step).min()
    }
}
