//! Given: a run to try the rules on, and the few words its tests are written in.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use ulid::Ulid;

use crate::account::Role;
use crate::relay::Channel;
use crate::workflow::{RunTrigger, StepId};
use crate::workflow_run::{
    EffectId, EffectReference, EffectState, Help, Next, Progress, Purpose, RunBegun, RunState, Scene,
    SendOutcome, StepSetback, Turn, WorkflowRun, WorkflowRunCommand, WorkflowRunEvent,
};
use crate::{AccountId, Actor, EventSet, Moment, Rejection, Root, TenantId, WorkflowId, WorkflowRunId};

/// A run under test.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) run: WorkflowRun,
    pub(super) scene: Scene,
    pub(super) now: DateTime<Utc>,
    pub(super) fence: i64,
    pub(super) luck: u32,
}

pub(super) fn owner() -> AccountId {
    AccountId::new(Ulid(1))
}

pub(super) fn step(id: &str) -> StepId {
    StepId::parse(id).unwrap()
}

pub(super) fn letter(id: &str) -> Value {
    json!({"id": id, "type": "notify_owner", "subject": "{{ kri.name }} breached", "body": "Value {{ kri.value }}"})
}

pub(super) fn ticket(id: &str) -> Value {
    json!({"id": id, "type": "create_ticket", "summary": "Patch {{ kri.value }} CVEs",
           "destination": {"system": "jira", "project": "SEC"}})
}

pub(super) fn post(id: &str) -> Value {
    json!({"id": id, "type": "post_slack", "channel": "#sec", "text": "see {{ kri.name }}"})
}

pub(super) fn wait(id: &str) -> Value {
    json!({"id": id, "type": "wait", "until": {"duration": "PT1H"}})
}

pub(super) fn with(mut step: Value, more: &Value) -> Value {
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

pub(super) fn reference(name: &str) -> EffectReference {
    EffectReference { channel: Channel::Jira, id: "1".to_owned(), name: name.to_owned(), url: None }
}

/// A refusal that may pass.
pub(super) fn busy() -> SendOutcome {
    let setback = StepSetback { code: "relay.busy".to_owned(), detail: "no".to_owned(), retryable: true };
    SendOutcome::Rejected { setback, retry_after: None }
}

/// A refusal for good.
pub(super) fn refused(code: &str) -> SendOutcome {
    let setback = StepSetback { code: code.to_owned(), detail: "no".to_owned(), retryable: false };
    SendOutcome::Rejected { setback, retry_after: None }
}

impl Given {
    /// A run of these steps that has been taken up.
    pub(super) fn steps(steps: &[Value]) -> Self {
        let definition = serde_json::from_value(json!({
            "schemaVersion": 1, "name": "Patch", "owners": [{"role": "tenant_admin"}],
            "trigger": {"type": "manual"}, "steps": steps,
        }))
        .unwrap();
        let now = DateTime::UNIX_EPOCH;
        let begun = RunBegun {
            id: WorkflowRunId::new(Ulid(7)),
            tenant_id: TenantId::new(Ulid(8)),
            workflow_id: WorkflowId::new(Ulid(9)),
            version: 1,
            definition: Box::new(definition),
            trigger: RunTrigger::Manual { inputs: serde_json::Map::new() },
            kri_events: Vec::new(),
            requester: None,
            started_at: now,
            chain: Vec::new(),
        };
        let scene = Scene {
            url: "https://draxis.example/run".to_owned(),
            kri: json!({"name": "CVEs", "value": "12"}),
            kri_owner: None,
            holders: [(Role::TenantAdmin, [owner()].into())].into(),
            has_mail: false,
        };
        let state = RunState::new(begun);
        Self { run: WorkflowRun::Present(Box::new(state)), scene, now, fence: 1, luck: u32::MAX }
    }

    /// Gives a command; what follows is read back as it would be from the log.
    pub(super) fn when(&mut self, command: WorkflowRunCommand) -> Result<Vec<&'static str>, Rejection> {
        let moment = Moment::new(self.now, Actor::Runner);
        let events = Root::decide(&self.run, command, &moment)?;
        let mut names = Vec::new();
        for event in events {
            let (name, payload) = (event.wire_type(), event.payload().unwrap());
            let read = WorkflowRunEvent::decode(name, event.wire_version(), &payload).unwrap();
            cqrs_es::Aggregate::apply(&mut self.run, read);
            names.push(name.strip_prefix("workflow_run.").unwrap());
        }
        Ok(names)
    }

    pub(super) fn help(&mut self, help: Help) -> Result<Vec<&'static str>, Rejection> {
        self.when(WorkflowRunCommand::Help { help, started: None })
    }

    pub(super) fn drive(&mut self, with: Progress) -> Result<Vec<&'static str>, Rejection> {
        let turn = Turn { fence: self.fence, luck: self.luck, scene: self.scene.clone() };
        self.when(WorkflowRunCommand::Drive { turn: Box::new(turn), with: vec![with] })
    }

    pub(super) fn due(&mut self) -> Vec<&'static str> {
        self.drive(Progress::Due).unwrap()
    }

    pub(super) fn sent(&mut self, step: &str, outcome: SendOutcome) -> Vec<&'static str> {
        let (effect, attempt) = (self.effect_id(step), self.effect(step).attempts);
        self.drive(Progress::Sent { effect, attempt, outcome }).unwrap()
    }

    pub(super) fn looked_up(&mut self, step: &str, seen: crate::workflow_run::Seen) -> Vec<&'static str> {
        let effect = self.effect_id(step);
        self.drive(Progress::LookedUp { effect, seen }).unwrap()
    }

    pub(super) fn after(&mut self, seconds: i64) {
        self.now += Duration::seconds(seconds);
    }

    pub(super) fn state(&self) -> &RunState {
        self.run.state().unwrap()
    }

    pub(super) fn next(&self) -> Next<'_> {
        self.state().next(self.now)
    }

    pub(super) fn effect_id(&self, step: &str) -> EffectId {
        self.state().effect_id(&self::step(step), &Purpose::Step)
    }

    pub(super) fn effect(&self, step: &str) -> &EffectState {
        self.state().effect_of(&self::step(step)).unwrap().1
    }

    pub(super) fn result(&self, step: &str) -> Value {
        self.state().steps[&self::step(step)].result.clone().unwrap_or(Value::Null)
    }
}
