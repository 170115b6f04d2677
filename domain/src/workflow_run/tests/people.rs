//! What people do to a run: try again, pass over, end, and say what nobody else can know.

use super::given::{Given, post, reference, refused, step, ticket};
use crate::workflow_run::{
    Help, Known, Next, RunStanding, Seen, SendOutcome, StepPhase, Verdict, WorkflowRunCommand,
};

fn ambiguous_post() -> Given {
    let mut run = Given::steps(&[post("say"), ticket("open")]);
    run.due();
    run.sent("say", SendOutcome::Ambiguous { detail: "lost".to_owned() });
    run.after(15);
    run.looked_up("say", Seen::CannotKnow);
    run
}

#[test]
fn a_failed_run_is_tried_again_from_where_it_failed() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    run.sent("open", refused("relay.credentials"));
    assert_eq!(run.next(), Next::Over);
    assert_eq!(run.help(Help::Retry).unwrap(), ["retried"]);
    assert!(run.help(Help::Retry).unwrap().is_empty());
    assert_eq!(run.due(), ["effect_sending"]);
    run.sent("open", SendOutcome::Confirmed(reference("SEC-1")));
    assert_eq!(run.state().standing, RunStanding::Completed);
    assert!(run.help(Help::Retry).is_err());
}

#[test]
fn a_step_is_passed_over_where_a_person_says_so_but_not_while_it_is_on_its_way() {
    let mut run = Given::steps(&[ticket("open"), ticket("second")]);
    run.due();
    assert!(run.help(Help::Skip).is_err());
    run.sent("open", refused("relay.credentials"));
    assert_eq!(run.help(Help::Skip).unwrap(), ["step_skipped"]);
    assert_eq!(run.state().steps[&step("open")].phase, StepPhase::Skipped);
    assert_eq!(run.due(), ["step_started", "effect_planned", "effect_sending"]);
}

#[test]
fn a_cancelled_run_does_nothing_more_but_knows_what_it_has_sent() {
    let mut run = Given::steps(&[ticket("open"), ticket("second")]);
    run.due();
    assert_eq!(run.help(Help::Cancel).unwrap(), ["cancelled"]);
    assert!(run.help(Help::Cancel).unwrap().is_empty());
    let done = run.sent("open", SendOutcome::Confirmed(reference("SEC-1")));
    assert_eq!(done, ["effect_confirmed"]);
    assert_eq!(run.next(), Next::Over);
    assert!(run.state().effect_of(&step("second")).is_none());
}

#[test]
fn a_person_says_what_nobody_else_can_know() {
    let decide = |run: &Given, verdict| {
        let effect = run.effect_id("say");
        WorkflowRunCommand::DecideEffect { effect, verdict }
    };
    let mut run = ambiguous_post();
    let done = decide(&run, Verdict::Done { name: None });
    assert_eq!(run.when(done.clone()).unwrap(), ["effect_decided"]);
    assert_eq!(run.next(), Next::Due);
    assert!(run.when(done).unwrap().is_empty());
    assert_eq!(run.due(), ["step_completed", "step_started", "effect_planned", "effect_sending"]);
    let mut run = ambiguous_post();
    let not_done = decide(&run, Verdict::NotDone);
    assert_eq!(run.when(not_done).unwrap(), ["effect_decided"]);
    assert_eq!(run.due(), ["effect_sending"]);
    let early = decide(&run, Verdict::NotDone);
    assert!(run.when(early).is_err(), "what is on its way is not decided");
}

#[test]
fn an_effect_that_is_not_wanted_any_more_is_not_sent() {
    let mut run = ambiguous_post();
    run.help(Help::Cancel).unwrap();
    let effect = run.effect_id("say");
    run.when(WorkflowRunCommand::DecideEffect { effect, verdict: Verdict::NotDone }).unwrap();
    assert!(run.due().is_empty());
    assert!(matches!(run.effect("say").known, Known::Planned(_)));
}
