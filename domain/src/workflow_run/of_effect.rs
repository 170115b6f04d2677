//! Which of a run's events are about an effect, and what each of them says of it.

use crate::workflow_run::{
    EffectAmbiguous, EffectConfirmed, EffectDecided, EffectId, EffectPlanned, EffectRejected, EffectSending,
    WorkflowRunEvent,
};

/// What an event says of an effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OfEffect<'a> {
    /// It is to be done.
    Planned(&'a EffectPlanned),
    /// It is about to leave.
    Sending(&'a EffectSending),
    /// It was done, once.
    Confirmed(&'a EffectConfirmed),
    /// It was surely not done.
    Rejected(&'a EffectRejected),
    /// It may have been done.
    Ambiguous(&'a EffectAmbiguous),
    /// A person says whether it was done.
    Decided(&'a EffectDecided),
}

impl WorkflowRunEvent {
    /// What the event says of an effect; none where it is about something else.
    pub const fn of_effect(&self) -> Option<OfEffect<'_>> {
        match self {
            Self::EffectPlanned(planned) => Some(OfEffect::Planned(planned)),
            Self::EffectSending(sending) => Some(OfEffect::Sending(sending)),
            Self::EffectConfirmed(confirmed) => Some(OfEffect::Confirmed(confirmed)),
            Self::EffectRejected(rejected) => Some(OfEffect::Rejected(rejected)),
            Self::EffectAmbiguous(ambiguous) => Some(OfEffect::Ambiguous(ambiguous)),
            Self::EffectDecided(decided) => Some(OfEffect::Decided(decided)),
            Self::Begun(_)
            | Self::StepStarted(_)
            | Self::StepSkipped(_)
            | Self::StepWaiting(_)
            | Self::AttemptFailed(_)
            | Self::StepCompleted(_)
            | Self::StepFailed(_)
            | Self::Completed(_)
            | Self::Rejected(_)
            | Self::Failed(_)
            | Self::Retried(_)
            | Self::Cancelled(_) => None,
        }
    }
}

impl OfEffect<'_> {
    /// Which effect.
    pub const fn effect(&self) -> EffectId {
        match self {
            Self::Planned(planned) => planned.effect,
            Self::Sending(sending) => sending.effect,
            Self::Confirmed(confirmed) => confirmed.effect,
            Self::Rejected(rejected) => rejected.effect,
            Self::Ambiguous(ambiguous) => ambiguous.effect,
            Self::Decided(decided) => decided.effect,
        }
    }
}
