//! What can happen to a run.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workflow::{Definition, PinnedKriEvent, RunTrigger, StepId, Then};
use crate::workflow_run::{ConfirmedBy, EffectContent, EffectId, EffectReference, Purpose, Verdict};
use crate::{AccountId, ApprovalId, KriId, TenantId, WorkflowId, WorkflowRunId};

events! {
    /// What happened to a run.
    pub enum WorkflowRunEvent {
        /// It takes up what its workflow has started.
        Begun(Box<RunBegun>) = "workflow_run.begun" v 1,
        /// A step began.
        StepStarted(StepStarted) = "workflow_run.step_started" v 1,
        /// A step was passed over.
        StepSkipped(StepSkipped) = "workflow_run.step_skipped" v 1,
        /// A step waits.
        StepWaiting(StepWaiting) = "workflow_run.step_waiting" v 1,
        /// An attempt at a step did not go well; another may follow.
        AttemptFailed(AttemptFailed) = "workflow_run.attempt_failed" v 1,
        /// A step is done.
        StepCompleted(StepCompleted) = "workflow_run.step_completed" v 1,
        /// A step has failed for good.
        StepFailed(StepFailed) = "workflow_run.step_failed" v 1,
        /// Something is to be done outside.
        EffectPlanned(EffectPlanned) = "workflow_run.effect_planned" v 1,
        /// It is about to leave.
        EffectSending(EffectSending) = "workflow_run.effect_sending" v 1,
        /// It was done, once.
        EffectConfirmed(EffectConfirmed) = "workflow_run.effect_confirmed" v 1,
        /// It was surely not done.
        EffectRejected(EffectRejected) = "workflow_run.effect_rejected" v 1,
        /// It may have been done.
        EffectAmbiguous(EffectAmbiguous) = "workflow_run.effect_ambiguous" v 1,
        /// A person says whether it was done.
        EffectDecided(EffectDecided) = "workflow_run.effect_decided" v 1,
        /// Every step is behind it.
        Completed(RunCompleted) = "workflow_run.completed" v 1,
        /// People decided against it.
        Rejected(RunRejected) = "workflow_run.rejected" v 1,
        /// It stopped where something has to be done by a person.
        Failed(RunFailed) = "workflow_run.failed" v 1,
        /// A person has it tried again.
        Retried(RunRetried) = "workflow_run.retried" v 1,
        /// A person ended it.
        Cancelled(RunCancelled) = "workflow_run.cancelled" v 1,
    }
}

/// It takes up what its workflow has started, and carries all that it needs from now on (hazards H15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunBegun {
    /// Its id, computed from its cause.
    pub id: WorkflowRunId,
    /// Whose it is; part of its effects' names.
    pub tenant_id: TenantId,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// The version it stays on.
    pub version: u64,
    /// That version.
    pub definition: Box<Definition>,
    /// What set it off.
    pub trigger: RunTrigger,
    /// The KRI events that its steps emit, as they stood at the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kri_events: Vec<PinnedKriEvent>,
    /// Who pressed the button, where it was a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<AccountId>,
    /// When the workflow started it.
    pub started_at: DateTime<Utc>,
    /// The runs that led to it and itself, where breaches set off runs that set off breaches (hazards H11).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<ChainLink>,
}

/// A run that a KRI's breach set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainLink {
    /// Which workflow ran.
    pub workflow_id: WorkflowId,
    /// Whose breach set it off.
    pub kri_id: KriId,
}

/// A step began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepStarted {
    /// Which.
    pub step: StepId,
    /// When.
    pub at: DateTime<Utc>,
    /// When it must be over, where it has a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// The number of the worker's claim: one with a lower number is refused from now on (hazards H14).
    pub fence: i64,
}

/// A step was passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSkipped {
    /// Which.
    pub step: StepId,
    /// Why.
    pub why: SkippedWhy,
}

/// Why a step was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkippedWhy {
    /// Its condition did not hold.
    Condition,
    /// A person said so.
    Person,
}

/// A step waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepWaiting {
    /// Which.
    pub step: StepId,
    /// For what.
    pub waiting_for: WaitingFor,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it is looked at again at the latest; none where only somebody's decision ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum WaitingFor {
    /// A time.
    Time,
    /// A ticket's status.
    Ticket {
        /// Which ticket.
        ticket: EffectReference,
        /// The statuses that end the wait.
        statuses: Vec<String>,
    },
    /// People.
    Approval {
        /// Which decision.
        approval_id: ApprovalId,
        /// What it is about.
        digest: String,
        /// How often it was asked, this time included.
        round: u32,
    },
}

/// An attempt at a step did not go well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptFailed {
    /// Which.
    pub step: StepId,
    /// Counts from 1.
    pub attempt: u32,
    /// Stable, such as `relay.busy`.
    pub code: String,
    /// What happened, in our words.
    pub detail: String,
    /// When it is tried again; none where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
}

/// A step is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepCompleted {
    /// Which.
    pub step: StepId,
    /// What later steps see of it.
    pub result: Value,
    /// When.
    pub at: DateTime<Utc>,
    /// Which step follows, where it is not the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub go_to: Option<StepId>,
}

/// A step has failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepFailed {
    /// Which.
    pub step: StepId,
    /// Stable, such as `step.timed_out`.
    pub code: String,
    /// What happened, in our words.
    pub detail: String,
    /// What comes of it.
    pub then: Then,
}

/// Something is to be done outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectPlanned {
    /// Its name, the same for every attempt.
    pub effect: EffectId,
    /// For which step.
    pub step: StepId,
    /// What for.
    pub purpose: Purpose,
    /// What is done.
    pub content: EffectContent,
}

/// It is about to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectSending {
    /// Which.
    pub effect: EffectId,
    /// Counts from 1.
    pub attempt: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// When its sender is taken for dead.
    pub lost_at: DateTime<Utc>,
    /// The number of the worker's claim.
    pub fence: i64,
}

/// It was done, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectConfirmed {
    /// Which.
    pub effect: EffectId,
    /// What was made.
    pub reference: EffectReference,
    /// How that is known.
    pub by: ConfirmedBy,
    /// When.
    pub at: DateTime<Utc>,
}

/// It was surely not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectRejected {
    /// Which.
    pub effect: EffectId,
    /// The attempt that was refused; the last one where a look-up found nothing.
    pub attempt: u32,
    /// Stable, such as `relay.busy`.
    pub code: String,
    /// What happened, in our words.
    pub detail: String,
    /// When it is tried again; none where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
}

/// It may have been done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectAmbiguous {
    /// Which.
    pub effect: EffectId,
    /// What happened, in our words.
    pub detail: String,
    /// How often the far side has been asked since, in vain.
    pub look_ups: u32,
    /// When it is asked; none where only a person can know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<DateTime<Utc>>,
    /// The number of the worker's claim.
    pub fence: i64,
}

/// A person says whether it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectDecided {
    /// Which.
    pub effect: EffectId,
    /// What they found.
    pub verdict: Verdict,
    /// When.
    pub at: DateTime<Utc>,
}

/// Every step is behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCompleted {
    /// Of which workflow, whose next run may have waited for it.
    pub workflow_id: WorkflowId,
    /// When.
    pub at: DateTime<Utc>,
}

/// People decided against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRejected {
    /// Of which workflow, whose next run may have waited for it.
    pub workflow_id: WorkflowId,
    /// At which step.
    pub step: StepId,
    /// When.
    pub at: DateTime<Utc>,
}

/// It stopped where something has to be done by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunFailed {
    /// Of which workflow, whose next run may have waited for it.
    pub workflow_id: WorkflowId,
    /// At which step.
    pub step: StepId,
    /// Stable, such as `relay.credentials`.
    pub code: String,
    /// What happened, in our words.
    pub detail: String,
    /// What can be done about it.
    pub advice: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A person has it tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRetried {
    /// From which step on.
    pub step: StepId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A person ended it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCancelled {
    /// Of which workflow, whose next run may have waited for it.
    pub workflow_id: WorkflowId,
    /// At which step, where it was at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// When.
    pub at: DateTime<Utc>,
}
