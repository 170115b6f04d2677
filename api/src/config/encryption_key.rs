//! Where the key comes from that seals every credential, and the one that the embedded database gets by itself.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use draxis_commands::secret::Secret;

use super::environment::Environment;
use super::setting::{Origin, Setting, Settings};
use super::{ConfigError, Database, secret};
use crate::embedded_postgres::has_cluster;

/// Where the encryption key is to be taken from. It may hold the key: no `Debug`.
pub enum KeySource {
    /// It was given.
    Given(Secret),
    /// A file that was named holds it.
    File(PathBuf),
    /// It lies beside the data of the embedded database, and is made with them.
    BesideData(PathBuf),
}

impl KeySource {
    /// A flag wins over `ENCRYPTION_KEY`, that over a file named anywhere else.
    pub(super) fn choose(
        settings: &Settings,
        environment: &Environment,
        database: &Database,
    ) -> Result<Self, ConfigError> {
        let file = settings.text(Setting::EncryptionKeyFile).map(PathBuf::from);
        let by_flag = matches!(settings.origin(Setting::EncryptionKeyFile), Some(Origin::Flag(_)));
        let given = environment.secret("ENCRYPTION_KEY")?.filter(|_| !by_flag);
        match (given, file, database) {
            (Some(key), _, _) => Ok(Self::Given(key)),
            (None, Some(path), _) => Ok(Self::File(path)),
            (None, None, Database::Embedded(embedded)) => Ok(Self::BesideData(embedded.data_dir.clone())),
            (None, None, Database::External(_)) => Err(ConfigError::NoKey),
        }
    }

    /// The text of the key. Call it before the embedded database is started: a key is made only where there is no data
    /// yet, and `progress` hears of it.
    pub fn open(self, progress: &mut dyn FnMut(&str)) -> Result<Secret, ConfigError> {
        match self {
            Self::Given(key) => Ok(key),
            Self::File(path) => secret::from_file(&path),
            Self::BesideData(dir) => beside(&dir, progress),
        }
    }
}

fn beside(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<Secret, ConfigError> {
    let path = dir.join("encryption.key");
    // Asked first: a twin that starts at the same time makes its key before its data.
    let has_data = has_cluster(dir);
    match path.metadata() {
        Ok(seen) if seen.permissions().mode() & 0o077 != 0 => Err(ConfigError::KeyExposed(path)),
        Ok(_) => secret::from_file(&path),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ConfigError::file("look at", &path)(error)),
        Err(_) if has_data => Err(ConfigError::KeyLost(path)),
        Err(_) => {
            make(dir, &path)?;
            progress(&format!("Made an encryption key, {}: back it up with the data", path.display()));
            secret::from_file(&path)
        }
    }
}

/// Written aside and then linked into place: the file is there with its key or not at all, and never made twice.
fn make(dir: &Path, path: &Path) -> Result<(), ConfigError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(dir)
        .map_err(ConfigError::file("make the folder", dir))?;
    let unfinished = dir.join(format!("encryption.key.{}", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        writeln!(file, "{}", STANDARD.encode(bytes))?;
        file.sync_all()?;
        match std::fs::hard_link(&unfinished, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::remove_file(&unfinished)?;
        std::fs::File::open(dir)?.sync_all()
    };
    write().map_err(ConfigError::file("make", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> (Result<Secret, ConfigError>, Vec<String>) {
        let mut said = Vec::new();
        let key = KeySource::BesideData(dir.to_path_buf()).open(&mut |line| said.push(line.to_owned()));
        (key, said)
    }

    #[test]
    fn a_key_is_made_once_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let (first, said) = open(&data);
        let first = first.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(STANDARD.decode(first.expose()).unwrap().len(), 32);
        assert!(said[0].contains("encryption.key") && !said[0].contains(first.expose()), "{said:?}");
        let mode = data.join("encryption.key").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1);

        let (second, said) = open(&data);
        assert!(second.is_ok_and(|second| second.expose() == first.expose()));
        assert_eq!(said, Vec::<String>::new());
    }

    #[test]
    fn a_lost_key_is_not_replaced_while_there_is_data() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("postgres")).unwrap();
        std::fs::write(dir.path().join("postgres/PG_VERSION"), "15\n").unwrap();
        assert!(matches!(open(dir.path()).0, Err(ConfigError::KeyLost(_))));
        assert!(!dir.path().join("encryption.key").exists());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(open(dir.path()).0.is_ok());
        let path = dir.path().join("encryption.key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(open(dir.path()).0, Err(ConfigError::KeyExposed(_))));
    }

    #[test]
    fn an_empty_key_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, " \n").unwrap();
        let opened = KeySource::File(path).open(&mut |_| {});
        assert!(matches!(opened, Err(ConfigError::EmptySecret(_))));
    }
}
