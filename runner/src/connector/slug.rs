//! A KRI's slug: the contract between a connector and the risk model.

use std::fmt;

use draxis_domain::KriSlug;

/// The name a connector writes a value under, such as `mfa_coverage_pct`; whatever a KRI may be called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Slug(KriSlug);

/// A text that cannot be a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 1 to 100 of a-z, 0-9 and inner _ or -, such as critical_cves_unpatched")]
pub struct NotASlug;

impl Slug {
    /// Reads a slug.
    pub fn parse(text: &str) -> Result<Self, NotASlug> {
        KriSlug::parse(text).map(Self).map_err(|_| NotASlug)
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<Slug> for KriSlug {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_kri_may_be_called_can_be_written_to() {
        for text in ["critical_cves_unpatched_gt_30d", "open-ports", "a", "2fa_coverage"] {
            assert_eq!(Slug::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "A_b", "_a", "a b", "é1", &"a".repeat(101)] {
            assert_eq!(Slug::parse(text), Err(NotASlug), "{text}");
        }
    }
}
