//! A panel that models lead: specialists speak where their field is touched, the moderator gives the one answer, code checks it.

use draxis_domain::panel::rules::{called, rank, understand};
use draxis_domain::panel::{AnsweredBy, CalledExpert, Reply, Snapshot};
use serde_json::{Value, json};

use super::desk::{Listener, Told, tell};
use super::draft::Unfinished;
use super::instructions;
use super::toolbox::Reading;
use crate::model::{Book, Budget, Dialogue, DialogueError, Heard, Limits, Model, Tokens, wrapped};

/// How far a specialist may go.
const SPECIALIST_TURNS: u32 = 6;

/// What leads the panel for one question.
pub(super) struct Lead<'a> {
    pub(super) model: &'a dyn Model,
    pub(super) book: &'a Book,
    pub(super) budget: Budget,
    pub(super) listener: Listener,
}

/// What was asked so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) question: &'a str,
    pub(super) earlier: &'a [&'a str],
}

/// What has been spent on a question.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    tokens: Tokens,
    calls: u32,
}

impl Spent {
    const fn add(&mut self, tokens: Tokens, calls: u32) {
        self.tokens.input = self.tokens.input.saturating_add(tokens.input);
        self.tokens.output = self.tokens.output.saturating_add(tokens.output);
        self.calls = self.calls.saturating_add(calls);
    }
}

impl Lead<'_> {
    /// Answers, or says why no model did.
    pub(super) async fn answer(&self, said: Said<'_>, snapshot: &Snapshot) -> Result<Reply, DialogueError> {
        let understood = understand(said.question, said.earlier, snapshot);
        let experts = called(&understood, snapshot, &rank(snapshot));
        let mut spent = Spent::default();
        let mut spoken = Vec::new();
        for expert in &experts {
            spoken.push(self.consult(expert, said, (snapshot, &mut spent)).await?);
        }
        let question = json!({ "question": said.question, "earlier": said.earlier, "specialists": spoken });
        let mut toolbox = Reading::new(snapshot);
        let mut unfinished = Unfinished::new(snapshot.names());
        let dialogue = self.dialogue(instructions::moderator(), self.limits(&spent));
        let (answer, tokens, calls) = dialogue
            .lead(&mut toolbox, wrapped(&question), &mut |heard| self.hear(heard, &mut unfinished))
            .await;
        spent.add(tokens, calls);
        let answer = answer?;
        let mut texts = answer.checked.texts.into_iter();
        let name = self.model.name();
        Ok(Reply {
            experts,
            answer: texts.next().unwrap_or_default(),
            rationale: texts.next().unwrap_or_default(),
            citations: answer.checked.citations,
            struck: answer.checked.struck,
            by: AnsweredBy::Model { provider: name.provider.to_owned(), model: name.model },
            fallback: None,
            worth_keeping: answer.keep,
            usage: self.budget.usage(spent.calls, spent.tokens),
        })
    }

    /// What a specialist says. One who comes to no answer says so; the others go on.
    async fn consult(
        &self,
        expert: &CalledExpert,
        said: Said<'_>,
        (snapshot, spent): (&Snapshot, &mut Spent),
    ) -> Result<Value, DialogueError> {
        let name = expert.name.as_str();
        self.step(&format!("asks the {name} expert"));
        let limits = self.limits(spent);
        let limits = Limits { turns: limits.turns.min(SPECIALIST_TURNS), ..limits };
        let dialogue = self.dialogue(instructions::specialist(expert.name), limits);
        let question =
            json!({ "question": said.question, "earlier": said.earlier, "calledBecause": expert.why });
        let (answer, tokens, calls) =
            dialogue.lead(&mut Reading::new(snapshot), wrapped(&question), &mut |_| {}).await;
        spent.add(tokens, calls);
        let statement = match answer {
            Ok(answer) => {
                let mut texts = answer.checked.texts.into_iter();
                json!({ "says": texts.next(), "because": texts.next(), "citations": answer.checked.citations })
            }
            // Whoever cannot be reached will not be reached by the moderator either.
            Err(error @ (DialogueError::Model(_) | DialogueError::Tokens)) => return Err(error),
            Err(_) => json!({ "says": null }),
        };
        Ok(json!({ "expert": name, "statement": statement }))
    }

    fn dialogue(&self, system: String, limits: Limits) -> Dialogue<'_> {
        Dialogue { model: self.model, book: Some(self.book), limits, system }
    }

    /// What may still be spent on this question.
    fn limits(&self, spent: &Spent) -> Limits {
        self.budget.within(Limits::default(), spent.tokens.input.saturating_add(spent.tokens.output))
    }

    fn hear(&self, heard: Heard<'_>, unfinished: &mut Unfinished<'_>) {
        match heard {
            Heard::Call(tool) => self.step(&format!("looks at {tool}")),
            Heard::Draft { nth, text } => {
                if let Some(text) = unfinished.hear(nth, text) {
                    tell(self.listener.as_ref(), Told::Draft { nth, text });
                }
            }
        }
    }

    fn step(&self, what: &str) {
        tell(self.listener.as_ref(), Told::Step { what: what.to_owned() });
    }
}
