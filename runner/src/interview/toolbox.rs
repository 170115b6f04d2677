//! What a model that leads an interview may call: tools that change this one draft, each held at once against the validator and
//! against what the person said. None fetches, sends, confirms or activates (hazards H9).

use draxis_domain::interview::{TurnUnderWay, descriptions};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{Tool, Toolbox, wrapped};

/// How long what is said to the person may be, in characters.
const LONGEST: usize = 4_000;

/// The tools over a turn.
pub(super) struct Drafting<'a> {
    turn: TurnUnderWay<'a>,
}

/// What a model answers a turn with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    reply: String,
}

impl<'a> Drafting<'a> {
    pub(super) const fn new(turn: TurnUnderWay<'a>) -> Self {
        Self { turn }
    }

    /// The turn with what came of the calls.
    pub(super) fn into_turn(self) -> TurnUnderWay<'a> {
        self.turn
    }
}

impl Toolbox for Drafting<'_> {
    type Answer = String;

    fn tools(&self) -> Vec<Tool> {
        let tools = descriptions().into_iter();
        tools
            .map(|tool| Tool { name: tool.name, description: tool.description, takes: tool.arguments })
            .collect()
    }

    fn answer_schema(&self) -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["reply"],
            "properties": { "reply": { "type": "string", "description": "What you say to the person." } },
        })
    }

    fn spoken_field(&self) -> &'static str {
        "reply"
    }

    fn call(&mut self, name: &str, with: &Value) -> Result<String, String> {
        self.turn.call(name, with).map_err(|refusal| refusal.to_string())?;
        Ok(wrapped(&json!({
            "draft": self.turn.assembled().value,
            "missing": self.turn.needs(),
            "invalid": self.turn.problems(),
        })))
    }

    fn read(&mut self, answer: &Value) -> Result<String, String> {
        let Answer { reply } = serde_json::from_value(answer.clone()).map_err(|error| error.to_string())?;
        match reply.trim() {
            "" => Err("`reply` is empty".to_owned()),
            text if text.chars().count() > LONGEST => {
                Err(format!("`reply` may have at most {LONGEST} characters"))
            }
            text => Ok(text.to_owned()),
        }
    }
}
