//! What can be asked of a session.

use chrono::{DateTime, Utc};

use crate::panel::{AnsweredBy, Asker, CalledExpert, Citation, KeptFact, Struck, Usage};
use crate::{PanelSessionId, Position, Question};

/// What can be asked of a session. A question is recorded together with its answer: what was never answered, because the
/// program or the model died over it, is asked again and leaves no half of itself behind.
#[derive(Debug, Clone)]
pub enum PanelSessionCommand {
    /// A question and what the panel answered; the first opens the session.
    Ask {
        /// The session's id.
        id: PanelSessionId,
        /// What was asked.
        question: Question,
        /// The position of the data that was looked at.
        position: Position,
        /// The time it was seen from.
        at: DateTime<Utc>,
        /// The step of a workflow that asks.
        asker: Option<Asker>,
        /// Whether a session is to be begun, or one that there is gone on with.
        first: bool,
        /// What was answered.
        reply: Box<Reply>,
    },
    /// Freezes it.
    End {
        /// What is to be kept.
        kept: Vec<KeptFact>,
    },
}

/// What the panel answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Who was called, and why.
    pub experts: Vec<CalledExpert>,
    /// The answer.
    pub answer: String,
    /// Why it is so.
    pub rationale: String,
    /// Where each figure stands.
    pub citations: Vec<Citation>,
    /// What was struck out.
    pub struck: Vec<Struck>,
    /// Who or what answered.
    pub by: AnsweredBy,
    /// Why the rules answered in a model's place.
    pub fallback: Option<String>,
    /// What the panel holds worth keeping.
    pub worth_keeping: Vec<KeptFact>,
    /// What it took.
    pub usage: Usage,
}
