//! What a source keeps in the vault: its credentials and its extra config, sealed together.

use std::collections::{BTreeMap, BTreeSet};

use draxis_commands::CommandError;
use draxis_commands::secret::Secret;
use draxis_domain::source::SourceBody;
use draxis_domain::{Rejection, Violation};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::connector::credentials::Credentials;
use crate::connector::generic::ConfigMistake;
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

/// Credentials and extra config as they are sent: what is left out stays as it is.
#[derive(Default)]
pub struct SentSettings {
    /// Secret fields, all of them or none.
    pub credentials: Option<BTreeMap<String, Secret>>,
    /// The other fields, all of them or none.
    pub config: Option<BTreeMap<String, Value>>,
}

impl SentSettings {
    /// Whether nothing was sent.
    pub const fn is_nothing(&self) -> bool {
        self.credentials.is_none() && self.config.is_none()
    }

    /// What was sent in the place of what was kept.
    #[must_use]
    pub fn over(self, kept: SealedSettings) -> SealedSettings {
        SealedSettings {
            credentials: self.credentials.unwrap_or(kept.credentials),
            config: self.config.unwrap_or(kept.config),
        }
    }
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

    /// Whether the credentials would go to another host than so far: with another base URL, another `url` of a generic source, or
    /// another setting of a vendor's, which may be a part of its address.
    #[expect(clippy::fn_params_excessive_bools, reason = "what is known of the body is one question")]
    pub(super) fn goes_elsewhere(&self, same_base: bool, config: Option<&BTreeMap<String, Value>>) -> bool {
        let host = |config: &BTreeMap<String, Value>| {
            let url =
                config.get("url").and_then(Value::as_str).and_then(|url| url::Url::parse(url.trim()).ok());
            url.map(|url| url.origin())
        };
        let same_config = config.is_none_or(|config| match (host(&self.config), host(config)) {
            (Some(before), Some(after)) => before == after,
            (None, None) => self.config == *config,
            (Some(_), None) | (None, Some(_)) => false,
        });
        !(self.credentials.is_empty() || same_base && same_config)
    }

    /// The extra config as the one document that a generic connector reads.
    pub(super) fn document(&self) -> Value {
        Value::Object(self.config.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Refuses fields the connector does not know and the lack of those it needs, each at its place.
    pub(super) fn check(&self, manifest: &Manifest) -> Result<(), Rejection> {
        refuse([self.misfits(manifest, Place::Credentials), self.misfits(manifest, Place::Config)].concat())
    }

    /// The same of the credentials alone, where the config has been read as a manifest of its own.
    pub(super) fn check_credentials(&self, manifest: &Manifest) -> Result<(), Rejection> {
        refuse(self.misfits(manifest, Place::Credentials))
    }

    /// Refuses anything at all.
    pub(super) fn must_be_empty(&self) -> Result<(), Rejection> {
        let nothing = |pointer: &str| Violation {
            pointer: pointer.to_owned(),
            detail: "values come to this source by themselves: leave this out".to_owned(),
        };
        let credentials = (!self.credentials.is_empty()).then(|| nothing("/credentials"));
        let config = (!self.config.is_empty()).then(|| nothing("/config"));
        refuse(credentials.into_iter().chain(config).collect())
    }

    fn misfits(&self, manifest: &Manifest, place: Place) -> Vec<Violation> {
        let given: BTreeSet<&str> = match place {
            Place::Credentials => self.credentials.keys().map(String::as_str).collect(),
            Place::Config => self.config.keys().map(String::as_str).collect(),
        };
        let fields = || manifest.fields.iter().filter(|field| field.secret == (place == Place::Credentials));
        let missing = fields()
            .filter(|field| field.required && field.default.is_none() && !given.contains(field.key.as_str()))
            .map(|field| (field.key.clone(), format!("{} is needed: {}", field.key, field.label)));
        let unknown = given
            .iter()
            .filter(|key| !fields().any(|field| field.key == **key))
            .map(|key| ((*key).to_owned(), place.unknown().to_owned()));
        missing
            .chain(unknown)
            .map(|(key, detail)| Violation { pointer: format!("/{}/{key}", place.name()), detail })
            .collect()
    }
}

/// Where a field stands in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Credentials,
    Config,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Config => "config",
        }
    }

    const fn unknown(self) -> &'static str {
        match self {
            Self::Credentials => "this connector has no such credential",
            Self::Config => "this connector has no such setting",
        }
    }
}

fn refuse(violations: Vec<Violation>) -> Result<(), Rejection> {
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Rejection::Invalid { code: "source.settings_do_not_fit", violations })
    }
}

/// Mistakes in a source's own configuration, at their places in the body.
pub(super) fn refused(mistakes: Vec<ConfigMistake>) -> Rejection {
    let place = |ConfigMistake { pointer, reason }| Violation {
        pointer: format!("/config{pointer}"),
        detail: reason,
    };
    Rejection::Invalid {
        code: "source.settings_do_not_fit",
        violations: mistakes.into_iter().map(place).collect(),
    }
}

/// A source's settings as its connector takes them.
pub(super) struct Opened {
    pub(super) credentials: Credentials,
    pub(super) settings: SourceSettings,
}

impl Opened {
    pub(super) fn of(manifest: &Manifest, body: &SourceBody, sealed: SealedSettings) -> Self {
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
        Self { credentials: Credentials::from(sealed.credentials), settings }
    }
}
