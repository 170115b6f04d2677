//! Secrets on their way from the configuration to the one who needs them.

use std::path::Path;

use draxis_commands::secret::Secret;
use zeroize::Zeroizing;

use super::ConfigError;

/// The text without the white space around it; `None` if there is nothing else.
pub(super) fn from_text(text: &str) -> Option<Secret> {
    let text = text.trim();
    (!text.is_empty()).then(|| Secret::new(text.to_owned()))
}

/// Reads a file that holds the secret and nothing else.
pub(super) fn from_file(path: &Path) -> Result<Secret, ConfigError> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(ConfigError::file("read", path))?);
    from_text(&text).ok_or_else(|| ConfigError::EmptySecret(path.to_path_buf()))
}
