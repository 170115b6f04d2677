//! `draxis connector check`: a manifest tried offline against recorded replies.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use draxis_runner::connector::check::{cases, check};
use draxis_runner::connector::manifest::{Manifest, Mistake};
use draxis_runner::connector::replay::UnreadableReplies;
use draxis_runner::connector::report::RunReport;
use serde::Serialize;

use crate::config::CheckCommand;

/// Why a manifest could not be tried; the sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The manifest cannot be opened.
    #[error("{} cannot be read", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The manifest has a mistake.
    #[error(transparent)]
    Mistake(#[from] Mistake),
    /// The replies cannot be read.
    #[error(transparent)]
    Replies(#[from] UnreadableReplies),
    /// There are no replies.
    #[error("{} holds no recorded replies: they are *.json files, in it or in a folder for each case", .0.display())]
    NoReplies(PathBuf),
    /// The report cannot be written.
    #[error("the report cannot be written")]
    Output(#[source] io::Error),
}

/// One case as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    case: &'a str,
    #[serde(flatten)]
    report: RunReport,
}

/// Tries a manifest and prints what each case gave, one JSON object a line. True where every case measured something.
pub async fn run(asked: &CheckCommand, now: DateTime<Utc>) -> Result<bool, CheckError> {
    let unreadable = |source| CheckError::File { path: asked.file.clone(), source };
    let text = std::fs::read_to_string(&asked.file).map_err(unreadable)?;
    let manifest = Manifest::parse(&asked.file.display().to_string(), &text)?;
    let mut holds = true;
    for folder in folders(&asked.replies)? {
        let report = check(&manifest, &folder, now).await?;
        holds &= report.error.is_none() && !report.values.is_empty();
        let case = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let line = serde_json::to_string(&Case { case: &case, report }).map_err(io::Error::from);
        line.and_then(|line| writeln!(io::stdout(), "{line}")).map_err(CheckError::Output)?;
    }
    Ok(holds)
}

/// The folder itself where replies lie in it, else its folders.
fn folders(replies: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let unreadable = |source| CheckError::File { path: replies.to_path_buf(), source };
    let entries = std::fs::read_dir(replies).map_err(unreadable)?;
    let names = entries.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let is_reply = |path: &Path| {
        path.extension().is_some_and(|extension| extension == "json")
            && path.file_name().is_some_and(|name| name != "expected.json" && name != "source.json")
    };
    if names.iter().any(|entry| is_reply(&entry.path())) {
        return Ok(vec![replies.to_path_buf()]);
    }
    let cases = cases(replies)?;
    if cases.is_empty() { Err(CheckError::NoReplies(replies.to_path_buf())) } else { Ok(cases) }
}
