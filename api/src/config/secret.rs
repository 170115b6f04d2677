//! A secret text on its way from the configuration to the one who needs it.

use std::path::Path;

use super::ConfigError;

/// A text that must not be seen: no `Debug`, `Display`, `Clone` or `Serialize` (hazard H8).
pub struct SecretText(String);

impl SecretText {
    /// The text without the white space around it; `None` if there is nothing else.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// Reads a file that holds the secret and nothing else.
    pub(super) fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(ConfigError::file("read", path))?;
        Self::from_text(&text).ok_or_else(|| ConfigError::EmptySecret(path.to_path_buf()))
    }

    /// The text itself: hand it to what needs it and to nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
