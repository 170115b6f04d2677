//! Rejections: why a command was refused, as a state of the world that the caller can act on.

use serde::Serialize;

/// One thing wrong with the input, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// JSON pointer into the command's body (RFC 6901).
    pub pointer: String,
    /// What would be accepted.
    pub detail: String,
}

/// Why a rule refused a command: somebody's fault, never ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such thing, or none that the caller may know of (hazards A5).
    #[error("there is no such {noun}")]
    NotFound {
        /// What was looked for.
        noun: &'static str,
    },
    /// The world does not allow it now.
    #[error("{detail}")]
    Conflict {
        /// Stable, such as `workflow.archived`.
        code: &'static str,
        /// How the world stands and what can be done.
        detail: String,
    },
    /// The command itself cannot be right.
    #[error("the input breaks {} rule(s)", violations.len())]
    Invalid {
        /// Stable, such as `kri.thresholds_inverted`.
        code: &'static str,
        /// Each broken rule.
        violations: Vec<Violation>,
    },
    /// The caller edits a version that is no longer the current one.
    #[error("the current version is {current}: read it again and repeat the edit on it")]
    Stale {
        /// The current version.
        current: u64,
    },
    /// A name that must be unique is taken.
    #[error("this {kind} is taken")]
    Taken {
        /// What sort of name.
        kind: &'static str,
    },
}

impl Rejection {
    /// A conflict with the state of the world.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// One broken rule.
    pub fn invalid(code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { code, violations: vec![Violation { pointer: pointer.into(), detail: detail.into() }] }
    }
}
