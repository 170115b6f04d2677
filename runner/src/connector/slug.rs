//! A KRI's slug: the contract between a connector and the risk model.

use std::fmt;

/// The name a connector writes a value under, such as `mfa_coverage_pct`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// A text that cannot be a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 2 to 64 of a-z, 0-9 and _, starting with a letter")]
pub struct NotASlug;

impl Slug {
    /// Reads a slug: 2 to 64 of `a-z`, `0-9` and `_`, starting with a letter.
    pub fn parse(text: &str) -> Result<Self, NotASlug> {
        let fits = (2..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotASlug) }
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_lower_case_words_joined_by_underscores() {
        assert_eq!(
            Slug::parse("critical_cves_unpatched_gt_30d").unwrap().as_str(),
            "critical_cves_unpatched_gt_30d"
        );
        for text in ["", "a", "A_b", "1a", "_a", "a-b", "a b", "é1", &"a".repeat(65)] {
            assert_eq!(Slug::parse(text), Err(NotASlug), "{text}");
        }
    }
}
