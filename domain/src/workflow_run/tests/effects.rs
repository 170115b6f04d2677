//! Effects: done once, however the far side answers and whoever dies (hazards H3, H14).

use proptest::prelude::*;
use serde_json::json;

use super::given::{Given, busy, letter, post, reference, refused, ticket, with};
use crate::Rejection;
use crate::workflow_run::{Known, Next, Progress, RunStanding, Seen, SendOutcome};

fn ambiguous() -> SendOutcome {
    SendOutcome::Ambiguous { detail: "the connection broke".to_owned() }
}

#[test]
fn a_refusal_that_may_pass_is_tried_again_under_the_same_name() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    let name = run.effect_id("open");
    assert_eq!(run.sent("open", busy()), ["effect_rejected"]);
    assert!(matches!(run.next(), Next::Nothing(Some(_))));
    run.after(30);
    assert_eq!(run.due(), ["effect_sending"]);
    assert_eq!((run.effect("open").attempts, run.effect_id("open")), (2, name));
    run.sent("open", SendOutcome::Confirmed(reference("SEC-1")));
    assert_eq!(run.state().standing, RunStanding::Completed);
}

#[test]
fn the_far_side_s_wish_to_wait_is_kept() {
    let mut run = Given::steps(&[ticket("open")]);
    run.luck = 0;
    run.due();
    let SendOutcome::Rejected { setback, .. } = busy() else { panic!() };
    run.sent("open", SendOutcome::Rejected { setback, retry_after: Some(600) });
    run.after(599);
    assert!(run.due().is_empty());
    run.after(1);
    assert_eq!(run.due(), ["effect_sending"]);
}

#[test]
fn attempts_end_and_the_run_says_what_to_do() {
    let mut run = Given::steps(&[with(ticket("open"), &json!({"retry": {"attempts": 2, "delay": "PT1S"}}))]);
    run.due();
    run.sent("open", busy());
    run.after(10);
    run.due();
    assert_eq!(run.sent("open", busy()), ["effect_rejected", "step_failed", "failed"]);
    assert_eq!(run.effect("open").known, Known::Rejected);
}

#[test]
fn a_lost_answer_is_looked_up_before_anything_else_and_what_is_found_is_not_made_again() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    assert_eq!(run.sent("open", ambiguous()), ["effect_ambiguous"]);
    assert!(matches!(run.next(), Next::Nothing(Some(_))), "the index may lag");
    run.after(15);
    assert_eq!(run.next(), Next::LookUp(run.effect_id("open")));
    assert_eq!(
        run.looked_up("open", Seen::Found(reference("SEC-1"))),
        ["effect_confirmed", "step_completed", "completed"]
    );
    assert_eq!(run.effect("open").attempts, 1);
}

#[test]
fn not_being_found_means_something_only_after_a_while_and_a_few_times() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    run.sent("open", ambiguous());
    run.after(15);
    for pause in [15, 30] {
        assert_eq!(run.looked_up("open", Seen::NotThere), ["effect_ambiguous"]);
        run.after(pause);
    }
    assert_eq!(run.looked_up("open", Seen::NotThere), ["effect_ambiguous"], "three times, but too soon");
    run.after(60);
    assert_eq!(run.looked_up("open", Seen::NotThere), ["effect_rejected"]);
    run.after(60);
    assert_eq!(run.due(), ["effect_sending"]);
    assert_eq!(run.effect("open").attempts, 2);
}

#[test]
fn a_question_that_fails_says_nothing_of_what_was_asked() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    run.sent("open", ambiguous());
    for _ in 0..5 {
        run.after(60);
        assert_eq!(run.looked_up("open", Seen::Failed("no answer".to_owned())), ["effect_ambiguous"]);
    }
    assert_eq!(run.looked_up("open", Seen::NotThere), ["effect_ambiguous"], "the first that was answered");
    run.after(15);
    assert_eq!(run.looked_up("open", Seen::NotThere), ["effect_ambiguous"]);
    run.after(30);
    assert_eq!(run.looked_up("open", Seen::NotThere), ["effect_rejected"]);
}

#[test]
fn a_sender_that_is_not_heard_of_is_taken_for_dead_and_its_effect_looked_up() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    run.after(119);
    assert!(run.due().is_empty());
    run.after(1);
    run.fence = 2;
    assert_eq!(run.due(), ["effect_ambiguous"]);
    assert_eq!(run.next(), Next::LookUp(run.effect_id("open")));
}

#[test]
fn a_worker_that_was_overtaken_is_refused() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    run.after(120);
    run.fence = 2;
    run.due();
    run.fence = 1;
    let effect = run.effect_id("open");
    let late = Progress::Sent { effect, attempt: 1, outcome: SendOutcome::Confirmed(reference("SEC-1")) };
    let refused = run.drive(late);
    assert!(
        matches!(refused, Err(Rejection::Conflict { code: "workflow_run.lease_lost", .. })),
        "{refused:?}"
    );
}

#[test]
fn a_letter_is_sent_again_under_its_one_name_and_a_post_asks_a_person() {
    let mut run = Given::steps(&[letter("tell"), post("say")]);
    run.due();
    run.sent("tell", ambiguous());
    run.after(60);
    assert_eq!(run.looked_up("tell", Seen::CannotKnow), ["effect_sending"]);
    run.sent("tell", SendOutcome::Confirmed(reference("m")));
    run.sent("say", ambiguous());
    run.after(15);
    assert_eq!(run.looked_up("say", Seen::CannotKnow), ["effect_ambiguous"]);
    assert_eq!(run.next(), Next::Nothing(None), "only a person can know");
}

#[test]
fn a_refusal_for_good_is_not_tried_again() {
    let mut run = Given::steps(&[ticket("open")]);
    run.due();
    let failed = run.sent("open", refused("relay.credentials"));
    assert_eq!(failed, ["effect_rejected", "step_failed", "failed"]);
}

/// What the world may do to a run, in any order.
#[derive(Debug, Clone)]
enum Turn {
    Due,
    Later(i64),
    Sent(SendOutcome),
    LookedUp(Seen),
    Again,
    TakenOver,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        Just(Turn::Due),
        (1_i64..200).prop_map(Turn::Later),
        Just(Turn::Sent(busy())),
        Just(Turn::Sent(ambiguous())),
        Just(Turn::Sent(SendOutcome::Confirmed(reference("SEC-1")))),
        Just(Turn::LookedUp(Seen::NotThere)),
        Just(Turn::LookedUp(Seen::CannotKnow)),
        Just(Turn::LookedUp(Seen::Found(reference("SEC-1")))),
        Just(Turn::Again),
        Just(Turn::TakenOver),
    ]
}

proptest! {
    /// An attempt leaves only when the one before it is known to have come to nothing, or was looked for in vain for long
    /// enough; and nothing leaves once the effect is confirmed.
    #[test]
    fn no_order_of_answers_sends_a_second_time_what_may_have_been_done(
        turns in proptest::collection::vec(turn(), 1..60)
    ) {
        let mut run = Given::steps(&[ticket("open")]);
        run.due();
        let mut before = run.effect("open").clone();
        for turn in turns {
            let names = match turn {
                Turn::Due => run.due(),
                Turn::Later(seconds) => { run.after(seconds); Vec::new() }
                Turn::TakenOver => { run.fence += 1; run.due() }
                Turn::Sent(outcome) => {
                    let (effect, attempt) = (run.effect_id("open"), run.effect("open").attempts);
                    run.drive(Progress::Sent { effect, attempt, outcome }).unwrap_or_default()
                }
                Turn::LookedUp(seen) => run.looked_up("open", seen),
                Turn::Again => run.help(crate::workflow_run::Help::Retry).unwrap_or_default(),
            };
            let after = run.effect("open").clone();
            if after.attempts > before.attempts || names.contains(&"effect_sending") {
                prop_assert!(matches!(before.known, Known::Planned(_)), "{before:?} then {names:?}");
            }
            if matches!(before.known, Known::Confirmed(_)) {
                prop_assert_eq!(&after.known, &before.known);
            }
            before = after;
        }
    }
}
