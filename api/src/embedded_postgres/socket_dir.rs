//! Where the server's socket lies: beside the data, or in a short folder when that path is too long for a socket.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::EmbeddedError;
use super::data_dir::{DataDir, make_private};
use super::server_user::ServerUser;

/// `sun_path` holds 104 bytes on macOS and 108 on Linux, its closing zero among them.
const LONGEST: usize = 103;
const FILE: &str = "/.s.PGSQL.5432";

/// A folder of mode 0700 for the socket.
#[derive(Debug)]
pub(super) struct SocketDir {
    path: PathBuf,
    /// It lies outside the data directory, so it is removed after use.
    borrowed: bool,
}

impl SocketDir {
    pub(super) fn make(data: &DataDir, user: &ServerUser) -> Result<Self, EmbeddedError> {
        let Place { path, borrowed } = place(data.path());
        make_private(&path, user)?;
        Ok(Self { path, borrowed })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        if self.borrowed {
            // Still busy or gone already: either way there is nothing to be done, and the next start uses it again.
            drop(std::fs::remove_dir(&self.path));
        }
    }
}

/// Where the socket of a data directory lies.
pub(super) struct Place {
    pub(super) path: PathBuf,
    borrowed: bool,
}

pub(super) fn place(data_dir: &Path) -> Place {
    let beside = data_dir.join("socket");
    let borrowed = !fits(&beside);
    Place { path: if borrowed { short(data_dir) } else { beside }, borrowed }
}

/// Short enough, and free of what Postgres takes for a list of folders or a quote.
fn fits(dir: &Path) -> bool {
    dir.to_str().is_some_and(|text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~".contains(c);
        text.len() + FILE.len() <= LONGEST && text.chars().all(plain)
    })
}

/// Named after the data directory, so that a killed program leaves one such folder and not many.
fn short(data_dir: &Path) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    let name = HEXLOWER.encode(&digest);
    Path::new("/tmp").join(format!("draxis-{}", name.split_at(16).0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_up_to_the_last_byte_of_a_socket_address() {
        let dir = |len: usize| PathBuf::from(format!("/{}", "x".repeat(len - 1)));
        assert!(fits(&dir(LONGEST - FILE.len())));
        assert!(!fits(&dir(LONGEST - FILE.len() + 1)));
    }

    #[test]
    fn a_path_that_postgres_would_take_for_a_list_does_not_fit() {
        assert!(!fits(Path::new("/srv/a,b/socket")));
        assert!(!fits(Path::new("/srv/\"a/socket")));
    }

    #[test]
    fn each_data_directory_has_its_own_short_folder() {
        assert_eq!(short(Path::new("/a")), short(Path::new("/a")));
        assert_ne!(short(Path::new("/a")), short(Path::new("/b")));
        assert!(fits(&short(Path::new("/a"))));
    }
}
