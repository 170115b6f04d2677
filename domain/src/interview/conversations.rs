//! The sixty conversations in `fixtures/interviews`, played against the built-in interviewer and scored by code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::Role;
use crate::interview::draft::leaves;
use crate::interview::rules::{Said, respond};
use crate::interview::{
    Basis, Interview, InterviewCommand, InterviewEvent, InterviewState, Scene, Spoken, TurnUnderWay, redact,
};
use crate::workflow::{KriFact, LeafOrigin, TenantFacts};
use crate::{AccountId, Actor, InterviewId, KriId, Moment, Root, Utterance};

/// How many of the sixty must come out exactly right; all of them do today.
const FLOOR: usize = 58;

pub(super) fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder)
}

pub(super) fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn all(folder: &str) -> Vec<(String, Value)> {
    let mut found: Vec<_> = fs::read_dir(fixtures(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), read(&path)))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    kris: Vec<Named>,
    accounts: Vec<Person>,
    relays: Value,
    kri_events: Value,
}

#[derive(Deserialize)]
struct Named {
    id: KriId,
    slug: crate::KriSlug,
    name: String,
    owner: Option<AccountId>,
}

#[derive(Deserialize)]
struct Person {
    id: AccountId,
    name: String,
    roles: BTreeSet<Role>,
}

/// The tenant of a conversation, as an interviewer sees it; whoever comes first in it speaks.
pub(super) fn scene(case: &Value) -> Scene {
    let name = case["tenant"].as_str().unwrap();
    let tenant: Tenant =
        serde_json::from_value(read(&fixtures("interviews/tenants").join(format!("{name}.json")))).unwrap();
    let fact = |kri: &Named| KriFact { id: kri.id, slug: kri.slug.clone(), owner: kri.owner };
    let mut facts = TenantFacts {
        kris: tenant.kris.iter().map(fact).collect(),
        relays: serde_json::from_value(tenant.relays).unwrap(),
        accounts: tenant.accounts.iter().map(|person| (person.id, person.roles.clone())).collect(),
        kri_events: serde_json::from_value(tenant.kri_events).unwrap(),
    };
    for relay in case["without"].as_array().into_iter().flatten() {
        facts.relays.remove(&serde_json::from_value(relay.clone()).unwrap());
    }
    Scene {
        tenant: facts,
        kri_names: tenant.kris.into_iter().map(|kri| (kri.id, kri.name)).collect(),
        speaker: tenant.accounts.first().map(|person| person.id),
        people: tenant.accounts.into_iter().map(|person| (person.id, person.name)).collect(),
    }
}

/// A conversation under way, through the aggregate.
pub(super) struct Talk {
    pub scene: Scene,
    pub interview: Interview,
    pub events: Vec<InterviewEvent>,
    pub replies: Vec<String>,
}

impl Talk {
    pub(super) fn new(scene: Scene) -> Self {
        Self { scene, interview: Interview::default(), events: Vec::new(), replies: Vec::new() }
    }

    pub(super) fn state(&self) -> InterviewState {
        self.interview.state().cloned().unwrap_or_else(|| InterviewState::new(InterviewId::default()))
    }

    /// What the commands do: redact, think, decide.
    pub(super) fn say(&mut self, text: &str) {
        self.speak(None, text);
    }

    /// Begins from a workflow.
    pub(super) fn begin_from(&mut self, basis: Basis, text: &str) {
        self.speak(Some(Box::new(basis)), text);
    }

    fn speak(&mut self, basis: Option<Box<Basis>>, text: &str) {
        let redacted = redact(text);
        let state = match &basis {
            Some(basis) => InterviewState::beginning(InterviewId::default(), Some(basis)),
            None => self.state(),
        };
        let heard = format!("{}\n{}", state.heard, redacted.text);
        let under_way = TurnUnderWay::new(state.draft.clone(), &self.scene, heard);
        let said = Said {
            text: &redacted.text,
            removed: &redacted.kinds,
            asked: state.asked.as_ref(),
            first: state.turns == 0,
        };
        let turn = respond(under_way, said);
        self.replies.push(self.scene.shown(&turn.reply));
        let text = Utterance::parse(&redacted.text).unwrap();
        let spoken =
            Spoken { after: state.turns, text, removed: redacted.kinds, turn, scene: self.scene.clone() };
        let command = if state.turns == 0 {
            InterviewCommand::Start { id: InterviewId::default(), basis, spoken: Box::new(spoken) }
        } else {
            InterviewCommand::Speak(Box::new(spoken))
        };
        self.give(command);
    }

    pub(super) fn give(&mut self, command: InterviewCommand) {
        let moment = Moment::new(chrono::DateTime::UNIX_EPOCH, Actor::Public);
        let events = Root::decide(&self.interview, command, &moment).unwrap();
        for event in events {
            self.events.push(event.clone());
            cqrs_es::Aggregate::apply(&mut self.interview, event);
        }
    }

    /// Plays what the person says first, then answers as long as there is an answer to what is asked.
    fn play(&mut self, case: &Value) {
        for text in case["says"].as_array().unwrap() {
            self.say(text.as_str().unwrap());
        }
        let mut answers: BTreeMap<String, String> =
            serde_json::from_value(case.get("answers").cloned().unwrap_or(json!({}))).unwrap();
        while let Some(asked) = self.state().asked {
            let topic = serde_json::to_value(asked.topic).unwrap();
            let Some(answer) = answers.remove(topic.as_str().unwrap()) else { break };
            self.say(&answer);
        }
    }
}

/// The leaves that somebody spoke of.
pub(super) fn said(state: &InterviewState) -> BTreeMap<String, Value> {
    let assembled = state.draft.assembled();
    assembled
        .origins
        .iter()
        .filter(|(_, origin)| matches!(origin, LeafOrigin::Turn(_)))
        .filter_map(|(leaf, _)| Some((leaf.clone(), assembled.value.pointer(leaf)?.clone())))
        .collect()
}

pub(super) fn expected(of: &Value) -> BTreeMap<String, Value> {
    leaves(of, "")
        .into_iter()
        .filter(|leaf| !leaf.is_empty())
        .filter_map(|leaf| Some((leaf.clone(), of.pointer(&leaf)?.clone())))
        .collect()
}

pub(super) fn differences(found: &BTreeMap<String, Value>, wanted: &BTreeMap<String, Value>) -> Vec<String> {
    let missing =
        wanted.iter().filter(|(leaf, value)| found.get(*leaf) != Some(value)).map(|(leaf, value)| {
            format!("{leaf} is {} and should be {value}", found.get(leaf).unwrap_or(&Value::Null))
        });
    let extra = found
        .iter()
        .filter(|(leaf, _)| !wanted.contains_key(*leaf))
        .map(|(leaf, value)| format!("{leaf} is {value} and nobody said so"));
    missing.chain(extra).collect()
}

/// What is not as it should be at the end of a conversation.
fn faults(case: &Value) -> (Vec<String>, Talk) {
    let mut talk = Talk::new(scene(case));
    talk.play(case);
    let (state, ends) = (talk.state(), &case["ends"]);
    let view = state.view(&talk.scene);
    let mut faults = Vec::new();
    if let Some(definition) = ends.get("definition") {
        faults.extend(differences(&said(&state), &expected(definition)));
        if !view.can_confirm {
            faults
                .push(format!("cannot be confirmed: missing {:?}, invalid {:?}", view.missing, view.invalid));
        }
    } else {
        let missing: BTreeSet<_> = view.missing.iter().map(|need| json!(need.pointer).to_string()).collect();
        let wanted: BTreeSet<_> = ends["missing"].as_array().unwrap().iter().map(Value::to_string).collect();
        if missing != wanted {
            faults.push(format!("missing is {missing:?} and should be {wanted:?}"));
        }
        let invalid: BTreeSet<_> =
            view.invalid.iter().map(|problem| json!(problem.code).to_string()).collect();
        let wanted: BTreeSet<_> = ends["invalid"].as_array().unwrap().iter().map(Value::to_string).collect();
        if invalid != wanted {
            faults.push(format!("invalid is {:?} and should be {wanted:?}", view.invalid));
        }
        faults.extend(differences(&said(&state), &expected(&ends["draft"])));
        if view.can_confirm {
            faults.push("can be confirmed".to_owned());
        }
    }
    for word in case["replyMentions"].as_array().into_iter().flatten() {
        let word = word.as_str().unwrap();
        if !talk.replies.iter().any(|reply| reply.contains(word)) {
            faults.push(format!("no reply mentions {word}"));
        }
    }
    let kept = serde_json::to_string(&talk.events).unwrap() + &talk.replies.join("\n");
    for secret in case["neverKept"].as_array().into_iter().flatten() {
        if kept.contains(secret.as_str().unwrap()) {
            faults.push(format!("{secret} was kept"));
        }
    }
    (faults, talk)
}

#[test]
#[expect(clippy::print_stdout, reason = "the score is what the test is for")]
fn the_interviewer_holds_its_score() {
    let cases = all("interviews");
    assert_eq!(cases.len(), 60);
    let mut by_kind: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut right = 0;
    for (name, case) in &cases {
        let (faults, talk) = faults(case);
        let score = by_kind.entry(case["kind"].as_str().unwrap().to_owned()).or_default();
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
