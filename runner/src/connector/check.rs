//! Tries a manifest offline, against recorded replies: `draxis connector check <file> --replies <dir>`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::credentials::Credentials;
use super::manifest::Manifest;
use super::replay::{Replay, UnreadableReplies, Vendor};
use super::report::RunReport;
use super::run::{Reach, run};
use super::settings::{Budget, SourceSettings};
use draxis_commands::secret::Secret;

/// The source a check plays; every part may be left out.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct PlayedSource {
    /// The run's clock.
    pub now: Option<DateTime<Utc>>,
    /// Where the vendor answers.
    pub base_url: Option<String>,
    /// The settings that are not secret.
    pub config: BTreeMap<String, String>,
    /// Made-up secrets, for vendors whose secrets have a form.
    pub credentials: BTreeMap<String, Secret>,
}

impl PlayedSource {
    /// Reads `source.json` from the folder of replies or the one above; without any, everything is made up.
    pub fn near(replies: &Path) -> Result<Self, UnreadableReplies> {
        let places = [Some(replies), replies.parent()];
        let Some(path) = places.into_iter().flatten().map(|p| p.join("source.json")).find(|p| p.is_file())
        else {
            return Ok(Self::default());
        };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|source| UnreadableReplies::File { path: shown.clone(), source })?;
        serde_json::from_str(&text).map_err(|error| UnreadableReplies::Shape {
            path: shown,
            line: error.line(),
            reason: error.to_string(),
        })
    }

    fn settings(&self, manifest: &Manifest) -> SourceSettings {
        let open = manifest.fields.iter().filter(|field| !field.secret && field.required);
        let mut config: BTreeMap<String, String> =
            open.map(|field| (field.key.clone(), "vendor.example".to_owned())).collect();
        config.extend(self.config.clone());
        SourceSettings { base_url: self.base_url.clone(), config, wanted: None }
    }

    fn credentials(&mut self, manifest: &Manifest) -> Credentials {
        let secret = manifest.fields.iter().filter(|field| field.secret);
        secret.fold(Credentials::none(), |credentials, field| {
            let given = self.credentials.remove(&field.key);
            let made_up = || Secret::new(format!("made-up-{}", field.key));
            credentials.with(&field.key, given.unwrap_or_else(made_up))
        })
    }
}

/// Runs a manifest once against the replies of a folder; `now` is the clock when the folder has none of its own.
pub async fn check(
    manifest: &Manifest,
    replies: &Path,
    now: DateTime<Utc>,
) -> Result<RunReport, UnreadableReplies> {
    let vendor = Vendor::open(replies)?;
    let mut source = PlayedSource::near(replies)?;
    let settings = source.settings(manifest);
    let credentials = source.credentials(manifest);
    let now = source.now.unwrap_or(now);
    let replay = Replay::new(vendor, now);
    let reach = Reach { credentials: &credentials, fetch: &replay, budget: Budget::default() };
    Ok(run(manifest, &settings, reach, now).await)
}

/// The folders of a vendor's recorded cases, in order.
pub fn cases(vendor: &Path) -> Result<Vec<PathBuf>, UnreadableReplies> {
    let unreadable = |source| UnreadableReplies::File { path: vendor.display().to_string(), source };
    let entries =
        std::fs::read_dir(vendor).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let mut folders: Vec<_> =
        entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests;
