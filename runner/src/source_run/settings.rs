//! What a source keeps in the vault: its credentials and its extra config, sealed together.

use std::collections::{BTreeMap, BTreeSet};

use draxis_commands::CommandError;
use draxis_commands::secret::Secret;
use draxis_domain::source::SourceBody;
use draxis_domain::{Rejection, Violation};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::connector::credentials::{Credentials, SecretText};
use crate::connector::manifest::Manifest;
use crate::connector::settings::SourceSettings;

/// Credentials and extra config, which counts as sensitive too (product.md section 2). Opened for a run only.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SealedSettings {
    /// Secret fields by the manifest's keys.
    pub credentials: BTreeMap<String, Secret>,
    /// The other fields.
    pub config: BTreeMap<String, Value>,
}

impl SealedSettings {
    /// Whether there is nothing to seal.
    pub fn is_empty(&self) -> bool {
        self.credentials.is_empty() && self.config.is_empty()
    }

    /// The one text that goes into the vault.
    pub fn seal(&self) -> Secret {
        let credentials: BTreeMap<&str, &str> =
            self.credentials.iter().map(|(key, secret)| (key.as_str(), secret.expose())).collect();
        Secret::new(json!({ "credentials": credentials, "config": self.config }).to_string())
    }

    /// Reads what [`Self::seal`] wrote.
    pub fn open(secret: Option<&Secret>) -> Result<Self, CommandError> {
        secret.map_or_else(
            || Ok(Self::default()),
            // The parser's own words would repeat what it read.
            |secret| {
                serde_json::from_str(secret.expose())
                    .map_err(|_| CommandError::Failed("a source's sealed settings do not read back".into()))
            },
        )
    }

    /// Refuses fields the connector does not know and the lack of those it needs, each at its place.
    pub(super) fn check(&self, manifest: &Manifest) -> Result<(), Rejection> {
        let mut violations = Vec::new();
        let mut complain = |pointer: String, detail: String| violations.push(Violation { pointer, detail });
        for field in &manifest.fields {
            let (given, place) = if field.secret {
                (self.credentials.contains_key(&field.key), "credentials")
            } else {
                (self.config.contains_key(&field.key), "config")
            };
            if field.required && !given && field.default.is_none() {
                complain(
                    format!("/{place}/{}", field.key),
                    format!("{} is needed: {}", field.key, field.label),
                );
            }
        }
        let known = |key: &str, secret| {
            manifest.fields.iter().any(|field| field.key == key && field.secret == secret)
        };
        for key in self.credentials.keys().filter(|key| !known(key, true)) {
            complain(format!("/credentials/{key}"), "this connector has no such credential".to_owned());
        }
        for key in self.config.keys().filter(|key| !known(key, false)) {
            complain(format!("/config/{key}"), "this connector has no such setting".to_owned());
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Rejection::Invalid { code: "source.settings_do_not_fit", violations })
        }
    }
}

/// A source's settings as its connector takes them.
pub(super) struct Opened {
    pub(super) credentials: Credentials,
    pub(super) settings: SourceSettings,
}

impl Opened {
    pub(super) fn of(manifest: &Manifest, body: &SourceBody, sealed: SealedSettings) -> Self {
        let credentials =
            sealed.credentials.iter().fold(Credentials::none(), |credentials, (key, secret)| {
                credentials.with(key, SecretText::new(secret.expose().to_owned()))
            });
        let text = |value: Value| match value {
            Value::String(text) => text,
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        };
        let unticked: BTreeSet<&str> = body.unticked.iter().map(draxis_domain::KriSlug::as_str).collect();
        let wanted = manifest.kris.iter().map(|kri| kri.slug.clone());
        let settings = SourceSettings {
            base_url: body.base_url.as_ref().map(|url| url.as_str().to_owned()),
            config: sealed.config.into_iter().map(|(key, value)| (key, text(value))).collect(),
            wanted: Some(wanted.filter(|slug| !unticked.contains(slug.as_str())).collect()),
        };
        Self { credentials, settings }
    }
}
