//! The built-in interviewer: what a person says in ordinary English, made into calls of tools and a reply. Pure, and needs no
//! model. What it does not understand it says, what is missing it asks, and nothing is assumed.

mod answer;
pub(in crate::interview) mod ask;
mod change;
mod clause;
pub(in crate::interview) mod clock;
mod desk;
pub(in crate::interview) mod kri;
mod language;
mod limit;
mod owner;
pub(in crate::interview) mod paste;
pub(in crate::interview) mod people;
pub(in crate::interview) mod span;
mod step;
mod trigger;
pub(in crate::interview) mod word;
pub(in crate::interview) mod zone;

use crate::interview::rules::clause::{Clause, clauses};
use crate::interview::rules::desk::Desk;
use crate::interview::{Turn, TurnUnderWay};

/// The interviewer's turn.
pub fn respond(turn: TurnUnderWay<'_>) -> Turn {
    let (own, noted) = (turn.hearing().own().to_owned(), turn.noted());
    let mut desk = Desk::new(turn);
    for note in noted {
        desk.note(note);
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
