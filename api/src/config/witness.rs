//! Who is sent every checkpoint, if anyone is.

use std::path::Path;

use draxis_runner::witness::WitnessSettings;

use super::environment::Environment;
use super::setting::{Setting, Settings};
use super::{ConfigError, secret};

/// The variable that holds the secret itself.
const SECRET: &str = "DRAXIS_CHECKPOINT_WEBHOOK_SECRET";

pub(super) fn choose(
    settings: &Settings,
    environment: &Environment,
) -> Result<Option<WitnessSettings>, ConfigError> {
    let file = settings.text(Setting::CheckpointWebhookSecretFile).map(Path::new);
    let secret = match environment.secret(SECRET)? {
        Some(secret) => Some(secret),
        None => file.map(secret::from_file).transpose()?,
    };
    settings.optional(Setting::CheckpointWebhookUrl, |url| {
        let secret = secret.as_ref().ok_or_else(|| format!("needs a secret to sign with: set {SECRET}"))?;
        WitnessSettings::try_new(url, secret).map_err(|error| chain(&error))
    })
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
