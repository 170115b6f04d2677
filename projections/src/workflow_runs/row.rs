//! A run as it is read, and what each of its events makes of it.

use chrono::{DateTime, Utc};
use draxis_domain::kri_event_definition::EventType;
use draxis_domain::workflow::{PinnedKriEvent, RunTrigger, StepId, WorkflowRunStarted};
use draxis_domain::workflow_run::{
    ChainLink, RunFailed, StepCompleted, StepFailed, WaitingFor, WorkflowRunEvent,
};
use draxis_domain::{
    Actor, KriEventDefinitionId, Position, Recorded, TenantEvent, WorkflowId, WorkflowRunId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::workflow_runs::kind_of;
use crate::workflow_runs::ledger::RunEffect;
use crate::workflow_runs::step::{RunAttempt, RunStepRow, RunStepState, StepFailure, then_of};
use crate::workflows::TriggerKind;

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunRow {
    /// Its id, computed from its cause.
    pub id: WorkflowRunId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// What the workflow was called when it started the run.
    pub workflow_name: String,
    /// The version that the run stays on.
    pub version: u64,
    /// What set it off.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub trigger: RunTrigger,
    /// Who started it: whoever pressed the button, or the program itself.
    pub started_by: Actor,
    /// Where it stands.
    pub state: WorkflowRunState,
    /// When its workflow started it.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its steps, in their order.
    pub steps: Vec<RunStepRow>,
    /// What it waits for.
    pub waiting: Option<RunWaiting>,
    /// What has to be done by a person.
    pub incident: Option<Incident>,
    /// What it does outside.
    pub effects: Vec<RunEffect>,
    /// The runs that led to it and itself, where a breach set it off.
    pub chain: Vec<ChainLink>,
    /// The KRI events that its steps emit, as they stood when it started: it applies these and no later versions.
    pub kri_events: Vec<RunKriEvent>,
    /// The event that started it.
    pub position: Position,
}

/// A declared KRI event that a run stays on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunKriEvent {
    /// Its declaration.
    pub id: KriEventDefinitionId,
    /// What it is called.
    pub event_type: EventType,
    /// Which version of it.
    pub version: u64,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowRunState {
    /// It goes on by itself.
    Running,
    /// It waits for a time, a ticket or people.
    Waiting,
    /// Every step is behind it.
    Completed,
    /// People decided against it.
    Rejected,
    /// A person has to do something.
    Failed,
    /// A person ended it.
    Cancelled,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunWaiting {
    /// At which step.
    pub step: StepId,
    /// For what.
    #[serde(rename = "for")]
    pub waiting_for: WaitingFor,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when at the latest.
    pub until: Option<DateTime<Utc>>,
    /// What then, in words.
    pub then: String,
}

/// Something that a person has to do something about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// At which step.
    pub step: StepId,
    /// Stable, such as `relay.credentials`.
    pub code: String,
    /// What happened.
    pub detail: String,
    /// What can be done about it.
    pub advice: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// Which runs a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowRunFilter {
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Standing so.
    pub state: Option<WorkflowRunState>,
    /// Set off so.
    pub trigger: Option<TriggerKind>,
    /// Started at or after.
    pub from: Option<DateTime<Utc>>,
    /// Started before.
    pub to: Option<DateTime<Utc>>,
}

impl WorkflowRunFilter {
    pub(crate) fn admits(&self, run: &WorkflowRunRow) -> bool {
        self.workflow.is_none_or(|workflow| run.workflow_id == workflow)
            && self.state.is_none_or(|state| run.state == state)
            && self.trigger.is_none_or(|kind| kind == kind_of(&run.trigger))
            && self.from.is_none_or(|from| run.started_at >= from)
            && self.to.is_none_or(|to| run.started_at < to)
    }
}

impl RunKriEvent {
    fn of(pinned: &PinnedKriEvent) -> Self {
        Self { id: pinned.id, event_type: pinned.definition.event_type.clone(), version: pinned.version }
    }
}

impl WorkflowRunRow {
    pub(super) fn started(
        workflow_id: WorkflowId,
        started: &WorkflowRunStarted,
        told: &Recorded<TenantEvent>,
    ) -> Self {
        Self {
            id: started.run_id,
            workflow_id,
            workflow_name: started.definition.name.clone(),
            version: started.version,
            trigger: started.trigger.clone(),
            started_by: told.metadata.actor,
            state: WorkflowRunState::Running,
            started_at: told.recorded_at,
            ended_at: None,
            steps: started.definition.steps.iter().map(RunStepRow::pending).collect(),
            waiting: None,
            incident: None,
            effects: Vec::new(),
            chain: started.chain.clone(),
            kri_events: started.kri_events.iter().map(RunKriEvent::of).collect(),
            position: told.position,
        }
    }

    /// The same run at its start, before anything of its own has happened.
    pub(crate) fn just_started(self) -> Self {
        let steps = self.steps.iter().map(|step| RunStepRow::pending(&step.definition)).collect();
        Self {
            state: WorkflowRunState::Running,
            ended_at: None,
            steps,
            waiting: None,
            incident: None,
            effects: Vec::new(),
            ..self
        }
    }

    pub(crate) fn evolve(&mut self, event: &WorkflowRunEvent, told: &Recorded<TenantEvent>) {
        let at = told.recorded_at;
        match event {
            WorkflowRunEvent::Begun(_) => {}
            WorkflowRunEvent::StepStarted(started) => {
                self.go_on();
                self.with_step(&started.step, |step| step.begin(started.at, started.until));
            }
            WorkflowRunEvent::StepSkipped(skipped) => {
                self.go_on();
                self.with_step(&skipped.step, |step| {
                    step.skipped = Some(skipped.why);
                    step.end(RunStepState::Skipped, at);
                });
            }
            WorkflowRunEvent::StepWaiting(waiting) => {
                let index = self.steps.iter().position(|step| step.id == waiting.step);
                let (step, waiting_for) = (waiting.step.clone(), waiting.waiting_for.clone());
                let then = index.map_or_else(String::new, |index| then_of(&self.steps, index, &waiting_for));
                self.state = WorkflowRunState::Waiting;
                self.with_step(&step, |step| step.state = RunStepState::Waiting);
                let (since, until) = (waiting.since, waiting.until);
                self.waiting = Some(RunWaiting { step, waiting_for, since, until, then });
            }
            WorkflowRunEvent::AttemptFailed(failed) => {
                let (code, detail) = (failed.code.clone(), failed.detail.clone());
                let (attempt, retry_at) = (failed.attempt, failed.retry_at);
                self.with_step(&failed.step, |step| {
                    step.did_not(RunAttempt { attempt, code, detail, at, retry_at });
                });
            }
            WorkflowRunEvent::StepCompleted(completed) => self.complete_step(completed),
            WorkflowRunEvent::StepFailed(failed) => self.fail_step(failed, at),
            WorkflowRunEvent::EffectPlanned(_)
            | WorkflowRunEvent::EffectSending(_)
            | WorkflowRunEvent::EffectConfirmed(_)
            | WorkflowRunEvent::EffectRejected(_)
            | WorkflowRunEvent::EffectAmbiguous(_)
            | WorkflowRunEvent::EffectDecided(_) => {
                if let Some(of) = event.of_effect() {
                    self.evolve_effect(of, at);
                }
            }
            WorkflowRunEvent::Completed(completed) => self.end(WorkflowRunState::Completed, completed.at),
            WorkflowRunEvent::Rejected(rejected) => self.end(WorkflowRunState::Rejected, rejected.at),
            WorkflowRunEvent::Cancelled(cancelled) => self.end(WorkflowRunState::Cancelled, cancelled.at),
            WorkflowRunEvent::Failed(failed) => self.fail(failed),
            WorkflowRunEvent::Retried(retried) => {
                self.go_on();
                self.with_step(&retried.step, |step| {
                    step.failure = None;
                    step.ended_at = None;
                    step.state = RunStepState::Running;
                });
            }
        }
    }

    fn complete_step(&mut self, completed: &StepCompleted) {
        self.go_on();
        self.with_step(&completed.step, |step| {
            step.result = Some(completed.result.clone());
            step.end(RunStepState::Succeeded, completed.at);
        });
    }

    fn fail_step(&mut self, failed: &StepFailed, at: DateTime<Utc>) {
        self.go_on();
        let (code, detail, then) = (failed.code.clone(), failed.detail.clone(), failed.then.clone());
        self.with_step(&failed.step, |step| {
            step.failure = Some(StepFailure { code, detail, then });
            step.end(RunStepState::Failed, at);
        });
    }

    fn fail(&mut self, failed: &RunFailed) {
        self.end(WorkflowRunState::Failed, failed.at);
        self.with_step(&failed.step, |step| step.end(RunStepState::Failed, failed.at));
        self.incident = Some(Incident {
            step: failed.step.clone(),
            code: failed.code.clone(),
            detail: failed.detail.clone(),
            advice: failed.advice.clone(),
            at: failed.at,
        });
    }

    fn go_on(&mut self) {
        self.state = WorkflowRunState::Running;
        self.ended_at = None;
        self.waiting = None;
        self.incident = None;
    }

    fn end(&mut self, state: WorkflowRunState, at: DateTime<Utc>) {
        self.go_on();
        self.state = state;
        self.ended_at = Some(at);
    }

    pub(super) fn with_step(&mut self, id: &StepId, change: impl FnOnce(&mut RunStepRow)) {
        if let Some(step) = self.steps.iter_mut().find(|step| step.id == *id) {
            change(step);
        }
    }
}
