//! How streams are sealed: the log's name, and a directory outside the database for its checkpoints.

use std::path::PathBuf;

use draxis_commands::sealing::SealingSettings;
use draxis_proof::checkpoint::KeyName;

use super::ConfigError;
use super::setting::{Setting, Settings};

pub(super) fn choose(settings: &Settings) -> Result<SealingSettings, ConfigError> {
    let log = settings
        .required(Setting::LogName, |text| KeyName::parse(text).map_err(|error| error.to_string()))?;
    let directory = settings.text(Setting::CheckpointDir).map(PathBuf::from);
    Ok(SealingSettings { log, directory })
}
