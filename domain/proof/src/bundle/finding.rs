//! What a verification found first, for each of its two verdicts.

use serde::Serialize;

/// Whether something holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing speaks against it, and everything that must speak for it does.
    Holds,
    /// It does not hold; this is the first place that shows it.
    Refused(Finding),
}

/// One place in a bundle that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What is wrong, as a stable code; `FORMAT.md` lists them.
    pub code: &'static str,
    /// Where: an entry of the bundle, with `:line` where it has lines.
    pub place: String,
    /// The stream position concerned, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// The same in words.
    pub detail: String,
}

/// The first finding against each verdict.
#[derive(Debug, Default)]
pub(super) struct Findings {
    integrity: Option<Finding>,
    completeness: Option<Finding>,
}

impl Finding {
    pub(super) fn new(code: &'static str, place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, place: place.into(), position: None, detail: detail.into() }
    }

    pub(super) const fn at(mut self, position: u64) -> Self {
        self.position = Some(position);
        self
    }
}

impl Verdict {
    /// Whether it holds.
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Holds)
    }
}

impl Findings {
    pub(super) fn against_integrity(&mut self, finding: Finding) {
        self.integrity.get_or_insert(finding);
    }

    pub(super) fn against_completeness(&mut self, finding: Finding) {
        self.completeness.get_or_insert(finding);
    }

    pub(super) fn against_both(&mut self, finding: Finding) {
        self.against_integrity(finding.clone());
        self.against_completeness(finding);
    }

    /// Integrity and completeness.
    pub(super) fn verdicts(self) -> (Verdict, Verdict) {
        let verdict = |finding: Option<Finding>| finding.map_or(Verdict::Holds, Verdict::Refused);
        (verdict(self.integrity), verdict(self.completeness))
    }
}
