//! Asking: what people are asked before a run goes on, what of it they decide, and when it is asked again (hazards H2).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::ApprovalId;
use crate::approval::{ApprovalRequested, Approvers, Decision, Escalating, Vote};
use crate::workflow::{Action, AwaitApproval, Destination, Party, Step, StepId, Then};
use crate::workflow_run::content::{Flaw, content, filled, recipients};
use crate::workflow_run::decided::Decided;
use crate::workflow_run::progress::text;
use crate::workflow_run::{
    AttemptFailed, EffectContent, Purpose, RunState, Scene, StepCompleted, StepPhase, StepState, StepWaiting,
    WaitingFor, WorkflowRunEvent,
};

impl Decided<'_> {
    /// People were asked.
    pub(super) fn asked(&mut self, step: &StepId, approval_id: ApprovalId, (digest, round): (String, u32)) {
        let Some((_, state)) = self.state.current().filter(|_| self.state.is_at(step)) else { return };
        if state.phase != StepPhase::Acting {
            return;
        }
        let (step, since, until) = (step.clone(), self.now, state.until);
        let waiting_for = WaitingFor::Approval { approval_id, digest, round };
        self.push(WorkflowRunEvent::StepWaiting(StepWaiting { step, waiting_for, since, until }));
    }

    /// People are told that they are asked, once for each purpose.
    pub(super) fn tell(&mut self, step: &StepId, purpose: Purpose, content: EffectContent) {
        if self.state.is_at(step) && !self.state.has_told(step, &purpose) {
            self.plan_and_send(step, purpose, content);
        }
    }

    /// The decision has been made. It holds for what was asked: where that would be done otherwise by now, it is asked again.
    pub(super) fn approval_decided(
        &mut self,
        decided: ApprovalId,
        decision: Option<Decision>,
        votes: &[Vote],
    ) {
        let Some((step, state)) = self.state.current() else { return };
        let StepPhase::Waiting { waiting_for: WaitingFor::Approval { approval_id, digest, .. }, .. } =
            &state.phase
        else {
            return;
        };
        if *approval_id != decided {
            return;
        }
        let (step, attempts) = (step.clone(), state.attempts);
        let Action::AwaitApproval(approval) = &step.action else { return };
        let asked = self.state.question(&step, approval, &self.turn.scene).map(|asked| asked.digest);
        match decision {
            Some(Decision::Approved) if asked.as_ref() != Ok(digest) => {
                let detail = "what will be done has changed since it was asked".to_owned();
                let (code, step) = ("approval.changed".to_owned(), step.frame.id);
                let failed = AttemptFailed { step, attempt: attempts, code, detail, retry_at: None };
                self.push(WorkflowRunEvent::AttemptFailed(failed));
            }
            Some(decision) => self.take_decision(&step, approval, (decision, votes)),
            None => self.fail(&step, "approval.timed_out", "nobody decided in time"),
        }
    }

    fn take_decision(
        &mut self,
        step: &Step,
        approval: &AwaitApproval,
        (decision, votes): (Decision, &[Vote]),
    ) {
        let comment = votes
            .iter()
            .rev()
            .filter(|vote| vote.decision == decision)
            .find_map(|vote| vote.comment.as_ref());
        let result =
            json!({ "decision": decision, "comment": comment, "at": text(self.now), "votes": votes });
        let then = match decision {
            Decision::Approved => Then::Continue,
            Decision::Rejected => approval.on_rejected.clone(),
        };
        let go_to = if let Then::GoTo(step) = &then { Some(step.clone()) } else { None };
        let (id, at) = (step.frame.id.clone(), self.now);
        self.push(WorkflowRunEvent::StepCompleted(StepCompleted { step: id.clone(), result, at, go_to }));
        if then == Then::Stop {
            self.finish_rejected(&id);
        }
    }

    /// A ticket that is waited for has this status.
    pub(super) fn ticket_seen(&mut self, step: &StepId, status: &str) {
        let Some((_, state)) = self.state.current().filter(|_| self.state.is_at(step)) else { return };
        let StepPhase::Waiting { waiting_for: WaitingFor::Ticket { statuses, .. }, .. } = &state.phase else {
            return;
        };
        if statuses.iter().any(|awaited| awaited.to_lowercase() == status.to_lowercase()) {
            self.complete(step, json!({ "endedAt": text(self.now), "status": status }));
        }
    }
}

/// A question with what hangs on it.
struct Asked {
    question: String,
    plan: Vec<String>,
    digest: String,
}

impl RunState {
    /// Whether people have been told, or are being told, for that purpose.
    pub fn has_told(&self, step: &StepId, purpose: &Purpose) -> bool {
        self.effects.contains_key(&self.effect_id(step, purpose))
    }

    /// Decisions that people were asked for and that the run does not wait for any more.
    pub fn left_behind(&self) -> Vec<ApprovalId> {
        let left = |(id, step): (&StepId, &StepState)| {
            let awaited = self.is_at(id) && !step.phase.is_over();
            step.approval.filter(|_| !awaited && step.phase != StepPhase::Succeeded)
        };
        self.steps.iter().filter_map(left).collect()
    }

    /// What people are to be asked at the step that is under way.
    ///
    /// # Errors
    /// A stable code and what happened, where nobody can be asked or the question cannot be filled in.
    pub fn approval_request(
        &self,
        scene: &Scene,
        now: DateTime<Utc>,
    ) -> Result<Box<ApprovalRequested>, (&'static str, String)> {
        let no_question = || ("step.kind", "the step asks nobody".to_owned());
        let (step, state) = self.current().ok_or_else(no_question)?;
        let Action::AwaitApproval(approval) = &step.action else { return Err(no_question()) };
        let asked = self.question(step, approval, scene)?;
        let approvers = approvers(&approval.approvers, scene);
        if approvers.accounts.is_empty() && approvers.roles.is_empty() {
            return Err(("step.nobody", "there is nobody to ask: the KRI has no owner".to_owned()));
        }
        let first = state.asked_at.unwrap_or(now);
        let due_at = first + approval.due.duration();
        let later = |at: &DateTime<Utc>| *at > now && *at < due_at;
        let mut remind_at: Vec<_> =
            approval.reminders.iter().map(|span| first + span.duration()).filter(later).collect();
        remind_at.sort_unstable();
        let escalation = approval.escalation.as_ref().map(|escalation| Escalating {
            at: first + escalation.after.duration(),
            to: self::approvers(&escalation.to, scene),
        });
        let escalation = escalation.filter(|escalation| later(&escalation.at));
        let next_at = remind_at.iter().copied().chain(escalation.as_ref().map(|it| it.at)).min();
        let round = state.rounds.saturating_add(1);
        Ok(Box::new(ApprovalRequested {
            id: ApprovalId::of(self.begun.id, &step.frame.id, round),
            workflow_id: self.begun.workflow_id,
            workflow_name: self.begun.definition.name.clone(),
            run_id: self.begun.id,
            step: step.frame.id.clone(),
            round,
            question: asked.question,
            plan: asked.plan,
            digest: asked.digest,
            approvers,
            required: approval.required,
            veto: approval.veto,
            requester: self.begun.requester,
            requester_may_approve: approval.requester_may_approve,
            asked_at: now,
            due_at,
            remind_at,
            escalation,
            on_timeout: approval.on_timeout,
            next_at: next_at.unwrap_or(due_at),
        }))
    }

    /// The question as it stands now, and the digest of it and of everything that will be done once it is approved: up to the
    /// next question. What hangs on a step in between is bound as the text that it will be made of.
    fn question(&self, step: &Step, approval: &AwaitApproval, scene: &Scene) -> Result<Asked, Flaw> {
        let context = self.context(scene);
        let question = filled(&approval.question, &context, Destination::Plain)?;
        let definition = &self.begun.definition;
        let after = definition.steps.iter().skip_while(|other| other.frame.id != step.frame.id).skip(1);
        let planned: Vec<&Step> =
            after.take_while(|step| !matches!(step.action, Action::AwaitApproval(_))).collect();
        let plan = planned.iter().map(|step| in_words(step, &self.done_by(step, scene, &context))).collect();
        let bound: Vec<Value> = planned
            .iter()
            .map(|step| json!({ "step": step, "done": self.done_by(step, scene, &context) }))
            .collect();
        let bound = json!({ "question": question, "plan": bound, "kriEvents": self.begun.kri_events });
        let digest = HEXLOWER.encode(&Sha256::digest(bound.to_string()));
        Ok(Asked { question, plan, digest })
    }

    /// What the step would do now; null where that cannot be said yet.
    fn done_by(&self, step: &Step, scene: &Scene, context: &Value) -> Value {
        let definition = &self.begun.definition;
        let done = match &step.action {
            Action::NotifyOwner(letter) => {
                let texts = filled(&letter.subject, context, Destination::Line)
                    .and_then(|subject| Ok((subject, filled(&letter.body, context, Destination::Plain)?)));
                texts.map(|(subject, text)| {
                    json!({ "to": recipients(letter, definition), "subject": subject, "text": text })
                })
            }
            Action::CreateTicket(_) | Action::PostSlack(_) => {
                content(step, definition, (scene, context)).map(|content| json!(content))
            }
            Action::PanelQuery(query) => {
                filled(&query.question, context, Destination::Plain).map(|question| json!(question))
            }
            Action::ProduceDocument(document) => filled(&document.title, context, Destination::Line)
                .and_then(|title| Ok(json!([title, filled(&document.body, context, Destination::Plain)?]))),
            Action::AwaitApproval(_) | Action::EmitKriEvent(_) | Action::Wait(_) => Ok(Value::Null),
        };
        done.unwrap_or(Value::Null)
    }
}

/// A step in words, for whoever decides.
fn in_words(step: &Step, done: &Value) -> String {
    let text = |pointer: &str| done.pointer(pointer).and_then(Value::as_str);
    let named = |text: Option<&str>, template: &crate::workflow::Template| {
        text.map_or_else(|| template.as_str().to_owned(), str::to_owned)
    };
    match &step.action {
        Action::NotifyOwner(letter) => format!("send an email: {}", named(text("/subject"), &letter.subject)),
        Action::CreateTicket(ticket) => {
            format!("open a ticket: {}", named(text("/summary"), &ticket.summary))
        }
        Action::PanelQuery(query) => format!("ask the expert panel: {}", named(text(""), &query.question)),
        Action::ProduceDocument(document) => {
            format!("write a document: {}", named(text("/0"), &document.title))
        }
        Action::PostSlack(post) => {
            format!("post to {} in Slack: {}", post.channel, named(text("/text"), &post.text))
        }
        Action::AwaitApproval(_) => "ask for another decision".to_owned(),
        Action::EmitKriEvent(emit) => format!("record {}, which changes KRIs", emit.event_type),
        Action::Wait(_) => "wait".to_owned(),
    }
}

/// Who may decide: people by name, roles by whoever holds them when they vote.
fn approvers(parties: &[Party], scene: &Scene) -> Approvers {
    let named = parties.iter().filter(|party| !matches!(party, Party::Role(_)));
    let roles: BTreeSet<_> = parties
        .iter()
        .filter_map(|party| if let Party::Role(role) = party { Some(*role) } else { None })
        .collect();
    Approvers { accounts: scene.people(named), roles }
}
