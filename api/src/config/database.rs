//! Whose Postgres: one of our own in a data directory, or one that a URL names.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;

use super::ConfigError;
use super::environment::Environment;
use super::setting::{Setting, Settings};
use crate::embedded_postgres::{Durability, Options, running_as_root};

/// Whose Postgres.
pub enum Database {
    /// One that this program starts.
    Embedded(EmbeddedDatabase),
    /// One that runs elsewhere.
    External(DatabaseUrl),
}

/// Where the embedded Postgres lives and comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedDatabase {
    /// Where it keeps its data.
    pub data_dir: PathBuf,
    /// The folder with its binaries, if it is not to be looked for.
    pub binaries: Option<PathBuf>,
    search_path: OsString,
}

/// A database elsewhere, with its password: no `Debug`.
pub struct DatabaseUrl(Box<PgConnectOptions>);

impl Database {
    pub(super) fn choose(settings: &Settings, environment: &Environment) -> Result<Self, ConfigError> {
        if let Some(url) = settings.optional(Setting::DatabaseUrl, DatabaseUrl::parse)? {
            return Ok(Self::External(url));
        }
        let data_dir = match settings.text(Setting::DataDir) {
            Some(path) => PathBuf::from(path),
            None => default_data_dir(environment)?,
        };
        let binaries = settings.text(Setting::PostgresBinaries).map(PathBuf::from);
        Ok(Self::Embedded(EmbeddedDatabase { data_dir, binaries, search_path: environment.search_path() }))
    }
}

impl EmbeddedDatabase {
    /// How to start it, so that what was acknowledged survives a power cut.
    pub fn options(&self) -> Options {
        Options {
            data_dir: self.data_dir.clone(),
            binaries: self.binaries.clone(),
            search_path: self.search_path.clone(),
            durability: Durability::Full,
        }
    }
}

impl DatabaseUrl {
    /// The reason never quotes the text, which holds a password.
    fn parse(text: &str) -> Result<Self, String> {
        const WANTED: &str = "this is no URL of a Postgres: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, \
                              with signs such as @ and / in the password as %40 and %2F";
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return Err(WANTED.to_owned());
        }
        text.parse().map(|options| Self(Box::new(options))).map_err(|_| WANTED.to_owned())
    }

    /// How to reach it.
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.0)
    }
}

/// As root a folder that the server's user can reach, which root's home is not; else where the desktop's rules put data.
fn default_data_dir(environment: &Environment) -> Result<PathBuf, ConfigError> {
    let root =
        running_as_root().map_err(ConfigError::file("make a file in", Path::new("the temporary folder")))?;
    if root {
        return Ok(PathBuf::from("/var/lib/draxis"));
    }
    // XDG Base Directory Specification: a relative path is to be ignored.
    let data = environment.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let home = || environment.path("HOME").map(|home| home.join(".local/share"));
    data.or_else(home).map(|path| path.join("draxis")).ok_or(ConfigError::NoDataDir)
}
