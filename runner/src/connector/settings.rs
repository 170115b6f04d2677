//! What one source says about its vendor, and what one run of it may spend.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::manifest::Manifest;
use super::slug::Slug;

/// A source's settings without its credentials.
#[derive(Debug, Clone, Default)]
pub struct SourceSettings {
    /// Where the vendor answers, when it is not where the manifest says.
    pub base_url: Option<String>,
    /// The fields that are not secret, by key.
    pub config: BTreeMap<String, String>,
    /// The slugs the tenant has wired to this source; without any set, all of the manifest's.
    pub wanted: Option<BTreeSet<Slug>>,
}

/// What a run may spend; when it is spent, what is not complete stays unmeasured.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Requests sent, retries and token requests included.
    pub requests: u32,
    /// Bytes of answers, after decompression.
    pub bytes: u64,
    /// Time, waiting for rate limits included.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { requests: 6_000, bytes: 256 * 1024 * 1024, time: Duration::from_mins(10) }
    }
}

impl SourceSettings {
    /// Whether the tenant wants this slug written.
    pub fn wants(&self, slug: &Slug) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains(slug))
    }

    /// The settings with the manifest's defaults filled in.
    pub(crate) fn filled(&self, manifest: &Manifest) -> BTreeMap<String, String> {
        let defaults = manifest.fields.iter().filter(|field| !field.secret);
        let mut filled: BTreeMap<String, String> = defaults
            .map(|field| (field.key.clone(), field.default.clone().unwrap_or_default()))
            .filter(|(key, default)| !default.is_empty() || !required(manifest, key))
            .collect();
        let said = self.config.iter().filter(|(_, value)| !value.trim().is_empty());
        filled.extend(said.map(|(key, value)| (key.clone(), value.trim().to_owned())));
        filled
    }
}

fn required(manifest: &Manifest, key: &str) -> bool {
    manifest.fields.iter().any(|field| field.key == key && field.required)
}
