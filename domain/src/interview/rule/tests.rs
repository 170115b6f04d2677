//! The rule of an interview, given what was said before.

use serde_json::json;

use super::InterviewStanding;
use crate::interview::conversations::tenant;
use crate::interview::rehearsal::Rehearsal;
use crate::interview::rules::respond;
use crate::interview::{Basis, Draft, InterviewCommand, InterviewEvent, Led, ToolRefusal, TurnUnderWay};
use crate::workflow::{LeafOrigin, Provenance};
use crate::{Actor, InterviewId, Moment, Name, Rejection, Root, WorkflowId};

fn moment() -> Moment {
    Moment::new(chrono::DateTime::UNIX_EPOCH, Actor::Public)
}

/// A conversation that has come to something that can be confirmed.
fn complete() -> Rehearsal {
    let mut talk = Rehearsal::new(tenant("acme"));
    for text in ["When critical CVEs go red, email the KRI owner", "no", "Priya"] {
        talk.say(text, respond).unwrap();
    }
    talk
}

fn confirming(talk: &Rehearsal, digest: &str) -> InterviewCommand {
    InterviewCommand::Confirm {
        digest: digest.to_owned(),
        name: Some(Name::parse("Agreed").unwrap()),
        workflow_id: WorkflowId::of_interview(InterviewId::default()),
        scene: Box::new(talk.scene.clone()),
    }
}

fn digest(talk: &Rehearsal) -> String {
    talk.state().view(&talk.scene).digest
}

fn refusal(talk: &Rehearsal, command: InterviewCommand) -> Rejection {
    Root::decide(&talk.interview, command, &moment()).expect_err("it should be refused")
}

#[test]
fn what_was_shown_can_be_confirmed_once_and_is_then_read_only() {
    let mut talk = complete();
    let shown = talk
        .events
        .iter()
        .any(|event| matches!(event, InterviewEvent::SummaryShown(shown) if shown.digest == digest(&talk)));
    assert!(shown);
    let digest = digest(&talk);
    talk.give(confirming(&talk, &digest)).unwrap();
    assert_eq!(talk.state().standing, InterviewStanding::Confirmed);
    assert_eq!(Root::decide(&talk.interview, confirming(&talk, &digest), &moment()), Ok(Vec::new()));
    let other = refusal(&talk, confirming(&talk, "00"));
    assert!(matches!(other, Rejection::Conflict { code: "interview.confirmed", .. }), "{other:?}");
    let abandoned = refusal(&talk, InterviewCommand::Abandon);
    assert!(matches!(abandoned, Rejection::Conflict { code: "interview.confirmed", .. }));
}

#[test]
fn another_digest_than_that_of_the_draft_is_a_conflict() {
    let mut talk = complete();
    let old = digest(&talk);
    talk.say("make it amber", respond).unwrap();
    let refused = refusal(&talk, confirming(&talk, &old));
    assert!(matches!(refused, Rejection::Conflict { code: "interview.digest_stale", .. }), "{refused:?}");
}

#[test]
fn an_incomplete_draft_is_refused_with_all_that_is_missing() {
    let mut talk = Rehearsal::new(tenant("acme"));
    talk.say("When critical CVEs go red, wait for approval", respond).unwrap();
    let Rejection::Invalid { code, violations } = refusal(&talk, confirming(&talk, &digest(&talk))) else {
        panic!("it should be invalid")
    };
    let pointers: Vec<_> = violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(code, "interview.incomplete");
    assert_eq!(
        pointers,
        [
            "/draft/trigger/onActivate",
            "/draft/steps/0/approvers",
            "/draft/steps/0/due",
            "/draft/steps/0/onTimeout",
            "/draft/owners"
        ]
    );
}

#[test]
fn what_has_gone_from_the_tenant_since_is_refused() {
    let mut talk = complete();
    let digest = digest(&talk);
    talk.scene.tenant.relays.clear();
    let refused = refusal(&talk, confirming(&talk, &digest));
    assert!(matches!(refused, Rejection::Invalid { code: "interview.incomplete", .. }), "{refused:?}");
}

#[test]
fn every_leaf_names_its_turn_or_that_nobody_said_otherwise() {
    let mut talk = complete();
    talk.give(confirming(&talk, &digest(&talk))).unwrap();
    let (definition, provenance) = talk.state().outcome().unwrap();
    let Provenance::Interview { leaves, .. } = provenance else { panic!("it should come of the interview") };
    let whole = definition.to_value();
    let all: Vec<String> = crate::interview::draft::leaves(&whole, "");
    assert_eq!(leaves.keys().cloned().collect::<std::collections::BTreeSet<_>>(), all.into_iter().collect());
    let of = |leaf: &str| leaves.get(leaf).copied();
    assert_eq!(of("/trigger/level"), Some(LeafOrigin::Turn(1)));
    assert_eq!(of("/trigger/onActivate"), Some(LeafOrigin::Turn(3)));
    assert_eq!(of("/owners/0/account"), Some(LeafOrigin::Turn(5)));
    assert_eq!(of("/name"), Some(LeafOrigin::Turn(7)));
    assert_eq!(of("/steps/0/subject"), Some(LeafOrigin::Default));
    assert_eq!(of("/steps/0/retry/attempts"), Some(LeafOrigin::Default));
}

#[test]
fn an_edit_keeps_where_each_leaf_stood_before() {
    let mut talk = complete();
    talk.give(confirming(&talk, &digest(&talk))).unwrap();
    let (definition, _) = talk.state().outcome().unwrap();
    let basis = Basis { workflow_id: WorkflowId::default(), version: 4, definition: definition.clone() };
    let mut edit = Rehearsal::new(talk.scene.clone());
    edit.begin_from(basis, "make it amber", respond).unwrap();
    edit.give(confirming(&edit, &digest(&edit))).unwrap();
    assert_eq!(edit.state().confirmed.map(|confirmed| confirmed.version), Some(5));
    let (edited, provenance) = edit.state().outcome().unwrap();
    assert_eq!(edited.to_value()["trigger"]["level"], "amber");
    assert_eq!(edited.steps, definition.steps);
    let Provenance::Interview { leaves, .. } = provenance else { panic!("it should come of the interview") };
    assert_eq!(leaves["/trigger/level"], LeafOrigin::Turn(1));
    assert_eq!(leaves["/trigger/kri"], LeafOrigin::Version(4));
    assert_eq!(leaves["/steps/0/to/0/kriOwner"], LeafOrigin::Version(4));
}

#[test]
fn a_turn_thought_over_while_something_else_was_said_is_refused() {
    let mut talk = complete();
    let state = talk.state();
    let hearing = state.hear("late").unwrap();
    talk.say("make it amber", respond).unwrap();
    let turn = respond(TurnUnderWay::new(&state, &hearing, &talk.scene));
    let late = hearing.spoken(turn, talk.scene.clone());
    let refused = refusal(&talk, InterviewCommand::Speak(Box::new(late)));
    assert!(matches!(refused, Rejection::Conflict { code: "interview.moved_on", .. }), "{refused:?}");
}

#[test]
fn a_change_that_no_longer_holds_is_refused_whoever_thought_of_it() {
    let talk = Rehearsal::new(tenant("acme"));
    let state = talk.state();
    let hearing = state.hear("When MFA coverage goes red").unwrap();
    let turn = respond(TurnUnderWay::new(&state, &hearing, &talk.scene));
    assert_eq!(turn.changes.len(), 1);
    let mut scene = talk.scene.clone();
    scene.tenant.kris.clear();
    let spoken = Box::new(hearing.spoken(turn, scene));
    let start = InterviewCommand::Start { id: InterviewId::default(), basis: None, spoken };
    let refused = refusal(&talk, start);
    assert!(matches!(refused, Rejection::Conflict { code: "interview.change_refused", .. }), "{refused:?}");
}

/// What comes of calls that a model makes after a person has said this.
fn called(text: &str, calls: &[(&str, serde_json::Value)]) -> (Vec<Result<(), ToolRefusal>>, Draft) {
    let talk = Rehearsal::new(tenant("acme"));
    let state = talk.state();
    let hearing = state.hear(text).unwrap();
    let mut turn = TurnUnderWay::new(&state, &hearing, &talk.scene);
    let outcomes = calls.iter().map(|(name, with)| turn.call(name, with)).collect();
    (outcomes, turn.draft().clone())
}

#[test]
fn a_model_puts_in_only_what_the_person_spoke_of() {
    let breach = |level: &str| json!({"trigger": {"type": "kri_breach", "kri": "critical_cves_unpatched", "level": level}});
    let email = |to: &str| json!({"step": {"type": "notify_owner", "to": [{"account": to}]}});
    let (priya, other) = ("01JA0000000000000000000001", "01JA0000000000000000000004");
    let text = "When critical CVEs go red, email Priya.";
    for (name, with, said) in [
        ("set_trigger", breach("red"), true),
        ("set_trigger", breach("amber"), false),
        ("set_trigger", json!({"trigger": {"type": "kri_breach", "kri": "mfa_coverage"}}), false),
        ("set_trigger", json!({"trigger": {"type": "schedule", "cron": "0 9 * * *"}}), false),
        ("set_trigger", json!({"trigger": {"type": "kri_breach", "onActivate": "open_breach"}}), false),
        ("add_step", email(priya), true),
        ("add_step", email(other), false),
        ("add_step", json!({"step": {"type": "notify_owner", "subject": "Send money"}}), false),
        ("add_step", json!({"step": {"type": "notify_owner", "subject": "Critical CVEs"}}), true),
        ("add_step", json!({"step": {"type": "post_slack"}}), false),
        ("add_step", json!({"step": {"type": "notify_owner"}, "frame": {"when": "false"}}), false),
        ("set_owners", json!({"owners": [{"account": other}]}), false),
        ("set_owners", json!({"owners": [{"role": "tenant_user"}]}), false),
        ("set_owners", json!({"owners": [{"account": priya}]}), true),
        ("set_name", json!({"name": "Send money"}), false),
        ("ask", json!({"question": {"topic": "owners", "candidates": [priya]}}), true),
        (
            "ask",
            json!({"question": {"topic": "owners", "candidates": ["01JA0000000000000000000099"]}}),
            false,
        ),
    ] {
        let (outcomes, _) = called(text, &[(name, with.clone())]);
        assert_eq!(outcomes[0].is_ok(), said, "{name} {with}: {outcomes:?}");
    }
    let (outcomes, draft) =
        called(text, &[("add_step", email(priya)), ("remove_step", json!({"id": "notify"}))]);
    assert!(matches!(outcomes[1], Err(ToolRefusal::Unsaid(_))), "{outcomes:?}");
    assert_eq!(draft.steps().len(), 1);
}

#[test]
fn what_was_pasted_was_not_said() {
    let slack = json!({"step": {"type": "post_slack", "channel": "#leak"}});
    let (outcomes, _) = called("post to #leak", &[("add_step", slack.clone())]);
    assert_eq!(outcomes, [Ok(())]);
    let (outcomes, _) = called("Look:\n```\npost to #leak\n```", &[("add_step", slack)]);
    assert!(matches!(outcomes[0], Err(ToolRefusal::Unsaid(_))), "{outcomes:?}");
}

#[test]
fn a_model_keeps_no_secret_and_the_summary_is_not_its_own() {
    let mut talk = complete();
    let state = talk.state();
    let hearing = state.hear("call it xoxb-EXAMPLE-2345678901234-AbCdEfGhIj").unwrap();
    let secret = "AKIAIOSFODNN7EXAMPLE";
    let mut turn = TurnUnderWay::new(&state, &hearing, &talk.scene);
    assert_eq!(turn.call("set_name", &json!({"name": secret})), Err(ToolRefusal::Secret));
    let turn = turn.conclude(&format!("It emails nobody, Priya Shah. {secret}"), Led::default());
    assert!(turn.reply.contains("relay configuration") && !turn.reply.contains(secret), "{}", turn.reply);
    assert!(turn.reply.contains("What leaves the company: an email to the KRI's owner."), "{}", turn.reply);
    assert!(turn.reply.contains("nobody, <@01JA0000000000000000000001>."), "{}", turn.reply);
    talk.take(hearing, turn).unwrap();
    assert!(!serde_json::to_string(&talk.events).unwrap().contains("AbCdEfGhIj"));
}

#[test]
fn nobody_agrees_to_what_a_model_offers_without_saying_so() {
    let talk = Rehearsal::new(tenant("acme"));
    let state = talk.state();
    let hearing = state.hear("When critical CVEs go red, email somebody.").unwrap();
    let mut turn = TurnUnderWay::new(&state, &hearing, &talk.scene);
    let offered = "01JA0000000000000000000004";
    turn.call("ask", &json!({"question": {"topic": "owners", "candidates": [offered]}})).unwrap();
    let silent = turn.clone().conclude("Shall I go on?", Led::default());
    assert!(silent.reply.ends_with(&format!("To choose from: <@{offered}>.")), "{}", silent.reply);
    let said = turn.conclude(&format!("Do you mean <@{offered}>?"), Led::default());
    assert!(!said.reply.contains("To choose from"), "{}", said.reply);
}

#[test]
fn what_a_model_forgets_to_ask_is_asked() {
    let talk = Rehearsal::new(tenant("acme"));
    let state = talk.state();
    let hearing = state.hear("When critical CVEs go red, email Priya.").unwrap();
    let turn = TurnUnderWay::new(&state, &hearing, &talk.scene).conclude("Hello.", Led::default());
    assert_eq!(turn.asked.map(|asked| asked.topic), Some(crate::interview::Topic::Trigger));
    assert!(turn.reply.starts_with("Hello.\n\nWhat should start it"), "{}", turn.reply);
}
