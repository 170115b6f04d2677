//! The rule of an interview, given what was said before.

use serde_json::json;

use super::{Interview, InterviewStanding};
use crate::interview::conversations::{Talk, fixtures, read, scene};
use crate::interview::{
    Basis, InterviewCommand, InterviewEvent, ScriptedTurn, Spoken, Turn, TurnUnderWay, play,
};
use crate::workflow::{LeafOrigin, Provenance};
use crate::{Actor, InterviewId, Moment, Name, Rejection, Root, Utterance, WorkflowId};

fn moment() -> Moment {
    Moment::new(chrono::DateTime::UNIX_EPOCH, Actor::Public)
}

/// A conversation that has come to something that can be confirmed.
fn complete() -> Talk {
    let mut talk = Talk::new(scene(&json!({"tenant": "acme"})));
    for text in ["When critical CVEs go red, email the KRI owner", "no", "Priya"] {
        talk.say(text);
    }
    talk
}

fn confirming(talk: &Talk, digest: &str) -> InterviewCommand {
    InterviewCommand::Confirm {
        digest: digest.to_owned(),
        name: Some(Name::parse("Agreed").unwrap()),
        workflow_id: WorkflowId::of_interview(InterviewId::default()),
        scene: Box::new(talk.scene.clone()),
    }
}

fn digest(talk: &Talk) -> String {
    talk.state().view(&talk.scene).digest
}

fn refusal(talk: &Talk, command: InterviewCommand) -> Rejection {
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
    talk.give(confirming(&talk, &digest));
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
    talk.say("make it amber");
    let refused = refusal(&talk, confirming(&talk, &old));
    assert!(matches!(refused, Rejection::Conflict { code: "interview.digest_stale", .. }), "{refused:?}");
}

#[test]
fn an_incomplete_draft_is_refused_with_all_that_is_missing() {
    let mut talk = Talk::new(scene(&json!({"tenant": "acme"})));
    talk.say("When critical CVEs go red, wait for approval");
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
    talk.give(confirming(&talk, &digest(&talk)));
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
    talk.give(confirming(&talk, &digest(&talk)));
    let (definition, _) = talk.state().outcome().unwrap();
    let basis = Basis { workflow_id: WorkflowId::default(), version: 4, definition: definition.clone() };
    let mut edit = Talk::new(talk.scene.clone());
    edit.begin_from(basis, "make it amber");
    edit.give(confirming(&edit, &digest(&edit)));
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
    let talk = complete();
    let spoken = Spoken {
        after: 0,
        text: Utterance::parse("late").unwrap(),
        removed: Vec::new(),
        turn: Turn { changes: Vec::new(), reply: "Noted.".to_owned(), asked: None },
        scene: talk.scene.clone(),
    };
    let refused = refusal(&talk, InterviewCommand::Speak(Box::new(spoken)));
    assert!(matches!(refused, Rejection::Conflict { code: "interview.moved_on", .. }), "{refused:?}");
}

#[test]
fn a_change_that_no_longer_holds_is_refused_whoever_thought_of_it() {
    let mut talk = Talk::new(scene(&json!({"tenant": "acme"})));
    let script: ScriptedTurn = serde_json::from_value(json!({"reply": "Done.", "calls": [
        {"name": "set_trigger", "arguments": {"trigger": {"type": "kri_breach", "kri": "mfa_coverage", "level": "red"}}}]}))
    .unwrap();
    let (turn, refused) = play(TurnUnderWay::new(talk.state().draft, &talk.scene, String::new()), &script);
    assert_eq!((turn.changes.len(), refused), (1, Vec::new()));
    talk.scene.tenant.kris.clear();
    let spoken = Spoken {
        after: 0,
        text: Utterance::parse("watch MFA").unwrap(),
        removed: Vec::new(),
        turn,
        scene: talk.scene.clone(),
    };
    let start = InterviewCommand::Start { id: InterviewId::default(), basis: None, spoken: Box::new(spoken) };
    let refused = Root::decide(&Interview::default(), start, &moment());
    assert!(
        matches!(refused, Err(Rejection::Conflict { code: "interview.change_refused", .. })),
        "{refused:?}"
    );
}

#[test]
fn a_script_on_the_same_path_comes_to_the_same_definition() {
    let scene = scene(&json!({"tenant": "acme"}));
    let script: ScriptedTurn =
        serde_json::from_value(read(&fixtures("interviews/scripted/critical-cves.json"))).unwrap();
    let (turn, refused) = play(
        TurnUnderWay::new(Talk::new(scene.clone()).state().draft, &scene, "open it in SEC".to_owned()),
        &script,
    );
    assert_eq!(refused, ["the draft has no step approve", "the person has not spoken of #leak: ask for it"]);
    let mut draft = Talk::new(scene.clone()).state().draft;
    turn.changes.iter().for_each(|change| draft.put(change, 1));
    let whole = draft.assembled().value;
    assert!(crate::workflow::validate(&whole, &scene.tenant).is_ok(), "{whole:#}");
    assert_eq!(whole["steps"].as_array().map(Vec::len), Some(2));
}
