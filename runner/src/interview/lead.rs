//! A turn that a model leads: it is told what was said and what there is, calls the tools, and says something to the person.

use draxis_domain::interview::{Led, Turn, TurnUnderWay};
use draxis_domain::panel::{AnsweredBy, Usage};
use serde_json::{Value, json};

use super::instructions::INTERVIEWER;
use super::toolbox::Drafting;
use crate::model::{Book, Budget, Dialogue, DialogueError, Limits, Model, wrapped};

/// How often a model is asked in one turn.
const TURNS: u32 = 14;
/// How many tokens one turn may take.
const TOKENS: u64 = 150_000;
/// How much of what was said before a model is told, in characters: the last of it.
const REMEMBERED: usize = 12_000;
/// How many things of a sort a model is told of.
const LISTED: usize = 150;

/// What leads an interview for one turn.
pub(super) struct Lead<'a> {
    pub(super) model: &'a dyn Model,
    pub(super) book: Option<&'a Book>,
    pub(super) budget: Budget,
}

impl Lead<'_> {
    /// Takes the turn, or says why no model did; and what it took. `reply` is what the interviewer said last.
    pub(super) async fn turn(
        &self,
        turn: TurnUnderWay<'_>,
        reply: &str,
    ) -> (Result<Turn, DialogueError>, Usage) {
        let told = told(&turn, reply);
        let mut drafting = Drafting::new(turn);
        let limits =
            Limits { turns: TURNS, strict: true, tokens: TOKENS, reply_tokens: 2_048, ..Limits::default() };
        let limits = self.budget.within(limits, 0);
        let dialogue =
            Dialogue { model: self.model, book: self.book, limits, system: INTERVIEWER.to_owned() };
        let (words, tokens, calls) = dialogue.lead(&mut drafting, wrapped(&told), &mut |_| {}).await;
        let usage = self.budget.usage(calls, tokens);
        let name = self.model.name();
        let by = AnsweredBy::Model { provider: name.provider.to_owned(), model: name.model };
        let led = Led { by, fallback: None, usage: usage.clone() };
        (words.map(|words| drafting.into_turn().conclude(&words, led)), usage)
    }
}

/// What a model is told: what was said, the draft, and the lists that ids come from. What was pasted is not among it.
fn told(turn: &TurnUnderWay<'_>, reply: &str) -> Value {
    let (scene, hearing) = (turn.scene(), turn.hearing());
    let before = hearing.heard();
    let skipped = before.chars().count().saturating_sub(REMEMBERED);
    let kris = turn.kris().into_iter().take(LISTED);
    let kris = kris
        .map(|kri| json!({ "slug": kri.slug, "name": scene.kri_name(kri), "hasOwner": kri.owner.is_some() }));
    let people = scene.tenant.accounts.iter().take(LISTED).map(
        |(account, roles)| json!({ "account": account, "name": scene.people.get(account), "roles": roles }),
    );
    json!({
        "personSays": hearing.own(),
        "personPastedSomethingThatIsSetAside": hearing.has_pasted(),
        "personHasSaidSoFar": before.chars().skip(skipped).collect::<String>(),
        "youSaidLast": reply,
        "youAskedAbout": turn.asked_before(),
        "speaker": scene.speaker,
        "draft": turn.assembled().value,
        "missing": turn.needs(),
        "invalid": turn.problems(),
        "kris": kris.collect::<Vec<_>>(),
        "people": people.collect::<Vec<_>>(),
        "relays": scene.tenant.relays,
        "kriEvents": scene.tenant.kri_events.keys().take(LISTED).collect::<Vec<_>>(),
    })
}
