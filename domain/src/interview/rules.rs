//! The built-in interviewer: what a person says in ordinary English, made into calls of tools and a reply. Pure, and needs no
//! model. What it does not understand it says, what is missing it asks, and nothing is assumed.

mod answer;
mod ask;
mod change;
mod clause;
pub(in crate::interview) mod clock;
mod desk;
mod kri;
mod language;
mod limit;
mod owner;
mod paste;
mod people;
mod span;
mod step;
mod trigger;
mod word;
mod zone;

use crate::interview::rules::clause::{Clause, clauses};
use crate::interview::rules::desk::Desk;
use crate::interview::{Question, SecretKind, Turn, TurnUnderWay};

/// What the person says, and what stands before it.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The text, without the secrets that were in it.
    pub text: &'a str,
    /// What sorts of secrets were taken out.
    pub removed: &'a [SecretKind],
    /// What was asked last.
    pub asked: Option<&'a Question>,
    /// Whether it is the first thing said.
    pub first: bool,
}

/// The interviewer's turn.
pub fn respond(turn: TurnUnderWay<'_>, said: Said<'_>) -> Turn {
    let mut desk = Desk::new(turn, &said);
    if !said.removed.is_empty() {
        desk.note(SECRET);
    }
    let (own, pasted) = paste::without_pasted(&without_marks(said.text));
    if pasted {
        desk.note(PASTED);
    }
    if let Some(greeting) = language::foreign(&own) {
        desk.note(greeting);
        return desk.finish();
    }
    let all = clauses(&own);
    // What starts it comes first, whatever its place in the sentence: the rest is held against it.
    let (starts, rest): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|clause| trigger::is_start(clause, &desk));
    for clause in &starts {
        trigger::read(clause, &mut desk);
    }
    for (n, clause) in rest.iter().enumerate() {
        let others = rest.len().saturating_sub(n).saturating_sub(1).saturating_add(starts.len());
        read(clause, &mut desk, others);
    }
    desk.finish()
}

/// The text without the marks that stand where secrets were.
fn without_marks(text: &str) -> String {
    SecretKind::ALL.iter().fold(text.to_owned(), |text, kind| text.replace(kind.mark(), ""))
}

const SECRET: &str = "There was something that looks like a secret in what you wrote; I have taken it out and kept nothing of it. \
                      Credentials belong in the relay configuration (PUT /api/relay-config/<channel>), where they are sealed. If it \
                      was real, replace it.";

const PASTED: &str =
    "I take no instructions from pasted text; tell me in your own words what it should change.";

/// One clause: the chapters in their order; the first that knows what to do with it has it.
fn read(clause: &Clause, desk: &mut Desk<'_>, others: usize) {
    let clause = &clause.bare();
    if clause.is_empty() || clause.is_small_talk() {
        return;
    }
    let chapters: [fn(&Clause, &mut Desk<'_>) -> bool; 8] = [
        limit::activation,
        change::read,
        owner::read,
        trigger::adjust,
        step::approval::details,
        step::details,
        step::read,
        limit::impossible,
    ];
    let lone_no = clause.len() == 1 && clause.starts_with(&["no", "nope", "nah"]) && others > 0;
    let answered = !lone_no && answer::read(clause, desk);
    if !answered && !lone_no && !chapters.iter().any(|chapter| chapter(clause, desk)) {
        desk.not_understood(clause);
    }
}
