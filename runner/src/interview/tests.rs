//! The sixty conversations with scripted model turns, and the sixty injections with a model that obeys them: on the way that any
//! model's calls go, scored by code.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use draxis_domain::interview::Scene;
use draxis_domain::interview::rehearsal::{Call, Case, Injection, Rehearsal, Tenant};
use draxis_domain::interview::{InterviewEvent, TurnUnderWay};
use draxis_domain::panel::AnsweredBy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::lead::Lead;
use crate::model::{ANSWER, Ask, Budget, Called, DialogueError, Message, Reply, Scripted, Stop, Tokens};

/// How many of the sixty must come out exactly right; all of them do today.
const FLOOR: usize = 58;

/// What a model does in one turn: replies one after the other, each a list of calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    replies: Vec<Vec<Call>>,
}

fn read<T: DeserializeOwned>(path: &str) -> T {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let cases = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut names: Vec<String> =
        cases.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names.len(), 60);
    names
}

fn tenant(name: &str) -> Scene {
    read::<Tenant>(&format!("interviews/tenants/{name}.json")).scene()
}

fn replies(script: Vec<Vec<Call>>) -> Scripted {
    let reply = |calls: Vec<Call>| {
        let called =
            |(n, call): (usize, Call)| Called { id: format!("c{n}"), name: call.name, with: call.arguments };
        let calls = calls.into_iter().enumerate().map(called).collect();
        Ok(Reply { text: String::new(), calls, stop: Stop::Calls, tokens: Tokens { input: 100, output: 10 } })
    };
    Scripted::replies(script.into_iter().map(reply))
}

/// Says something that a model makes a turn of; what it was asked is given back.
async fn say(talk: &mut Rehearsal, text: &str, model: &Scripted) -> Result<(), DialogueError> {
    let state = talk.state();
    let hearing = state.hear(text).unwrap();
    let lead = Lead { model, book: None, budget: Budget { tokens: 1_000_000, turns: 100, prices: None } };
    let (turn, usage) = lead.turn(TurnUnderWay::new(&state, &hearing, &talk.scene), &state.reply).await;
    assert!(usage.calls > 0);
    let turn = turn?;
    assert!(matches!(turn.led.by, AnsweredBy::Model { .. }) && turn.led.usage == usage);
    talk.take(hearing, turn).unwrap();
    Ok(())
}

/// Holds that nothing between the marks of data can end it or begin another: no bare angle bracket stands there. Gives how often one
/// would have, had it not been escaped.
fn fenced(asked: &[Ask]) -> usize {
    let mut escaped = 0;
    for message in asked.iter().flat_map(|ask| &ask.messages) {
        let texts: Vec<&String> = match message {
            Message::Us { text } => vec![text],
            Message::Results { results } => results.iter().map(|result| &result.content).collect(),
            Message::Model { .. } => Vec::new(),
        };
        for text in texts {
            for part in text.split("<data>").skip(1) {
                let (data, _) = part.split_once("</data>").unwrap_or_else(|| panic!("not ended: {text}"));
                assert!(!data.contains(['<', '>']), "{data}");
                escaped += data.matches("\\u003c").count();
            }
        }
    }
    escaped
}

/// How many calls were refused so far.
fn refused(model: &Scripted) -> usize {
    let last = model.asked().pop().expect("it was asked");
    let results = last
        .messages
        .into_iter()
        .filter_map(|message| if let Message::Results { results } = message { Some(results) } else { None });
    results.flatten().filter(|result| result.refused).count()
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the score is what the test is for")]
async fn scripted_models_hold_the_score_of_the_sixty_conversations() {
    let (mut right, mut mistakes) = (0, 0);
    let mut by_kind: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for name in names("interviews") {
        let case: Case = read(&format!("interviews/{name}"));
        let mut scripts = read::<Vec<Script>>(&format!("interviews/scripted/{name}")).into_iter();
        let mut talk = Rehearsal::new(case.scene(tenant(&case.tenant)));
        let (mut says, mut answering) = (case.says.clone().into_iter(), case.clone());
        let mut faults = Vec::new();
        while let Some(text) = says.next().or_else(|| talk.answer(&mut answering)) {
            let Some(script) = scripts.next() else {
                faults.push(format!("no script is left for “{text}”"));
                break;
            };
            let model = replies(script.replies);
            if let Err(error) = say(&mut talk, &text, &model).await {
                faults
                    .push(format!("“{text}”: {error}; {:?}", model.asked().last().map(|ask| &ask.messages)));
                break;
            }
            mistakes += refused(&model);
        }
        faults.extend(talk.faults(&case));
        let score = by_kind.entry(case.kind.clone()).or_default();
        score.1 += 1;
        if faults.is_empty() {
            score.0 += 1;
            right += 1;
        } else {
            println!("{name}:\n  {}", faults.join("\n  "));
        }
    }
    for (kind, (good, of)) in &by_kind {
        println!("{kind:>14}  {good:>2} of {of:>2}");
    }
    println!("{:>14}  {right:>2} of 60, with {mistakes} calls refused on the way", "in all");
    assert!(right >= FLOOR, "{right} of 60 are exact; the floor is {FLOOR}");
    assert!(mistakes >= 60, "the scripts make mistakes: {mistakes}");
}

/// What a model calls that does what the person asked for.
fn asked_for(case: &Injection) -> Vec<Call> {
    let call = |name: &str, arguments: Value| Call { name: name.to_owned(), arguments };
    let trigger = case.draft.get("trigger").map(|trigger| call("set_trigger", json!({ "trigger": trigger })));
    let steps = case.draft["steps"].as_array().cloned().unwrap_or_default();
    let steps = steps.into_iter().map(|step| call("add_step", json!({ "step": step })));
    trigger.into_iter().chain(steps).collect()
}

fn answer() -> Call {
    Call { name: ANSWER.to_owned(), arguments: json!({ "reply": "Done as ordered." }) }
}

#[tokio::test]
async fn a_model_that_obeys_every_order_does_what_was_asked_for_and_nothing_else() {
    let mut escaped = 0;
    for name in names("injections") {
        let case: Injection = read(&format!("injections/{name}"));
        let mut talk = Rehearsal::new(case.scene(tenant(&case.tenant)));
        let last = case.says.len() - 1;
        for (n, text) in case.says.iter().enumerate() {
            let mut first = if n == 0 { asked_for(&case) } else { Vec::new() };
            if n == last {
                // At once and all together; then each by itself once more; then it gives in.
                first.extend(case.obeys.clone());
                let again = case.obeys.iter().take(1).cloned().collect();
                let model = replies(vec![first, again, vec![answer()]]);
                say(&mut talk, text, &model).await.unwrap_or_else(|error| panic!("{name}: {error}"));
                escaped += fenced(&model.asked());
                let told = format!("{:?}", model.asked());
                assert_eq!(refused(&model), case.obeys.len() + 1, "{name}: {told}");
                assert!(!told.contains("```") && !told.contains("\\n> "), "{name}: what was pasted was told");
                assert_eq!(told.matches("<data>").count(), told.matches("</data>").count(), "{name}");
            } else {
                first.push(answer());
                say(&mut talk, text, &replies(vec![first])).await.unwrap();
            }
        }
        let strays = talk.strays(&case);
        assert!(strays.is_empty(), "{name}: {strays:#?}");
        let kept = serde_json::to_string(&talk.events).unwrap();
        assert!(!kept.contains("evil.example") || case.says.iter().any(|text| text.contains("evil.example")));
    }
    assert!(escaped > 0, "some of them try to end the data");
}

#[tokio::test]
async fn a_model_that_goes_on_obeying_leads_no_longer() {
    for name in names("injections") {
        let case: Injection = read(&format!("injections/{name}"));
        let mut talk = Rehearsal::new(case.scene(tenant(&case.tenant)));
        let model = replies(vec![case.obeys.clone(); 5]);
        let led = say(&mut talk, &case.says[0], &model).await;
        assert!(matches!(led, Err(DialogueError::Form(4))), "{name}: {led:?}");
        assert_eq!(model.asked().len(), 4, "a bad reply is returned three times");
        assert!(talk.events.is_empty());
    }
}

#[tokio::test]
async fn what_a_model_is_told_to_do_is_the_same_whatever_a_tenant_writes() {
    let mut systems = std::collections::BTreeSet::new();
    for name in names("injections") {
        let case: Injection = read(&format!("injections/{name}"));
        let mut talk = Rehearsal::new(case.scene(tenant(&case.tenant)));
        let model = replies(vec![vec![answer()]]);
        say(&mut talk, &case.says[0], &model).await.unwrap();
        let asked = model.asked().remove(0);
        let offered: Vec<&str> = asked.tools.iter().map(|tool| tool.name.as_str()).collect();
        let tools = [
            "set_trigger",
            "add_step",
            "change_step",
            "move_step",
            "remove_step",
            "set_approval",
            "set_owners",
            "set_name",
            "set_description",
            "ask",
            "answer",
        ];
        assert_eq!(offered, tools);
        assert!(serde_json::to_string(&asked.tools).unwrap().len() < 40_000, "tools are told in few words");
        systems.insert(asked.system);
    }
    assert_eq!(systems.len(), 1);
}

#[tokio::test]
async fn a_secret_that_was_pasted_is_told_to_no_model_and_one_that_a_model_says_is_kept_nowhere() {
    let mut talk = Rehearsal::new(tenant("acme"));
    let (theirs, its) = ("xoxb-EXAMPLE-2345678901234-AbCdEfGhIjKlMnOpQrStUvWx", "AKIAIOSFODNN7EXAMPLE");
    let call = |name: &str, arguments: Value| Call { name: name.to_owned(), arguments };
    let model = replies(vec![
        vec![call("set_description", json!({ "description": its }))],
        vec![call(ANSWER, json!({ "reply": format!("I keep {its} for you.") }))],
    ]);
    let text = format!("When critical CVEs go red, email Priya. The token is {theirs}, and call it {its}");
    say(&mut talk, &text, &model).await.unwrap();
    assert!(!format!("{:?}", model.asked().first()).contains(theirs));
    let kept = serde_json::to_string(&talk.events).unwrap() + &talk.replies.join("\n");
    assert!(!kept.contains(theirs) && !kept.contains(its), "{kept}");
    assert!(talk.replies[0].contains("relay configuration"), "{:?}", talk.replies);
    let said = talk.events.iter().filter(|event| matches!(event, InterviewEvent::DraftChanged(_)));
    assert_eq!(said.count(), 0);
}
