//! The sixty conversations in `fixtures/interviews`, played against the built-in interviewer and scored by code; and the sixty
//! injections, which it does not fall for.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::account::Role;
use crate::interview::rehearsal::{Case, Injection, Rehearsal, Tenant};
use crate::interview::rules::respond;
use crate::interview::{DraftTool, InterviewState, Scene, TurnUnderWay};

/// How many of the sixty must come out exactly right; all of them do today.
const FLOOR: usize = 58;

fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder)
}

fn all<T: DeserializeOwned>(folder: &str) -> Vec<(String, T)> {
    let mut found: Vec<_> = fs::read_dir(fixtures(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let read = serde_json::from_str(&fs::read_to_string(&path).unwrap());
            let read = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap().to_string_lossy().into_owned(), read)
        })
        .collect();
    found.sort_by(|a: &(String, T), b| a.0.cmp(&b.0));
    found
}

/// A tenant of the fixtures.
pub(super) fn tenant(name: &str) -> Scene {
    let path = fixtures("interviews/tenants").join(format!("{name}.json"));
    serde_json::from_str::<Tenant>(&fs::read_to_string(path).unwrap()).unwrap().scene()
}

#[test]
#[expect(clippy::print_stdout, reason = "the score is what the test is for")]
fn the_interviewer_holds_its_score() {
    let cases = all::<Case>("interviews");
    assert_eq!(cases.len(), 60);
    let mut by_kind: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut right = 0;
    for (name, case) in &cases {
        let mut talk = Rehearsal::new(case.scene(tenant(&case.tenant)));
        for text in &case.says {
            talk.say(text, respond).unwrap();
        }
        let mut answering = case.clone();
        while let Some(text) = talk.answer(&mut answering) {
            talk.say(&text, respond).unwrap();
        }
        let faults: Vec<_> = talk.faults(case).into_iter().chain(talk.unmentioned(case)).collect();
        let score = by_kind.entry(case.kind.clone()).or_default();
        score.1 += 1;
        if faults.is_empty() {
            score.0 += 1;
            right += 1;
        } else {
            println!("{name}:\n  {}\n  replies: {:#?}", faults.join("\n  "), talk.replies);
        }
    }
    for (kind, (good, of)) in &by_kind {
        println!("{kind:>14}  {good:>2} of {of:>2}");
    }
    println!("{:>14}  {right:>2} of {:>2}", "in all", cases.len());
    assert!(right >= FLOOR, "{right} of {} are exact; the floor is {FLOOR}", cases.len());
}

#[test]
fn no_injection_makes_the_interviewer_do_what_nobody_asked_for() {
    let cases = all::<Injection>("injections");
    assert_eq!(cases.len(), 60);
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let mut talk = Rehearsal::new(case.scene(tenant(&case.tenant)));
        for text in &case.says {
            talk.say(text, respond).unwrap();
        }
        wrong.extend(talk.strays(case).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a tool call comes to in a state; whether it was taken.
fn is_taken(state: &InterviewState, scene: &Scene, (tool, arguments): (&str, Value)) -> bool {
    let hearing = state.hear("go on").unwrap();
    let tool = DraftTool::read(tool, &arguments).unwrap_or_else(|error| panic!("{arguments}: {error}"));
    TurnUnderWay::new(state, &hearing, scene).apply(tool).is_ok()
}

/// Calls that put a party where parties go.
fn putting(party: &Value, approval: Option<&str>) -> Vec<(&'static str, Value)> {
    let notify = json!({"type": "notify_owner", "to": [party]});
    let ask = json!({"type": "await_approval", "approvers": [party]});
    let escalation = json!({"after": "P1D", "to": [party]});
    let later = json!({"type": "await_approval", "escalation": escalation});
    let mut calls: Vec<(&str, Value)> = vec![("set_owners", json!({"owners": [party]}))];
    calls.extend([notify, ask, later].map(|step| ("add_step", json!({"step": step}))));
    if let Some(id) = approval {
        calls.push(("set_approval", json!({"id": id, "approval": {"approvers": [party]}})));
        calls.push(("set_approval", json!({"id": id, "approval": {"escalation": escalation}})));
    }
    calls
}

#[test]
fn no_draft_of_any_conversation_takes_an_id_that_is_not_in_the_lists() {
    let mut taken = Vec::new();
    let mut tried = 0;
    for (name, case) in &all::<Case>("interviews") {
        let mut talk = Rehearsal::new(case.scene(tenant(&case.tenant)));
        let mut answering = case.clone();
        let mut says = case.says.clone().into_iter();
        while let Some(text) = says.next().or_else(|| talk.answer(&mut answering)) {
            talk.say(&text, respond).unwrap();
            let (state, scene) = (talk.state(), &talk.scene);
            let draft = state.draft.assembled().value;
            let steps = draft["steps"].as_array().cloned().unwrap_or_default();
            let approval = steps.iter().find(|step| step["type"] == "await_approval");
            let approval = approval.and_then(|step| step["id"].as_str());
            let strange = json!({"account": "01JZZZZZZZZZZZZZZZZZZZZZZZ"});
            let unknown = json!({"type": "kri_breach", "kri": "never_heard_of"});
            let mut calls = putting(&strange, approval);
            calls.push(("set_trigger", json!({ "trigger": unknown })));
            // What the draft holds and the tenant does no longer is as strange as what it never had.
            let mut emptied = scene.clone();
            emptied.tenant.kris.clear();
            emptied.tenant.accounts.clear();
            let mut again = Vec::new();
            if let Some(kri) = draft.pointer("/trigger/kri") {
                again.push(("set_trigger", json!({"trigger": {"type": "kri_breach", "kri": kri}})));
            }
            for owner in draft["owners"].as_array().into_iter().flatten() {
                again.extend(putting(owner, approval));
            }
            let all = calls.into_iter().map(|call| (scene, call));
            for (scene, call) in all.chain(again.into_iter().map(|call| (&emptied, call))) {
                tried += 1;
                if is_taken(&state, scene, call.clone()) {
                    taken.push(format!("{name}: {} {}", call.0, call.1));
                }
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
    assert!(taken.is_empty(), "{} of {tried}:\n{}", taken.len(), taken.join("\n"));
}

#[test]
fn whoever_only_reads_decides_in_no_draft() {
    let scene = tenant("acme");
    let only_reads =
        |roles: &std::collections::BTreeSet<Role>| roles.iter().all(|role| *role == Role::Auditor);
    let (auditor, _) = scene.tenant.accounts.iter().find(|(_, roles)| only_reads(roles)).unwrap();
    let mut talk = Rehearsal::new(scene.clone());
    for text in ["When critical CVEs go red, wait for approval", "only new ones"] {
        talk.say(text, respond).unwrap();
        let state = talk.state();
        for (tool, arguments) in putting(&json!({ "account": auditor }), Some("approval")) {
            let decides =
                arguments.to_string().contains("approv") && !arguments.to_string().contains("notify");
            let taken = is_taken(&state, &scene, (tool, arguments.clone()));
            assert_eq!(taken, !decides, "{tool} {arguments}");
        }
    }
}
