//! Why the configuration does not do, with the place to change and what to write there.

use std::path::PathBuf;

use super::Origin;

/// Something in the flags, the environment or a file that keeps the program from starting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The command line is not understood, or asks for help or the version: `clap::Error::exit_code` tells them apart.
    #[error("{0}")]
    CommandLine(clap::Error),
    /// A value is not understood.
    #[error("{origin}: {reason}")]
    Value {
        /// Where it stands.
        origin: Origin,
        /// What is wrong and what to write.
        reason: String,
    },
    /// A variable holds something other than UTF-8.
    #[error("{0} is not UTF-8 text")]
    NotText(&'static str),
    /// The file is not TOML.
    #[error("{file}, line {line}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The file has a key that means nothing.
    #[error("{file}, line {line}: there is no setting `{key}`; there are {known}")]
    UnknownKey {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The keys that mean something.
        known: String,
    },
    /// A setting that every start needs has been taken out of the defaults.
    #[error("{0} is not set")]
    NotSet(&'static str),
    /// A setting needs another one.
    #[error("{origin} needs {needs}")]
    Incomplete {
        /// What is there.
        origin: Origin,
        /// What is not.
        needs: &'static str,
    },
    /// There is no place for the data.
    #[error("no place for the data: name one with --data-dir or DRAXIS_DATA_DIR (HOME is not set)")]
    NoDataDir,
    /// A file cannot be used.
    #[error("cannot {doing} {}", .path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A database elsewhere, and no key to seal credentials with.
    #[error(
        "ENCRYPTION_KEY is not set: make one with `openssl rand -base64 32`, give it to every process that uses this \
         database (as ENCRYPTION_KEY, or in a file with --encryption-key-file), and keep a copy: without it the \
         credentials in the database cannot be read again"
    )]
    NoKey,
    /// The data is there, but not the key that it was sealed with.
    #[error(
        "{} is gone, but there is data beside it whose credentials were sealed with it: restore that file, \
         or give the key as ENCRYPTION_KEY",
        .0.display()
    )]
    KeyLost(PathBuf),
    /// Others can read the key.
    #[error("{} can be read by others: `chmod 600 {}`, and rotate the key if anyone else uses this machine", .0.display(), .0.display())]
    KeyExposed(PathBuf),
    /// The file that should hold a secret is empty.
    #[error("{} is empty: it should hold the secret and nothing else", .0.display())]
    EmptySecret(PathBuf),
}

impl ConfigError {
    /// For `map_err`: names what was attempted and on what.
    pub(super) fn file(doing: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { doing, path, source }
    }
}
