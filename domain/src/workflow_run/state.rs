//! A run as its events have made it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ApprovalId;
use crate::relay::Channel;
use crate::workflow::{Step, StepId};
use crate::workflow_run::{
    EffectContent, EffectId, EffectReference, Purpose, RunBegun, Verdict, WaitingFor, WorkflowRunEvent,
};

/// A run as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum WorkflowRun {
    /// No event yet: there is no such run, or nobody has taken it up.
    #[default]
    Absent,
    /// It has been taken up.
    Present(Box<RunState>),
}

/// A run that has been taken up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunState {
    /// What it began with.
    pub begun: RunBegun,
    /// Where it stands.
    pub standing: RunStanding,
    /// Which step is next or under way.
    pub cursor: Cursor,
    /// The steps that it has come to.
    pub steps: BTreeMap<StepId, StepState>,
    /// What it does outside.
    pub effects: BTreeMap<EffectId, EffectState>,
    /// How often it has failed.
    pub failures: u32,
    /// The highest number of a worker's claim that it has seen.
    pub fence: i64,
}

/// Where a run stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RunStanding {
    /// It goes on by itself, or waits.
    UnderWay,
    /// Every step is behind it.
    Completed,
    /// People decided against it.
    Rejected,
    /// A person has to do something.
    Failed,
    /// A person ended it.
    Cancelled,
}

/// The place of a run among its definition's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    /// Before the step of this index; behind the last one where there is none.
    Before(usize),
    /// At the step of this index.
    At(usize),
}

/// A step that a run has come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepState {
    /// How far it is.
    pub phase: StepPhase,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it must be over.
    pub until: Option<DateTime<Utc>>,
    /// Failed attempts at what is done in the house.
    pub attempts: u32,
    /// What later steps see of it.
    pub result: Option<Value>,
    /// How often people were asked.
    pub rounds: u32,
    /// When the first of these questions falls due.
    pub asked_at: Option<DateTime<Utc>>,
    /// The decision that was asked for last.
    pub approval: Option<ApprovalId>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum StepPhase {
    /// It is to be done now.
    Acting,
    /// It is tried again then.
    RetryAt(DateTime<Utc>),
    /// It waits.
    Waiting {
        /// For what.
        waiting_for: WaitingFor,
        /// Until when at the latest.
        until: Option<DateTime<Utc>>,
    },
    /// It is done.
    Succeeded,
    /// It was passed over.
    Skipped,
    /// It has failed for good.
    Failed,
}

/// One effect in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectState {
    /// For which step.
    pub step: StepId,
    /// What for.
    pub purpose: Purpose,
    /// What is done.
    pub content: EffectContent,
    /// How often it was sent.
    pub attempts: u32,
    /// What is known of it.
    pub known: Known,
}

/// What is known of an effect (hazards H3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Known {
    /// It has not left, or surely came to nothing, and leaves not before then.
    Planned(DateTime<Utc>),
    /// It is on its way.
    Sending {
        /// Since when.
        at: DateTime<Utc>,
        /// When its sender is taken for dead.
        lost_at: DateTime<Utc>,
        /// Who sends it.
        fence: i64,
    },
    /// It was done.
    Confirmed(EffectReference),
    /// It was surely not done, and is not tried again.
    Rejected,
    /// It may have been done.
    Ambiguous {
        /// Since when.
        since: DateTime<Utc>,
        /// How often the far side has been asked.
        look_ups: u32,
        /// When it is asked again; none where only a person can know.
        look_at: Option<DateTime<Utc>>,
    },
}

impl WorkflowRun {
    /// The state, where the run has been taken up.
    pub fn state(&self) -> Option<&RunState> {
        match self {
            Self::Absent => None,
            Self::Present(state) => Some(state),
        }
    }

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

impl StepState {
    /// What later steps see of it, once it is over.
    pub(super) fn shown(&self) -> Option<Value> {
        let state = match &self.phase {
            StepPhase::Succeeded => "succeeded",
            StepPhase::Skipped => "skipped",
            StepPhase::Failed => "failed",
            StepPhase::Acting | StepPhase::RetryAt(_) | StepPhase::Waiting { .. } => return None,
        };
        Some(match &self.result {
            Some(result) => json!({ "state": state, "result": result }),
            None => json!({ "state": state }),
        })
    }

    fn begun(at: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Self {
        Self {
            phase: StepPhase::Acting,
            started_at: at,
            until,
            attempts: 0,
            result: None,
            rounds: 0,
            asked_at: None,
            approval: None,
        }
    }
}

impl RunState {
    pub(super) fn new(begun: RunBegun) -> Self {
        Self {
            begun,
            standing: RunStanding::UnderWay,
            cursor: Cursor::Before(0),
            steps: BTreeMap::new(),
            effects: BTreeMap::new(),
            failures: 0,
            fence: 0,
        }
    }

    /// The step that is under way.
    pub fn current(&self) -> Option<(&Step, &StepState)> {
        let Cursor::At(index) = self.cursor else { return None };
        let step = self.begun.definition.steps.get(index)?;
        Some((step, self.steps.get(&step.frame.id)?))
    }

    /// What the step itself does outside, where that is known yet.
    pub fn effect_of(&self, step: &StepId) -> Option<(EffectId, &EffectState)> {
        let id = self.effect_id(step, &Purpose::Step);
        self.effects.get(&id).map(|effect| (id, effect))
    }

    pub(super) fn effect_id(&self, step: &StepId, purpose: &Purpose) -> EffectId {
        EffectId::of((self.begun.tenant_id, self.begun.id), step, purpose)
    }

    fn index_of(&self, step: &StepId) -> Option<usize> {
        self.begun.definition.step(step).map(|(index, _)| index)
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

    fn know(&mut self, effect: EffectId, known: Known) {
        if let Some(effect) = self.effects.get_mut(&effect) {
            effect.known = known;
        }
    }

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
                if let crate::workflow::Then::GoTo(step) = &failed.then {
                    self.cursor = Cursor::Before(self.index_of(step).unwrap_or(usize::MAX));
                }
            }
            WorkflowRunEvent::EffectPlanned(_)
            | WorkflowRunEvent::EffectSending(_)
            | WorkflowRunEvent::EffectConfirmed(_)
            | WorkflowRunEvent::EffectRejected(_)
            | WorkflowRunEvent::EffectAmbiguous(_)
            | WorkflowRunEvent::EffectDecided(_) => self.evolve_effect(event),
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

    fn evolve_effect(&mut self, event: WorkflowRunEvent) {
        match event {
            WorkflowRunEvent::EffectPlanned(planned) => {
                let known = Known::Planned(DateTime::UNIX_EPOCH);
                let (step, purpose, content) = (planned.step, planned.purpose, planned.content);
                self.effects
                    .insert(planned.effect, EffectState { step, purpose, content, attempts: 0, known });
            }
            WorkflowRunEvent::EffectSending(sending) => {
                self.fence = self.fence.max(sending.fence);
                if let Some(effect) = self.effects.get_mut(&sending.effect) {
                    effect.attempts = sending.attempt;
                    let (at, lost_at, fence) = (sending.at, sending.lost_at, sending.fence);
                    effect.known = Known::Sending { at, lost_at, fence };
                }
            }
            WorkflowRunEvent::EffectConfirmed(confirmed) => {
                self.know(confirmed.effect, Known::Confirmed(confirmed.reference));
            }
            WorkflowRunEvent::EffectRejected(rejected) => {
                self.know(rejected.effect, rejected.retry_at.map_or(Known::Rejected, Known::Planned));
            }
            WorkflowRunEvent::EffectAmbiguous(ambiguous) => {
                self.fence = self.fence.max(ambiguous.fence);
                if let Some(effect) = self.effects.get_mut(&ambiguous.effect) {
                    effect.doubt(ambiguous.look_ups, ambiguous.look_at);
                }
            }
            WorkflowRunEvent::EffectDecided(decided) => {
                if let Some(effect) = self.effects.get_mut(&decided.effect) {
                    effect.known = match decided.verdict {
                        Verdict::Done { name } => Known::Confirmed(effect.seen_by_a_person(name)),
                        Verdict::NotDone => Known::Planned(decided.at),
                    };
                }
            }
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
        let id = self.effect_id(step, &Purpose::Step);
        if let Some(effect) = self.effects.get_mut(&id) {
            match &mut effect.known {
                Known::Rejected => {
                    effect.attempts = 0;
                    effect.known = Known::Planned(at);
                }
                Known::Ambiguous { look_ups, look_at, .. } => {
                    *look_ups = 0;
                    *look_at = Some(at);
                }
                Known::Planned(_) | Known::Sending { .. } | Known::Confirmed(_) => {}
            }
        }
    }
}

impl EffectState {
    fn doubt(&mut self, look_ups: u32, look_at: Option<DateTime<Utc>>) {
        let since = match &self.known {
            Known::Sending { at, .. } | Known::Planned(at) | Known::Ambiguous { since: at, .. } => *at,
            Known::Confirmed(_) | Known::Rejected => return,
        };
        self.known = Known::Ambiguous { since, look_ups, look_at };
    }

    fn seen_by_a_person(&self, name: Option<String>) -> EffectReference {
        let channel: Channel = self.content.channel();
        let name = name.unwrap_or_else(|| "confirmed by a person".to_owned());
        EffectReference { channel, id: name.clone(), name, url: None }
    }
}
