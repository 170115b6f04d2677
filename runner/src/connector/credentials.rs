//! Secrets on their way to the wire: nothing here can be printed, compared, copied or serialised (hazard H8).

use std::collections::BTreeMap;

use zeroize::Zeroizing;

/// A secret text, wiped when dropped.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes a secret in.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself; to be called where the request is written, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

/// A source's secrets by the key of the manifest's field.
#[derive(Default)]
pub struct Credentials(BTreeMap<String, SecretText>);

impl Credentials {
    /// No secrets.
    pub fn none() -> Self {
        Self::default()
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, field: &str, secret: SecretText) -> Self {
        self.0.insert(field.to_owned(), secret);
        self
    }

    /// The secret of a field.
    pub fn get(&self, field: &str) -> Option<&SecretText> {
        self.0.get(field)
    }
}
