//! Asking people: what they are shown, what their answer is for, and when they are asked again.

use serde_json::{Value, json};

use super::given::{Given, owner, step, ticket, with};
use crate::ApprovalId;
use crate::approval::{ApprovalRequested, Decision, Vote};
use crate::workflow_run::{EffectContent, Help, Next, Progress, Purpose, RunStanding};

fn asks(more: &Value) -> Value {
    let step = json!({"id": "approve", "type": "await_approval", "question": "Patch {{ kri.name }}?",
        "approvers": [{"role": "tenant_admin"}], "due": "P1D", "reminders": ["PT2H", "PT1H", "P2D"],
        "escalation": {"after": "PT3H", "to": [{"role": "master_admin"}]}});
    with(step, more)
}

/// A run that has asked, and what it asked.
fn asked(steps: &[Value]) -> (Given, Box<ApprovalRequested>) {
    let mut run = Given::steps(steps);
    run.due();
    let request = ask(&mut run);
    (run, request)
}

fn ask(run: &mut Given) -> Box<ApprovalRequested> {
    assert!(matches!(run.next(), Next::Ask(_)));
    let request = run.state().approval_request(&run.scene, run.now).unwrap();
    let (approval_id, digest, round) = (request.id, request.digest.clone(), request.round);
    let progress = Progress::Asked { step: step("approve"), approval_id, digest, round };
    assert_eq!(run.drive(progress).unwrap(), ["step_waiting"]);
    request
}

fn decided(approval_id: ApprovalId, decision: Option<Decision>, at: &Given) -> Progress {
    let vote = |decision| Vote { by: owner(), decision, comment: None, at: at.now };
    Progress::Decided { approval_id, decision, votes: decision.map(vote).into_iter().collect() }
}

#[test]
fn the_question_names_what_will_be_done_up_to_the_next_question() {
    let last = with(asks(&json!({})), &json!({"id": "again"}));
    let (run, request) = asked(&[asks(&json!({})), ticket("open"), last, ticket("more")]);
    assert_eq!(request.question, "Patch CVEs?");
    assert_eq!(request.plan, ["open a ticket: Patch 12 CVEs"]);
    let hours: Vec<i64> = request.remind_at.iter().map(|at| (*at - run.now).num_hours()).collect();
    assert_eq!(hours, [1, 2], "in order, and none after it is due");
    assert_eq!(request.next_at, request.remind_at[0]);
}

#[test]
fn an_approved_run_goes_on_and_knows_who_said_what() {
    let (mut run, request) = asked(&[asks(&json!({})), ticket("open")]);
    let progress = decided(request.id, Some(Decision::Approved), &run);
    let names = run.drive(progress.clone()).unwrap();
    assert_eq!(names, ["step_completed", "step_started", "effect_planned", "effect_sending"]);
    assert_eq!(run.result("approve")["decision"], "approved");
    assert!(run.drive(progress).unwrap().is_empty(), "told twice, it is nothing new");
}

#[test]
fn a_rejection_ends_the_run_or_goes_where_the_step_says() {
    let (mut run, request) = asked(&[asks(&json!({})), ticket("open")]);
    let progress = decided(request.id, Some(Decision::Rejected), &run);
    assert_eq!(run.drive(progress).unwrap(), ["step_completed", "rejected"]);
    assert_eq!(run.state().standing, RunStanding::Rejected);
    let jumps = asks(&json!({"onRejected": {"goTo": "last"}}));
    let (mut run, request) = asked(&[jumps, ticket("open"), ticket("last")]);
    let progress = decided(request.id, Some(Decision::Rejected), &run);
    run.drive(progress).unwrap();
    assert!(run.state().effect_of(&step("open")).is_none() && run.state().effect_of(&step("last")).is_some());
}

#[test]
fn nobody_in_time_fails_the_step_where_it_says_so() {
    let (mut run, request) = asked(&[asks(&json!({}))]);
    let progress = decided(request.id, None, &run);
    assert_eq!(run.drive(progress).unwrap(), ["step_failed", "failed"]);
}

#[test]
fn what_has_changed_since_it_was_asked_is_asked_again() {
    let (mut run, first) = asked(&[asks(&json!({})), ticket("open")]);
    run.scene.kri["value"] = json!("13");
    let progress = decided(first.id, Some(Decision::Approved), &run);
    assert_eq!(run.drive(progress).unwrap(), ["attempt_failed"]);
    run.after(3600);
    let second = ask(&mut run);
    assert!(second.id != first.id && second.digest != first.digest && second.round == 2);
    assert_eq!(second.due_at, first.due_at, "asking again gives nobody more time");
    let progress = decided(first.id, Some(Decision::Approved), &run);
    assert!(run.drive(progress).unwrap().is_empty(), "a decision on the first question decides no other");
    let progress = decided(second.id, Some(Decision::Approved), &run);
    run.drive(progress).unwrap();
    assert!(run.state().effect_of(&step("open")).is_some());
}

#[test]
fn a_decision_that_the_run_does_not_wait_for_any_more_is_left_behind() {
    let (mut run, request) = asked(&[asks(&json!({})), ticket("open")]);
    assert!(run.state().left_behind().is_empty());
    let (mut skipped, mut cancelled) = (run.clone(), run.clone());
    skipped.help(Help::Skip).unwrap();
    cancelled.help(Help::Cancel).unwrap();
    assert_eq!(skipped.state().left_behind(), [request.id]);
    assert_eq!(cancelled.state().left_behind(), [request.id]);
    let progress = decided(request.id, Some(Decision::Approved), &run);
    run.drive(progress).unwrap();
    assert!(run.state().left_behind().is_empty());
}

#[test]
fn people_are_told_once_for_each_purpose() {
    let (mut run, _) = asked(&[asks(&json!({}))]);
    let content =
        EffectContent::Email { to: [owner()].into(), subject: "?".to_owned(), text: "?".to_owned() };
    let tell = |purpose| Progress::Tell { step: step("approve"), purpose, content: content.clone() };
    for purpose in [
        Purpose::Ask { round: 1, in_slack: false },
        Purpose::Ask { round: 1, in_slack: true },
        Purpose::Remind { round: 1, count: 1, in_slack: false },
        Purpose::Remind { round: 1, count: 1, in_slack: true },
        Purpose::Escalate { round: 1, in_slack: false },
        Purpose::Escalate { round: 1, in_slack: true },
    ] {
        assert_eq!(run.drive(tell(purpose.clone())).unwrap(), ["effect_planned", "effect_sending"]);
        assert!(run.drive(tell(purpose)).unwrap().is_empty());
    }
}
