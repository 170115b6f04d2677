//! What has been decided so far within one command: the events, and the run as they leave it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::workflow::{Step, StepId, Then};
use crate::workflow_run::{ConfirmedBy, Known};
use crate::workflow_run::{
    EffectConfirmed, EffectContent, EffectId, EffectPlanned, EffectReference, EffectSending, Purpose,
    RunCompleted, RunFailed, RunRejected, RunStanding, RunState, StepCompleted, StepFailed, Turn,
    WorkflowRunEvent,
};

/// How long an attempt may take before its sender is taken for dead: more than any errand takes and less than anybody waits.
pub(super) const LOST_AFTER: chrono::Duration = chrono::Duration::seconds(120);

/// Events decided so far, and the run as they leave it.
pub(super) struct Decided<'a> {
    pub(super) state: RunState,
    pub(super) events: Vec<WorkflowRunEvent>,
    pub(super) turn: &'a Turn,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Decided<'a> {
    pub(super) fn from(state: &RunState, turn: &'a Turn, now: DateTime<Utc>) -> Self {
        Self { state: state.clone(), events: Vec::new(), turn, now }
    }

    pub(super) fn push(&mut self, event: WorkflowRunEvent) {
        self.state.evolve(event.clone());
        self.events.push(event);
    }

    /// What templates and conditions see now.
    pub(super) fn context(&self) -> Value {
        self.state.context(&self.turn.scene)
    }

    pub(super) fn complete(&mut self, step: &StepId, result: Value) {
        self.push(WorkflowRunEvent::StepCompleted(StepCompleted {
            step: step.clone(),
            result,
            at: self.now,
            go_to: None,
        }));
    }

    /// The step has failed for good; what comes of it says its definition.
    pub(super) fn fail(&mut self, step: &Step, code: &str, detail: &str) {
        let then = step.frame.on_failure.clone();
        self.fail_then(step, (code, detail), then);
    }

    pub(super) fn fail_then(&mut self, step: &Step, (code, detail): (&str, &str), then: Then) {
        let stops = then == Then::Stop;
        let (id, code, detail) = (step.frame.id.clone(), code.to_owned(), detail.to_owned());
        self.push(WorkflowRunEvent::StepFailed(StepFailed {
            step: id.clone(),
            code: code.clone(),
            detail: detail.clone(),
            then,
        }));
        if stops {
            let advice = advice(&code).to_owned();
            let (workflow_id, at) = (self.state.begun.workflow_id, self.now);
            let failed = RunFailed { workflow_id, step: id, code, detail, advice, at };
            self.push(WorkflowRunEvent::Failed(failed.clone()));
            self.tell_owners(&failed);
        }
    }

    /// Tells the owners that the run needs somebody, where mail is set up.
    fn tell_owners(&mut self, failed: &RunFailed) {
        let definition = &self.state.begun.definition;
        let to = self.turn.scene.people(&definition.owners);
        if to.is_empty() || !self.turn.scene.has_mail {
            return;
        }
        let subject = format!("Run of \"{}\" has stopped", one_line(&definition.name));
        let text = format!(
            "A run of the workflow \"{}\" has stopped at the step \"{}\".\n\n{} ({})\n\nWhat to do: {}.\n\n{}\n",
            definition.name, failed.step, failed.detail, failed.code, failed.advice, self.turn.scene.url
        );
        let purpose = Purpose::Incident { count: self.state.failures };
        self.plan_and_send(&failed.step, purpose, EffectContent::Email { to, subject, text });
    }

    pub(super) fn finish_completed(&mut self) {
        let workflow_id = self.state.begun.workflow_id;
        self.push(WorkflowRunEvent::Completed(RunCompleted { workflow_id, at: self.now }));
    }

    pub(super) fn finish_rejected(&mut self, step: &StepId) {
        let (workflow_id, step) = (self.state.begun.workflow_id, step.clone());
        self.push(WorkflowRunEvent::Rejected(RunRejected { workflow_id, step, at: self.now }));
    }

    /// Enters an effect into the ledger and says that it is about to leave, in one commit.
    pub(super) fn plan_and_send(&mut self, step: &StepId, purpose: Purpose, content: EffectContent) {
        let effect = self.state.effect_id(step, &purpose);
        let step = step.clone();
        self.push(WorkflowRunEvent::EffectPlanned(EffectPlanned { effect, step, purpose, content }));
        self.send(effect);
    }

    pub(super) fn send(&mut self, effect: EffectId) {
        let attempts = self.state.effects.get(&effect).map_or(0, |effect| effect.attempts);
        self.push(WorkflowRunEvent::EffectSending(EffectSending {
            effect,
            attempt: attempts.saturating_add(1),
            at: self.now,
            lost_at: self.now + LOST_AFTER,
            fence: self.turn.fence,
        }));
    }

    /// The effect was done: where it is what a step does, the step is done too.
    pub(super) fn confirm(&mut self, effect: EffectId, reference: EffectReference, by: ConfirmedBy) {
        self.push(WorkflowRunEvent::EffectConfirmed(EffectConfirmed { effect, reference, by, at: self.now }));
        self.complete_with(effect);
    }

    /// Completes the step that is under way and is done by this effect, where it was confirmed.
    pub(super) fn complete_with(&mut self, effect: EffectId) {
        if self.state.standing != RunStanding::UnderWay {
            return;
        }
        let Some((step, result)) = self.state.current().and_then(|(step, _)| {
            let (id, entry) = self.state.effect_of(&step.frame.id)?;
            let Known::Confirmed(reference) = &entry.known else { return None };
            (id == effect).then(|| (step.frame.id.clone(), result_of(&entry.content, reference)))
        }) else {
            return;
        };
        self.complete(&step, result);
    }
}

/// What later steps see of a step that did something outside.
fn result_of(content: &EffectContent, reference: &EffectReference) -> Value {
    match content {
        EffectContent::Email { to, .. } => json!({ "messageId": reference.id, "recipients": to.len() }),
        EffectContent::Jira { .. } | EffectContent::ServiceNow { .. } => json!({
            "system": reference.channel, "key": reference.name, "url": reference.url, "status": "open",
        }),
        // What a bot posts is found under the channel's id and the message's time; a webhook's answer names neither.
        EffectContent::Slack { channel, .. } => {
            let (channel, ts) = reference.id.split_once('/').unwrap_or((channel, &reference.id));
            json!({ "channel": channel, "ts": ts, "url": reference.url })
        }
    }
}

/// What a person can do about a failure of that kind; the detail says what happened.
pub(super) fn advice(code: &str) -> &'static str {
    match code {
        "relay.not_set_up" => "set the relay up, then retry the run",
        "relay.credentials" => "enter the relay's credentials again, then retry the run",
        "relay.permission" => "give the relay's account the rights there, then retry the run",
        "relay.settings" | "relay.content" | "relay.refused" | "relay.not_found" => {
            "check the relay's settings and what the step names, then retry the run, or skip the step"
        }
        "step.timed_out" => "retry the run, skip the step, or give the step more time in a new version",
        "step.nobody" => "give the role to somebody or the KRI an owner, then retry the run",
        "approval.timed_out" => "retry the run to ask again, or cancel it",
        code if code.starts_with("template.") || code.starts_with("condition.") => {
            "skip the step or cancel this run, and mend the step in a new version of the workflow"
        }
        _ => "retry the run, skip the step, or cancel the run",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl RunState {
    /// What templates and conditions see: the names that the validator lets them speak of.
    pub fn context(&self, scene: &crate::workflow_run::Scene) -> Value {
        let begun = &self.begun;
        let by = begun.requester.map(|account| account.to_string()).unwrap_or_default();
        let steps: Map<String, Value> =
            self.steps.iter().filter_map(|(id, step)| Some((id.to_string(), step.shown()?))).collect();
        let mut context = json!({
            "trigger": begun.trigger.context(begun.started_at, &by),
            "run": {
                "id": begun.id, "workflowId": begun.workflow_id, "workflowName": begun.definition.name,
                "version": begun.version,
                "startedAt": begun.started_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), "url": scene.url,
            },
            "steps": steps,
        });
        if let (Some(context), Value::Object(_)) = (context.as_object_mut(), &scene.kri) {
            context.insert("kri".to_owned(), scene.kri.clone());
        }
        context
    }
}
