//! The answer: what the question asks for, from the data, with every figure cited.

use crate::panel::rules::expert::{called, leads, speak};
use crate::panel::rules::page::Page;
use crate::panel::rules::question::{Topic, Understood, understand};
use crate::panel::rules::rank::{Ranked, rank};
use crate::panel::rules::section;
use crate::panel::{AnsweredBy, KeptFact, Ledger, Reply, Snapshot, Usage, check};
use crate::{FactKey, FactValue};

/// What the panel says of itself, where it is rules that answer.
const BY_RULES: &str =
    "This answer was made by the built-in rules from your own data; no language model was asked.";

/// Answers a question; `earlier` are the questions before it in the same session, the first one first.
pub fn answer(question: &str, earlier: &[&str], snapshot: &Snapshot) -> Reply {
    let ledger = Ledger::of(snapshot);
    let asked = understand(question, earlier, snapshot);
    let ranked = rank(snapshot);
    let experts = called(&asked, snapshot, &ranked);
    let mut answer = Page::new(&ledger);
    let mut rationale = Page::new(&ledger);
    write_answer(&mut answer, &asked, snapshot, &ranked);
    rationale.say(
        "Risks are ranked by severity, then by how many of their KRIs get worse, how long breaches have been open, which \
         outcomes they threaten, how little of them is measured, and what they would be without controls. Stale and unknown \
         never count as healthy.",
    );
    for expert in &experts {
        let page = if leads(expert.name, &asked) { &mut answer } else { &mut rationale };
        speak(page, expert.name, snapshot);
    }
    if !asked.topics.contains(&Topic::Memory) {
        section::memory(&mut rationale, &asked, snapshot, false);
    }
    answer.line().say(BY_RULES);
    let mut citations = answer.citations;
    citations.append(&mut rationale.citations);
    let citations: Vec<_> = citations.into_iter().collect();
    // What stands in facts and units is people's own text; it is looked at like anybody's.
    let checked = check(&[&answer.text, &rationale.text], &citations, snapshot);
    let mut texts = checked.texts.into_iter();
    Reply {
        experts,
        answer: texts.next().unwrap_or_default(),
        rationale: texts.next().unwrap_or_default(),
        citations: checked.citations,
        struck: checked.struck,
        by: AnsweredBy::Rules,
        fallback: None,
        worth_keeping: worth_keeping(&asked, snapshot, &ranked),
        usage: Usage::default(),
    }
}

fn write_answer(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot, ranked: &[Ranked<'_>]) {
    section::subjects(page, asked, snapshot, ranked);
    // Words such as "red" or "worse" in a question about one thing are about that thing.
    let named = !asked.subjects.is_empty();
    for topic in asked.topics.iter().filter(|topic| !named || matches!(topic, Topic::Top | Topic::Memory)) {
        match topic {
            Topic::Top => section::top(page, asked, snapshot, ranked),
            Topic::Trend => section::trend(page, asked, snapshot),
            Topic::Breaches => section::breaches(page, asked, snapshot),
            Topic::Blind => section::blind(page, asked, snapshot),
            Topic::Runs => section::runs(page, asked, snapshot),
            Topic::Controls => section::controls(page, snapshot),
            Topic::Outcomes => section::outcomes(page, snapshot, ranked),
            Topic::Memory => section::memory(page, asked, snapshot, true),
            // Their specialists speak.
            Topic::Vendors | Topic::Privacy | Topic::Insurance => {}
        }
    }
    if asked.topics.is_empty() && !named {
        section::overview(page);
        section::top(page, asked, snapshot, ranked);
    }
}

/// The quarter's first risks, where they were asked for, so that the next quarter can be held against them.
fn worth_keeping(asked: &Understood, snapshot: &Snapshot, ranked: &[Ranked<'_>]) -> Vec<KeptFact> {
    let asked_for =
        asked.topics.contains(&Topic::Top) || (asked.topics.is_empty() && asked.subjects.is_empty());
    if !asked_for || ranked.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = ranked.iter().take(3).map(|ranked| ranked.risk.name.as_str()).collect();
    let key = FactKey::parse(&format!("top-risks.{}", snapshot.at.format("%Y-%m-%d")));
    let value = FactValue::parse(&format!("Ranked first by the rules: {}.", names.join("; ")));
    key.ok().zip(value.ok()).map(|(key, value)| KeptFact { key, value }).into_iter().collect()
}
