//! Slugs: the short names that machines and people share.

use serde::{Deserialize, Serialize};

/// Why a slug was refused; the sentence says what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Not a tenant slug.
    #[error("must be 3 to 63 of a-z, 0-9 and inner hyphens, such as acme-corp")]
    Tenant,
    /// Not a KRI slug.
    #[error("must be 1 to 100 of a-z, 0-9 and inner underscores or hyphens, such as critical_cves_unpatched")]
    Kri,
}

fn well_formed(text: &str, lengths: std::ops::RangeInclusive<usize>, inner: &[char]) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    lengths.contains(&text.len())
        && text.chars().all(|c| plain(c) || inner.contains(&c))
        && text.starts_with(plain)
        && text.ends_with(plain)
}

/// A tenant's unique short name (product.md section 1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantSlug(String);

/// A KRI's unique short name within its tenant: the contract with the connector (product.md section 3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KriSlug(String);

text_schema!(TenantSlug, "pattern": "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$");
text_schema!(KriSlug, "pattern": "^[a-z0-9]([a-z0-9_-]{0,98}[a-z0-9])?$");

impl TenantSlug {
    /// Checks the form.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        if well_formed(text, 3..=63, &['-']) { Ok(Self(text.to_owned())) } else { Err(SlugError::Tenant) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KriSlug {
    /// Checks the form.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        if well_formed(text, 1..=100, &['-', '_']) { Ok(Self(text.to_owned())) } else { Err(SlugError::Kri) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantSlug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for KriSlug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::parse(&text)
    }
}

impl From<TenantSlug> for String {
    fn from(slug: TenantSlug) -> Self {
        slug.0
    }
}

impl From<KriSlug> for String {
    fn from(slug: KriSlug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::{KriSlug, TenantSlug};

    #[test]
    fn a_tenant_slug_has_inner_hyphens_only() {
        assert!(TenantSlug::parse("acme-corp").is_ok());
        for wrong in ["ab", "-acme", "acme-", "Acme", "acme_corp", "acme corp", &"a".repeat(64)] {
            assert!(TenantSlug::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_kri_slug_may_have_underscores() {
        assert!(KriSlug::parse("critical_cves_unpatched_gt_30d").is_ok());
        for wrong in ["", "_x", "X", "a b", "a.b"] {
            assert!(KriSlug::parse(wrong).is_err(), "{wrong}");
        }
    }
}
