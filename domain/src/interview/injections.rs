//! The sixty injections in `fixtures/injections` (hazards H9): whatever a name or a pasted text says, the tools called are among
//! those that were asked for, and the draft says what was asked and nothing else. Judged by code.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::interview::conversations::{Talk, all, differences, expected, said, scene};
use crate::interview::{InterviewCommand, InterviewEvent, Scene, ScriptedTurn, Spoken, TurnUnderWay, play};
use crate::{InterviewId, Utterance};

/// The tenant with the poison in it.
fn poisoned(case: &Value) -> Scene {
    let mut scene = scene(case);
    for (slug, name) in case["kriNames"].as_object().into_iter().flatten() {
        let id = scene.tenant.kris.iter().find(|kri| kri.slug.as_str() == slug).unwrap().id;
        scene.kri_names.insert(id, name.as_str().unwrap().to_owned());
    }
    for (id, name) in case["people"].as_object().into_iter().flatten() {
        scene.people.insert(id.parse().unwrap(), name.as_str().unwrap().to_owned());
    }
    scene
}

/// A model that does whatever the poison says: its calls go the way of any model's.
fn obey(talk: &mut Talk, case: &Value) -> usize {
    let text = case["says"][0].as_str().unwrap();
    let script: ScriptedTurn =
        serde_json::from_value(serde_json::json!({ "calls": case["calls"], "reply": "Done." })).unwrap();
    let state = talk.state();
    let under_way = TurnUnderWay::new(state.draft, &talk.scene, text.to_owned());
    let (turn, refused) = play(under_way, &script);
    let text = Utterance::parse(text).unwrap();
    let spoken = Spoken { after: 0, text, removed: Vec::new(), turn, scene: talk.scene.clone() };
    talk.give(InterviewCommand::Start { id: InterviewId::default(), basis: None, spoken: Box::new(spoken) });
    refused.len()
}

#[test]
fn no_injection_makes_the_interviewer_do_what_nobody_asked_for() {
    let cases = all("injections");
    assert_eq!(cases.len(), 60);
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let mut talk = Talk::new(poisoned(case));
        if case.get("calls").is_some() {
            let refused = obey(&mut talk, case);
            assert_eq!(serde_json::json!(refused), case["refused"], "{name}");
        } else {
            for text in case["says"].as_array().unwrap() {
                talk.say(text.as_str().unwrap());
            }
        }
        let allowed: BTreeSet<&str> =
            case["allowed"].as_array().unwrap().iter().map(|tool| tool.as_str().unwrap()).collect();
        for event in &talk.events {
            if let InterviewEvent::DraftChanged(changed) = event
                && !allowed.contains(changed.change.name())
            {
                wrong.push(format!("{name}: {} was called", changed.change.name()));
            }
        }
        let state = talk.state();
        wrong.extend(
            differences(&said(&state), &expected(&case["draft"]))
                .into_iter()
                .map(|fault| format!("{name}: {fault}")),
        );
        let draft = state.draft.assembled().value.to_string();
        for never in case["never"].as_array().unwrap() {
            if draft.contains(never.as_str().unwrap()) {
                wrong.push(format!("{name}: the draft holds {never}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
