//! Reading a question: what it is about, and which things of the tenant it names.

use std::collections::BTreeSet;

use crate::panel::Snapshot;
use crate::panel::figure::{Says, figures};
use crate::{ControlId, KriId, OutcomeId, RiskId, VendorId, WorkflowId};

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// What comes first.
    Top,
    /// Which way things go.
    Trend,
    /// What is in breach.
    Breaches,
    /// What nobody knows.
    Blind,
    /// What workflows have done and wait for.
    Runs,
    /// What holds risks down.
    Controls,
    /// What the business wants.
    Outcomes,
    /// Third parties.
    Vendors,
    /// Personal data.
    Privacy,
    /// Insurance.
    Insurance,
    /// What is remembered.
    Memory,
}

/// A thing that a question names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A KRI.
    Kri(KriId),
    /// A risk.
    Risk(RiskId),
    /// An outcome.
    Outcome(OutcomeId),
    /// A control.
    Control(ControlId),
    /// A third party.
    Vendor(VendorId),
    /// A workflow that has run.
    Workflow(WorkflowId),
}

/// A question as the rules understand it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Understood {
    /// What it is about.
    pub topics: BTreeSet<Topic>,
    /// What it names.
    pub subjects: Vec<Subject>,
    /// How many of something it asks for.
    pub how_many: Option<usize>,
    /// Its words, bare.
    pub words: BTreeSet<String>,
}

/// How many things of one question are spoken of.
const SUBJECTS: usize = 5;

/// What words say which topic; a word stands for all that begin with it where a star follows.
const TOPICS: &[(Topic, &[&str])] = &[
    (
        Topic::Top,
        &[
            "top",
            "priorit*",
            "quarter",
            "board",
            "biggest",
            "worst",
            "rank*",
            "important",
            "urgent",
            "focus",
            "first",
            "greatest",
            "main",
        ],
    ),
    (
        Topic::Trend,
        &[
            "trend*",
            "worse",
            "worsen*",
            "better",
            "improv*",
            "chang*",
            "rising",
            "falling",
            "declin*",
            "deteriorat*",
            "grow*",
            "increas*",
            "decreas*",
        ],
    ),
    (Topic::Breaches, &["breach*", "red", "amber", "alert*", "threshold*", "violat*"]),
    (Topic::Blind, &["stale", "unknown", "unmeasured", "blind", "missing", "gap", "coverage", "measured"]),
    (
        Topic::Runs,
        &["run", "running", "workflow", "automat*", "ticket", "approval", "approve", "approved", "approver"],
    ),
    (Topic::Controls, &["control", "ineffective", "mitigat*", "safeguard*"]),
    (Topic::Outcomes, &["outcome", "business", "objective", "goal"]),
    (Topic::Vendors, &["vendor", "supplier", "tprm", "outsourc*", "subprocessor", "contractor", "third"]),
    (Topic::Privacy, &["privacy", "gdpr", "personal", "pii", "consent", "ccpa", "hipaa", "dpo"]),
    (Topic::Insurance, &["insur*", "premium", "underwrit*", "deductible", "claim", "uninsur*"]),
    (Topic::Memory, &["remember*", "memory", "recall", "decided", "document", "polic*", "fact"]),
];

/// Words that say nothing of what is meant.
const IDLE: &[&str] = &[
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from",
    "had", "has", "have", "how", "i", "in", "is", "it", "its", "kri", "me", "my", "of", "on", "or", "our",
    "outcome", "risk", "should", "so", "tell", "that", "the", "their", "there", "this", "to", "us", "was",
    "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "you", "your", "control",
    "vendor", "show", "give", "explain",
];

/// Understands a question. What it does not name itself, as in "and why?", is what the questions before it named.
pub fn understand(question: &str, earlier: &[&str], snapshot: &Snapshot) -> Understood {
    let spoken = bare(question);
    let words: BTreeSet<String> = spoken.iter().cloned().collect();
    let topics: BTreeSet<Topic> = TOPICS
        .iter()
        .filter(|(_, keywords)| keywords.iter().any(|keyword| spoken.iter().any(|word| says(keyword, word))))
        .map(|(topic, _)| *topic)
        .collect();
    let mut subjects = named(&spoken, snapshot);
    if subjects.is_empty() && topics.is_empty() {
        subjects = earlier
            .iter()
            .rev()
            .map(|text| named(&bare(text), snapshot))
            .find(|found| !found.is_empty())
            .unwrap_or_default();
    }
    subjects.truncate(SUBJECTS);
    let how_many = figures(question, &snapshot.names()).into_iter().find_map(|figure| match figure.says {
        Says::Number(number) => usize::try_from(number).ok().filter(|many| (1..=10).contains(many)),
        Says::Date(_) => None,
    });
    Understood { topics, subjects, how_many, words }
}

pub(super) fn says(keyword: &str, word: &str) -> bool {
    keyword.strip_suffix('*').map_or_else(|| keyword == word, |stem| word.starts_with(stem))
}

/// A text's words in lower case and without a plural's ending.
pub(super) fn bare(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let singular =
                word.strip_suffix('s').filter(|rest| rest.len() > 2 && !rest.ends_with(['s', 'u', 'i']));
            singular.unwrap_or(word).to_owned()
        })
        .collect()
}

pub(super) fn telling(word: &str) -> bool {
    !IDLE.contains(&word)
}

/// How surely a name is meant: spoken as it stands, or most of its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sure {
    Hardly,
    Quite,
}

/// What the words name. Where something is named as it stands, what is only hinted at is left out.
fn named(spoken: &[String], snapshot: &Snapshot) -> Vec<Subject> {
    let mut found: Vec<(Sure, Subject)> = Vec::new();
    let mut look = |subject: Subject, names: &[&str]| {
        if let Some(sure) = names.iter().filter_map(|name| meant(spoken, name)).max() {
            found.push((sure, subject));
        }
    };
    for kri in &snapshot.kris {
        look(Subject::Kri(kri.id), &[kri.name.as_str(), kri.slug.as_str()]);
    }
    for risk in &snapshot.risks {
        look(Subject::Risk(risk.id), &[risk.name.as_str()]);
    }
    for outcome in &snapshot.outcomes {
        look(Subject::Outcome(outcome.id), &[outcome.name.as_str()]);
    }
    for vendor in &snapshot.vendors {
        look(Subject::Vendor(vendor.id), &[vendor.name.as_str()]);
    }
    for control in &snapshot.controls {
        look(Subject::Control(control.id), &[control.name.as_str()]);
    }
    for run in &snapshot.runs {
        look(Subject::Workflow(run.workflow_id), &[run.workflow.as_str()]);
    }
    let surest = found.iter().map(|(sure, _)| *sure).max();
    found.retain(|(sure, _)| Some(*sure) == surest);
    let mut subjects: Vec<Subject> = found.into_iter().map(|(_, subject)| subject).collect();
    // A workflow is named by each of its runs.
    subjects.dedup();
    subjects
}

fn meant(spoken: &[String], name: &str) -> Option<Sure> {
    let name = bare(name);
    let long = name.iter().map(String::len).sum::<usize>() >= 3;
    if long && !name.is_empty() && spoken.windows(name.len()).any(|part| part == name.as_slice()) {
        // A name of idle words alone, such as "Risk", is a word like any other.
        return name.iter().any(|word| telling(word)).then_some(Sure::Quite);
    }
    let telling: Vec<&String> = name.iter().filter(|word| telling(word)).collect();
    let heard = telling.iter().filter(|word| spoken.contains(word)).count();
    (heard >= 2 && heard.saturating_mul(3) >= telling.len().saturating_mul(2)).then_some(Sure::Hardly)
}
