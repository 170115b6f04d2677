//! From step to step: in order, as conditions and failures say, and not before its time.

use serde_json::json;

use super::given::{Given, letter, post, reference, refused, step, ticket, wait, with};
use crate::relay::Channel;
use crate::workflow_run::{
    EffectContent, Help, Next, Progress, RunStanding, SendOutcome, StepPhase, StepSetback, Turn, WorkflowRun,
    WorkflowRunCommand,
};

#[test]
fn a_run_goes_from_step_to_step_and_enters_each_in_the_commit_that_ends_the_one_before() {
    let mut run = Given::steps(&[letter("tell"), ticket("open")]);
    assert_eq!(run.due(), ["step_started", "effect_planned", "effect_sending"]);
    let EffectContent::Email { to, subject, text } = &run.effect("tell").content else { panic!() };
    assert_eq!((to.len(), subject.as_str(), text.as_str()), (1, "CVEs breached", "Value 12"));
    let done = run.sent("tell", SendOutcome::Confirmed(reference("m")));
    assert_eq!(
        done,
        ["effect_confirmed", "step_completed", "step_started", "effect_planned", "effect_sending"]
    );
    let done = run.sent("open", SendOutcome::Confirmed(reference("SEC-1")));
    assert_eq!(done, ["effect_confirmed", "step_completed", "completed"]);
    assert_eq!(run.result("open")["key"], "SEC-1");
    assert_eq!(run.next(), Next::Over);
    assert!(run.due().is_empty(), "a second telling is nothing new");
}

#[test]
fn a_run_is_taken_up_once_and_begins_with_its_first_step() {
    let given = Given::steps(&[wait("pause")]);
    let begun = Box::new(given.state().begun.clone());
    let turn = || Box::new(Turn { fence: 1, luck: 0, scene: given.scene.clone() });
    let begin = || WorkflowRunCommand::Begin { begun: begun.clone(), turn: turn() };
    let mut run = Given { run: WorkflowRun::Absent, ..given.clone() };
    assert_eq!(run.when(begin()).unwrap(), ["begun", "step_started", "step_waiting"]);
    assert!(run.when(begin()).unwrap().is_empty());
}

#[test]
fn a_step_whose_condition_does_not_hold_is_passed_over() {
    let mut run = Given::steps(&[with(letter("tell"), &json!({"when": "kri.value > 100"})), wait("pause")]);
    assert_eq!(run.due(), ["step_skipped", "step_started", "step_waiting"]);
    assert_eq!(run.state().steps[&step("tell")].phase, StepPhase::Skipped);
}

#[test]
fn a_condition_that_cannot_be_decided_fails_the_step_and_says_so() {
    let mut run = Given::steps(&[with(letter("tell"), &json!({"when": "steps.gone.result.key == 'x'"}))]);
    assert_eq!(run.due(), ["step_started", "step_failed", "failed"]);
    assert_eq!(run.state().standing, RunStanding::Failed);
}

#[test]
fn a_wait_ends_when_its_time_has_come_and_not_before() {
    let mut run = Given::steps(&[wait("pause")]);
    run.due();
    let until = run.now + chrono::Duration::hours(1);
    assert_eq!(run.next(), Next::Nothing(Some(until)));
    assert!(run.due().is_empty());
    run.after(3600);
    assert_eq!(run.next(), Next::Due);
    assert_eq!(run.due(), ["step_completed", "completed"]);
}

#[test]
fn what_several_documents_came_to_is_told_at_once_as_it_would_be_one_by_one() {
    let document = |id: &str| json!({"id": id, "type": "produce_document", "title": "T", "body": "B"});
    let mut one_by_one = Given::steps(&[document("first"), document("second"), ticket("open")]);
    one_by_one.due();
    let mut at_once = one_by_one.clone();
    let did = |id: &str| Progress::Did { step: step(id), result: json!({"hash": id}) };
    let turn = || Box::new(Turn { fence: 1, luck: 0, scene: one_by_one.scene.clone() });

    let ahead = at_once.state().ahead(&turn(), did("first"), at_once.now).unwrap();
    assert!(matches!(ahead.next(at_once.now), Next::Do(next) if next.frame.id == step("second")));
    let with = vec![did("first"), did("second")];
    let told = at_once.when(WorkflowRunCommand::Drive { turn: turn(), with }).unwrap();

    let mut told_one_by_one = one_by_one.drive(did("first")).unwrap();
    assert_eq!(one_by_one.state(), &ahead, "what was gone on from is what would have been recorded");
    told_one_by_one.extend(one_by_one.drive(did("second")).unwrap());
    assert_eq!(told, told_one_by_one);
    assert_eq!(one_by_one.state(), at_once.state());
}

#[test]
fn a_ticket_is_waited_for_until_it_has_one_of_the_statuses() {
    let until =
        json!({"until": {"ticket": "open", "statuses": ["Done", "Closed"]}, "type": "wait", "id": "fixed"});
    let mut run = Given::steps(&[ticket("open"), until]);
    run.due();
    run.sent("open", SendOutcome::Confirmed(reference("SEC-1")));
    assert!(matches!(run.next(), Next::Ticket { ticket, .. } if ticket.name == "SEC-1"));
    let seen = |status: &str| Progress::TicketSeen { step: step("fixed"), status: status.to_owned() };
    assert!(run.drive(seen("In Progress")).unwrap().is_empty());
    assert_eq!(run.drive(seen("done")).unwrap(), ["step_completed", "completed"]);
    assert_eq!(run.result("fixed")["status"], "done");
}

#[test]
fn a_step_that_takes_too_long_fails_whatever_it_waits_for() {
    let mut run = Given::steps(&[with(wait("pause"), &json!({"timeout": "PT10M"}))]);
    run.due();
    run.after(600);
    assert_eq!(run.due(), ["step_failed", "failed"]);
}

#[test]
fn what_comes_of_a_failure_is_said_by_the_step() {
    let goes_on = with(post("say"), &json!({"onFailure": "continue"}));
    let jumps = with(post("jump"), &json!({"onFailure": {"goTo": "last"}}));
    let mut run = Given::steps(&[goes_on, jumps, ticket("between"), post("last")]);
    run.due();
    let refusal = || refused("relay.credentials");
    let gone_on = run.sent("say", refusal());
    assert_eq!(&gone_on[..3], ["effect_rejected", "step_failed", "step_started"]);
    run.sent("jump", refusal());
    assert!(run.state().effect_of(&step("between")).is_none());
    let failed = run.sent("last", refusal());
    assert_eq!(failed, ["effect_rejected", "step_failed", "failed"]);
}

#[test]
fn the_owners_are_told_of_a_failure_where_mail_is_set_up() {
    let mut run = Given::steps(&[post("say")]);
    run.scene.has_mail = true;
    run.due();
    let failed = run.sent("say", refused("relay.credentials"));
    assert_eq!(failed, ["effect_rejected", "step_failed", "failed", "effect_planned", "effect_sending"]);
    let letter = run.state().effects.values().find(|it| it.content.channel() == Channel::Email).unwrap();
    let EffectContent::Email { text, .. } = &letter.content else { panic!() };
    assert!(text.contains("enter the relay's credentials again"), "{text}");
}

#[test]
fn what_is_done_in_the_house_is_tried_again_as_the_step_says() {
    let document = json!({"id": "write", "type": "produce_document", "title": "T", "body": "B", "retry": {"attempts": 2}});
    let mut run = Given::steps(&[document]);
    run.due();
    assert!(matches!(run.next(), Next::Do(_)));
    let setback = StepSetback { code: "document.lost".to_owned(), detail: "no".to_owned(), retryable: true };
    let did_not = || Progress::DidNot { step: step("write"), setback: setback.clone() };
    assert_eq!(run.drive(did_not()).unwrap(), ["attempt_failed"]);
    assert!(matches!(run.next(), Next::Nothing(Some(_))));
    run.after(60);
    assert!(matches!(run.next(), Next::Do(_)));
    assert_eq!(run.drive(did_not()).unwrap(), ["attempt_failed", "step_failed", "failed"]);
    assert_eq!(run.help(Help::Retry).unwrap(), ["retried"]);
    let did = Progress::Did { step: step("write"), result: json!({"hash": "x"}) };
    assert_eq!(run.drive(did).unwrap(), ["step_completed", "completed"]);
}
