//! What happened in a session of the panel.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{FactKey, FactValue, PanelSessionId, Position, Quantity, Question, WorkflowRunId};

events! {
    /// What happened in a session of the panel.
    pub enum PanelSessionEvent {
        /// A first question was put.
        Opened(PanelOpened) = "panel_session.opened" v 1,
        /// Another question was put.
        AskedAgain(AskedAgain) = "panel_session.asked_again" v 1,
        /// Specialists were called.
        ExpertsCalled(ExpertsCalled) = "panel_session.experts_called" v 1,
        /// The panel answered.
        Answered(Answered) = "panel_session.answered" v 1,
        /// The session was frozen.
        Ended(PanelEnded) = "panel_session.ended" v 1,
    }
}

/// A first question was put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PanelOpened {
    /// The session's id.
    pub id: PanelSessionId,
    /// What was asked.
    pub question: Question,
    /// The position of the stream whose data the panel looked at.
    pub position: Position,
    /// The time that ages and trends are seen from.
    pub at: DateTime<Utc>,
    /// The step of a workflow that asks, where it is none of a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asker: Option<Asker>,
}

/// A step of a workflow's run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asker {
    /// The run.
    pub run_id: WorkflowRunId,
    /// The step's id within the definition.
    pub step: String,
}

/// Another question was put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedAgain {
    /// Counts questions from 1; the first is the one the session was opened with.
    pub turn: u32,
    /// What was asked.
    pub text: Question,
    /// The position of the stream whose data the panel looked at.
    pub position: Position,
    /// The time that ages and trends are seen from.
    pub at: DateTime<Utc>,
}

/// Specialists were called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpertsCalled {
    /// For which question.
    pub turn: u32,
    /// Who, and why.
    pub experts: Vec<CalledExpert>,
}

/// A specialist who was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CalledExpert {
    /// Who.
    pub name: Expert,
    /// What of the question or the data touches their field.
    pub why: String,
}

/// The specialists beside the moderating vCISO (product.md section 5).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum Expert {
    /// Personal data and who must hear of its loss.
    Privacy,
    /// Third parties and what hangs on them.
    #[serde(rename = "TPRM")]
    ThirdParty,
    /// What an insurer asks for and would pay.
    #[serde(rename = "Cyber Insurance")]
    CyberInsurance,
}

impl Expert {
    /// All of them, in the order in which they speak.
    pub const ALL: [Self; 3] = [Self::Privacy, Self::ThirdParty, Self::CyberInsurance];

    /// What they are called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Privacy => "Privacy",
            Self::ThirdParty => "TPRM",
            Self::CyberInsurance => "Cyber Insurance",
        }
    }
}

/// The panel answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// Which question.
    pub turn: u32,
    /// The one answer.
    pub answer: String,
    /// Why it is so.
    pub rationale: String,
    /// Where each figure stands.
    pub citations: Vec<Citation>,
    /// Figures that were struck out of the answer, because nothing in the data bears them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub struck: Vec<Struck>,
    /// Who or what answered.
    pub by: AnsweredBy,
    /// Why the rules answered in a model's place, where they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// What the panel holds worth keeping; nothing of it is kept unless somebody agrees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worth_keeping: Vec<KeptFact>,
    /// What it took.
    #[serde(default)]
    pub usage: Usage,
}

/// Who or what answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum AnsweredBy {
    /// The built-in rules: no model was asked.
    Rules,
    /// A model.
    Model {
        /// Which protocol it was asked by, such as `anthropic`.
        provider: String,
        /// Which model.
        model: String,
    },
}

/// What an answer took. Nothing, where rules answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// How often a model was asked.
    pub calls: u32,
    /// Tokens that were sent.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
    /// What that cost, in the currency of the configured prices; none where no price is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Quantity>,
}

/// Where a figure stands in the tenant's data at the position of the answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Citation {
    /// What sort of thing.
    pub kind: CitedKind,
    /// Which one.
    pub id: String,
    /// Which of its fields.
    pub field: String,
    /// What stands there.
    pub value: String,
}

/// What sort of thing a figure can stand in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CitedKind {
    /// A KRI.
    Kri,
    /// A risk.
    Risk,
    /// An outcome.
    Outcome,
    /// A control.
    Control,
    /// A third party.
    Vendor,
    /// A breach.
    Breach,
    /// A fact of the institutional memory.
    Fact,
    /// A document of the institutional memory.
    Document,
    /// The risk model as a whole: how many there are of each.
    Portfolio,
    /// A run of a workflow.
    Run,
}

/// A figure that was struck out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Struck {
    /// The figure as it was written, or what a citation said.
    pub figure: String,
    /// Why.
    pub why: StruckWhy,
}

/// Why a figure was struck out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StruckWhy {
    /// No citation bears it out.
    Uncited,
    /// A citation names a place where something else stands.
    Wrong,
    /// A citation names a place that there is not.
    NoSuchPlace,
}

/// Something worth keeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptFact {
    /// What it is filed under.
    pub key: FactKey,
    /// What it says.
    pub value: FactValue,
}

/// The session was frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelEnded {
    /// What whoever ended it agreed to keep; it goes to the institutional memory.
    pub kept: Vec<KeptFact>,
}
