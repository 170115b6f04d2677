//! The sixty conversations in `fixtures/interviews`, played against the built-in interviewer and scored by code; and the sixty
//! injections, which it does not fall for.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::interview::Scene;
use crate::interview::rehearsal::{Case, Injection, Rehearsal, Tenant};
use crate::interview::rules::respond;

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
