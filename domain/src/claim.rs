//! Claims: names that must be unique within a stream, taken and given back by events.

use serde::Serialize;

/// What an event does to a unique name. The claim belongs to the event's aggregate and is recorded in the same transaction,
/// so uniqueness never hangs on a read model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase", tag = "does", content = "claim")]
pub enum Claim {
    /// The name is taken from now on.
    Take(ClaimedName),
    /// The name is free again.
    Release(ClaimedName),
}

/// A name within its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClaimedName {
    /// What sort of name: `kri_slug`, `tenant_slug`.
    pub kind: &'static str,
    /// The name itself.
    pub value: String,
}

impl Claim {
    /// Takes the name.
    pub fn take(kind: &'static str, value: impl Into<String>) -> Self {
        Self::Take(ClaimedName { kind, value: value.into() })
    }

    /// Gives the name back.
    pub fn release(kind: &'static str, value: impl Into<String>) -> Self {
        Self::Release(ClaimedName { kind, value: value.into() })
    }
}
