//! A source's secrets on their way to the wire, by the manifest's names for them (hazard H8).

use std::collections::BTreeMap;

use draxis_commands::secret::Secret;

/// A source's secrets by the key of the manifest's field.
#[derive(Default)]
pub struct Credentials(BTreeMap<String, Secret>);

impl Credentials {
    /// No secrets.
    pub fn none() -> Self {
        Self::default()
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, field: &str, secret: Secret) -> Self {
        self.0.insert(field.to_owned(), secret);
        self
    }

    /// The secret of a field.
    pub fn get(&self, field: &str) -> Option<&Secret> {
        self.0.get(field)
    }
}

impl From<BTreeMap<String, Secret>> for Credentials {
    fn from(secrets: BTreeMap<String, Secret>) -> Self {
        Self(secrets)
    }
}
