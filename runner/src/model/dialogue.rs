//! A dialogue with a model: it calls what it may, until it answers in the form that is asked for, within budgets.

use std::time::Duration;

use serde_json::{Value, json};

use super::speech::Speech;
use super::{
    Ask, Book, Called, Exchange, Message, Model, ModelError, Piece, Reply, Stop, Tokens, Tool, ToolResult,
};

/// The tool by which a model answers: what it takes is the schema of the answer.
pub const ANSWER: &str = "answer";

/// What a model may do, and what is made of its answer.
pub trait Toolbox: Send {
    /// What is understood of an answer that fits.
    type Answer: Send;

    /// What it may call besides answering.
    fn tools(&self) -> Vec<Tool>;

    /// The JSON Schema of the answer.
    fn answer_schema(&self) -> Value;

    /// The field of the answer that is a text for people.
    fn spoken_field(&self) -> &'static str;

    /// Carries out a call, or says why not. Only what [`Self::tools`] names is ever asked for.
    fn call(&mut self, name: &str, with: &Value) -> Result<String, String>;

    /// Reads an answer, or says what is wrong with it in words that the model can act on.
    fn read(&mut self, answer: &Value) -> Result<Self::Answer, String>;
}

/// What is heard of a dialogue while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The model calls something.
    Call(&'a str),
    /// The model writes its answer. Nothing of it has been looked at; an answer that is returned to it is followed by another.
    Draft {
        /// Which of its answers, from 1.
        nth: u32,
        /// What it has written of it since the last piece.
        text: &'a str,
    },
}

/// How far a dialogue may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How often the model is asked.
    pub turns: u32,
    /// How often an answer that does not fit is returned to it.
    pub corrections: u32,
    /// Whether a call that is refused counts as one.
    pub strict: bool,
    /// How often it is asked again where it was busy or broke off.
    pub again: u32,
    /// The longest that is waited for it to be less busy.
    pub patience: Duration,
    /// How many tokens may be spent.
    pub tokens: u64,
    /// How many tokens one reply may have.
    pub reply_tokens: u32,
    /// How long a tool's result may be, in characters.
    pub result: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turns: 14,
            // "A bad one is returned to the model with the error at most three times."
            corrections: 3,
            strict: false,
            again: 3,
            patience: Duration::from_secs(20),
            tokens: 200_000,
            reply_tokens: 4_096,
            result: 80_000,
        }
    }
}

/// Why a dialogue came to no answer.
#[derive(Debug, thiserror::Error)]
pub enum DialogueError {
    /// The model could not be asked.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// It never answered in the form that was asked for.
    #[error("the model did not answer in the form that was asked for, {0} times over")]
    Form(u32),
    /// It will not answer.
    #[error("the model declined to answer")]
    Declined,
    /// It went on for too long.
    #[error("the model would have to be asked more often than it may")]
    Turns,
    /// The tokens that may be spent are spent.
    #[error("the tokens that may be spent are spent")]
    Tokens,
}

/// A dialogue.
pub struct Dialogue<'a> {
    /// With whom.
    pub model: &'a dyn Model,
    /// Where it is written down.
    pub book: Option<&'a Book>,
    /// How far it may go.
    pub limits: Limits,
    /// What the model is to do. Ours alone.
    pub system: String,
}

/// Where a dialogue stands.
struct Standing {
    ask: Ask,
    tokens: Tokens,
    calls: u32,
    corrections: u32,
    /// How many messages have been written down.
    noted: usize,
    /// How many answers the model has begun.
    drafts: u32,
}

impl Dialogue<'_> {
    /// Leads it: what came of it, what it took, how often the model was asked. `hear` is told what goes on.
    pub async fn lead<T: Toolbox>(
        &self,
        toolbox: &mut T,
        question: String,
        hear: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> (Result<T::Answer, DialogueError>, Tokens, u32) {
        let mut tools = toolbox.tools();
        tools.push(Tool {
            name: ANSWER.to_owned(),
            description: "Give the one answer. Call this alone, once you have what you need.".to_owned(),
            takes: toolbox.answer_schema(),
        });
        let ask = Ask {
            system: self.system.clone(),
            messages: vec![Message::Us { text: question }],
            tools,
            most_tokens: self.limits.reply_tokens,
        };
        let mut standing =
            Standing { ask, tokens: Tokens::default(), calls: 0, corrections: 0, noted: 0, drafts: 0 };
        let answer = self.go_on(&mut standing, toolbox, hear).await;
        (answer, standing.tokens, standing.calls)
    }

    async fn go_on<T: Toolbox>(
        &self,
        standing: &mut Standing,
        toolbox: &mut T,
        hear: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<T::Answer, DialogueError> {
        for _ in 0..self.limits.turns {
            let spent = standing.tokens.input.saturating_add(standing.tokens.output);
            if spent >= self.limits.tokens {
                return Err(DialogueError::Tokens);
            }
            let reply = self.ask(standing, toolbox.spoken_field(), hear).await?;
            let said = Message::Model { text: reply.text.clone(), calls: reply.calls.clone() };
            standing.ask.messages.push(said);
            if reply.stop == Stop::Refused {
                return Err(DialogueError::Declined);
            }
            if reply.calls.is_empty() {
                // Some know no tools: what they say may be the answer itself.
                match embedded(&reply.text).map(|answer| toolbox.read(&answer)) {
                    Some(Ok(answer)) => return Ok(answer),
                    Some(Err(wrong)) => self.correct(standing, &wrong)?,
                    None => self.correct(standing, "call the tool `answer` with your answer")?,
                }
                continue;
            }
            if let Some(answer) = self.carry_out(standing, toolbox, (&reply, &mut *hear))? {
                return Ok(answer);
            }
        }
        Err(DialogueError::Turns)
    }

    /// Carries out what a reply calls; an answer that fits ends the dialogue.
    fn carry_out<T: Toolbox>(
        &self,
        standing: &mut Standing,
        toolbox: &mut T,
        (reply, hear): (&Reply, &mut (dyn FnMut(Heard<'_>) + Send)),
    ) -> Result<Option<T::Answer>, DialogueError> {
        let mut results: Vec<ToolResult> = Vec::new();
        let mut wrong = false;
        for Called { id, name, with } in &reply.calls {
            let outcome = if with.is_null() {
                Err("the arguments are not JSON".to_owned())
            } else if name == ANSWER && results.iter().any(|result| result.refused) {
                Err("something that you called was refused; look at that first, then answer again".to_owned())
            } else if name == ANSWER {
                match toolbox.read(with) {
                    Ok(answer) => return Ok(Some(answer)),
                    Err(why) => Err(why),
                }
            } else if standing.ask.tools.iter().any(|tool| tool.name == *name) {
                hear(Heard::Call(name));
                toolbox.call(name, with)
            } else {
                Err("there is no such tool; it was not carried out".to_owned())
            };
            let refused = outcome.is_err();
            wrong |= refused && (self.limits.strict || name == ANSWER);
            let content = outcome.unwrap_or_else(|why| why).chars().take(self.limits.result).collect();
            results.push(ToolResult { id: id.clone(), content, refused });
        }
        standing.ask.messages.push(Message::Results { results });
        if wrong {
            self.count_correction(standing)?;
        }
        Ok(None)
    }

    fn correct(&self, standing: &mut Standing, wrong: &str) -> Result<(), DialogueError> {
        self.count_correction(standing)?;
        standing.ask.messages.push(Message::Us { text: format!("That does not fit: {wrong}") });
        Ok(())
    }

    fn count_correction(&self, standing: &mut Standing) -> Result<(), DialogueError> {
        if standing.corrections >= self.limits.corrections {
            return Err(DialogueError::Form(standing.corrections.saturating_add(1)));
        }
        standing.corrections = standing.corrections.saturating_add(1);
        Ok(())
    }

    /// Asks, and asks again where that may help.
    async fn ask(
        &self,
        standing: &mut Standing,
        spoken: &'static str,
        hear: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<Reply, DialogueError> {
        let mut again = 0;
        loop {
            let mut speaking: Option<(u64, Speech)> = None;
            let drafts = &mut standing.drafts;
            let mut listen = |piece: Piece<'_>| {
                let Piece::Call { nth, name: ANSWER, with } = piece else { return };
                if speaking.as_ref().is_none_or(|(of, _)| *of != nth) {
                    *drafts = drafts.saturating_add(1);
                    speaking = Some((nth, Speech::of(spoken)));
                }
                let text = speaking.as_mut().map(|(_, speech)| speech.take(with)).unwrap_or_default();
                if !text.is_empty() {
                    hear(Heard::Draft { nth: *drafts, text: &text });
                }
            };
            let asked = self.model.ask(&standing.ask, &mut listen).await;
            standing.calls = standing.calls.saturating_add(1);
            self.note(standing, &asked).await;
            match asked {
                Ok(reply) => {
                    standing.tokens.input = standing.tokens.input.saturating_add(reply.tokens.input);
                    standing.tokens.output = standing.tokens.output.saturating_add(reply.tokens.output);
                    return Ok(reply);
                }
                Err(error) => {
                    let wait = error
                        .again()
                        .filter(|wait| again < self.limits.again && *wait <= self.limits.patience);
                    let Some(wait) = wait else { return Err(error.into()) };
                    again = again.saturating_add(1);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Writes down what was said since the last time, and what was answered.
    async fn note(&self, standing: &mut Standing, asked: &Result<Reply, ModelError>) {
        let Some(book) = self.book else { return };
        let since = standing.ask.messages.get(standing.noted..).unwrap_or_default();
        let system = (standing.noted == 0).then_some(standing.ask.system.as_str());
        let tools: Vec<&str> = standing.ask.tools.iter().map(|tool| tool.name.as_str()).collect();
        let exchange = Exchange {
            model: self.model.name(),
            asked: json!({ "system": system, "messages": since, "tools": tools }),
            answered: match asked {
                Ok(reply) => json!(reply),
                Err(error) => json!({ "error": error.to_string() }),
            },
            tokens: asked.as_ref().map(|reply| reply.tokens).unwrap_or_default(),
        };
        standing.noted = standing.ask.messages.len();
        if let Err(error) = book.write(exchange).await {
            tracing::error!(error = %error, "an exchange with a model was not written down");
        }
    }
}

/// Data in the form in which it is shown to a model: nothing in it can end what it is wrapped in.
pub fn wrapped(data: &Value) -> String {
    let text = data.to_string().replace('<', "\\u003c").replace('>', "\\u003e");
    format!("<data>{text}</data>")
}

/// JSON that a text is, or holds between fences.
fn embedded(text: &str) -> Option<Value> {
    let text = text.trim();
    let inner = match (text.find('{'), text.rfind('}')) {
        (Some(begin), Some(end)) if begin < end => text.get(begin..=end)?,
        _ => return None,
    };
    serde_json::from_str(inner).ok()
}
