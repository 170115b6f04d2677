//! The environment as it was handed over: the settings in it, and the secrets that stand nowhere else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use draxis_commands::secret::Secret;

use super::setting::{Origin, Setting, Settings};
use super::{ConfigError, secret};

/// The variables of this process. It holds secrets: no `Debug`.
pub(super) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    pub(super) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// The settings that the environment gives. An empty variable is one that is not set, as compose files leave them;
    /// only the list of networks may be emptied.
    pub(super) fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = Settings::default();
        for setting in Setting::ALL {
            let name = setting.variable();
            if let Some(text) = self.text(name)?
                && (!text.is_empty() || setting == Setting::EgressAllow)
            {
                settings.set(setting, text.to_owned(), Origin::Variable(name));
            }
        }
        Ok(settings)
    }

    pub(super) fn config_file(&self) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text("DRAXIS_CONFIG")?.filter(|text| !text.is_empty()).map(PathBuf::from))
    }

    pub(super) fn secret(&self, name: &'static str) -> Result<Option<Secret>, ConfigError> {
        Ok(self.text(name)?.and_then(secret::from_text))
    }

    pub(super) fn search_path(&self) -> OsString {
        self.path("PATH").map(PathBuf::into_os_string).unwrap_or_default()
    }

    /// A variable that holds a path, of whatever bytes.
    pub(super) fn path(&self, name: &'static str) -> Option<PathBuf> {
        self.0.get(&OsString::from(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    fn text(&self, name: &'static str) -> Result<Option<&str>, ConfigError> {
        let value = self.0.get(&OsString::from(name));
        value.map(|value| value.to_str().ok_or(ConfigError::NotText(name))).transpose()
    }
}
