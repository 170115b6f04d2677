//! Finding the Postgres that is on the machine, of the version that the data asks for.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{EmbeddedError, Options};

/// The oldest version that all of this was tried on.
const OLDEST: u32 = 15;

/// Folders whose entries are versions: `<folder>/<prefix><version>/<rest>`.
const VERSIONED: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),                       // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                                // Red Hat, from postgresql.org
    ("/usr/libexec", "postgresql", ""),                       // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"),              // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),                 // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"), // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// A folder that holds `postgres` and `initdb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// The first that fits: of the version that wrote the data, or the first recent enough if there is no data.
    pub(super) fn find(options: &Options, data: Option<u32>) -> Result<Self, EmbeddedError> {
        let found: Vec<Self> = match &options.binaries {
            Some(dir) => vec![Self::look(dir).ok_or_else(|| EmbeddedError::NotBinaries(dir.clone()))?],
            None => candidates(&options.search_path).iter().filter_map(|dir| Self::look(dir)).collect(),
        };
        Self::choose(&found, data, &options.data_dir)
    }

    fn choose(found: &[Self], data: Option<u32>, dir: &Path) -> Result<Self, EmbeddedError> {
        let listed = || {
            let mut versions: Vec<u32> = found.iter().map(|it| it.major).collect();
            versions.sort_unstable();
            versions.dedup();
            versions.iter().map(u32::to_string).collect::<Vec<_>>().join(" and ")
        };
        if found.is_empty() {
            return Err(EmbeddedError::NoBinaries);
        }
        let fits = |it: &&Self| data.map_or(it.major >= OLDEST, |data| it.major == data);
        found.iter().find(fits).cloned().ok_or_else(|| match data {
            Some(data) => EmbeddedError::OtherVersion { dir: dir.to_path_buf(), data, found: listed() },
            None => EmbeddedError::TooOld { found: listed(), oldest: OLDEST },
        })
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// Follows links first: a link in /usr/local/bin stands alone, its target has the rest of Postgres beside it.
    fn look(dir: &Path) -> Option<Self> {
        let dir = dir.join("postgres").canonicalize().ok()?.parent()?.to_path_buf();
        let said = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
        let major = major(&String::from_utf8_lossy(&said.stdout))?;
        dir.join("initdb").is_file().then_some(Self { dir, major })
    }
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`, `postgres (PostgreSQL) 18beta1`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.find(|c: char| !c.is_ascii_digit()).map_or(number, |end| number.split_at(end).0);
    digits.parse().ok()
}

/// Everywhere to look, the likeliest first.
fn candidates(search_path: &OsStr) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = std::env::split_paths(search_path).collect();
    dirs.extend(pg_config(&dirs));
    for (folder, prefix, rest) in VERSIONED {
        dirs.extend(versions(Path::new(folder), prefix).into_iter().map(|dir| dir.join(rest)));
    }
    dirs
}

fn pg_config(search_path: &[PathBuf]) -> Option<PathBuf> {
    let program = search_path.iter().map(|dir| dir.join("pg_config")).find(|file| file.is_file())?;
    let said = Command::new(program).arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(said.stdout).ok()?.trim()))
}

/// The entries that are versions, the highest first.
fn versions(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path()))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(major: u32) -> Binaries {
        Binaries { dir: PathBuf::from(format!("/pg/{major}")), major }
    }

    #[test]
    fn a_version_is_read_as_distributions_and_betas_write_it() {
        assert_eq!(major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres: command not found"), None);
    }

    #[test]
    fn without_data_the_first_recent_enough_is_taken() {
        assert_eq!(Binaries::choose(&[of(12), of(16), of(17)], None, Path::new("/d")).unwrap(), of(16));
        let error = Binaries::choose(&[of(12)], None, Path::new("/d")).unwrap_err();
        assert!(error.to_string().contains("Postgres 12, and 15 is the oldest"), "{error}");
    }

    #[test]
    fn data_asks_for_the_version_that_wrote_it() {
        assert_eq!(Binaries::choose(&[of(17), of(15)], Some(15), Path::new("/d")).unwrap(), of(15));
        let error = Binaries::choose(&[of(17), of(16)], Some(15), Path::new("/d")).unwrap_err();
        assert!(error.to_string().contains("has 16 and 17: install Postgres 15"), "{error}");
    }

    #[test]
    fn nothing_found_says_what_to_install() {
        let error = Binaries::choose(&[], None, Path::new("/d")).unwrap_err().to_string();
        assert!(
            error.contains("apt-get install postgresql") && error.contains("brew install postgresql"),
            "{error}"
        );
    }

    #[test]
    fn a_configured_folder_without_postgres_is_not_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: dir.path().to_path_buf(),
            binaries: Some(dir.path().to_path_buf()),
            search_path: "/usr/lib/postgresql/15/bin".into(),
            durability: super::super::Durability::Disposable,
        };
        assert!(matches!(Binaries::find(&options, None), Err(EmbeddedError::NotBinaries(_))));
    }

    #[test]
    fn the_highest_version_comes_first_by_number_and_not_by_letter() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pg9", "pg15", "pg10", "pgadmin", "other"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let names: Vec<_> =
            versions(dir.path(), "pg").iter().map(|it| it.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["pg15", "pg10", "pg9"]);
    }
}
