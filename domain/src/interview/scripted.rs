//! The scripted interviewer: a list of tool calls as a model would make them, on the same path of validation.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::interview::{Question, Topic, Turn, TurnUnderWay};

/// What a script does in one turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScriptedTurn {
    /// The calls, in order.
    pub calls: Vec<ScriptedCall>,
    /// What is said at the end.
    pub reply: String,
}

/// One call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScriptedCall {
    /// The tool's name.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
}

/// Plays a turn of a script. Answers with the turn and the refusals that went back.
pub fn play(mut turn: TurnUnderWay<'_>, script: &ScriptedTurn) -> (Turn, Vec<String>) {
    let mut refused = Vec::new();
    for call in &script.calls {
        if turn.is_over() {
            break;
        }
        if let Err(refusal) = turn.call(&call.name, &call.arguments) {
            refused.push(refusal.to_string());
        }
    }
    // Nobody who answers next is left without a question, whatever the script forgot.
    if let Some(need) = turn.needs().into_iter().next().filter(|need| need.topic != Topic::Trigger) {
        let question = Question::about(need.topic, need.step);
        drop(turn.apply(crate::interview::DraftTool::Ask { question }));
    }
    (turn.finish(script.reply.clone()), refused)
}
