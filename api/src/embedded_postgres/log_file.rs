//! What the server says: appended to one file, whose end is quoted when something goes wrong.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::EmbeddedError;
use super::server_user::ServerUser;

/// The file of the previous starts is put aside beyond this size; one is kept.
const LARGE: u64 = 16 << 20;
const QUOTED: u64 = 2_000;

/// The server's log.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    /// Where the words of the running attempt begin.
    from: u64,
}

impl LogFile {
    pub(super) fn open(path: PathBuf, user: &ServerUser) -> Result<Self, EmbeddedError> {
        if path.metadata().is_ok_and(|seen| seen.len() > LARGE) {
            let old = path.with_extension("log.old");
            std::fs::rename(&path, &old).map_err(EmbeddedError::file("put aside", &path))?;
        }
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(EmbeddedError::file("open", &path))?;
        user.give(&path)?;
        let mut log = Self { path, file, from: 0 };
        log.begin();
        Ok(log)
    }

    /// From here on the words are those of a new attempt.
    pub(super) fn begin(&mut self) {
        self.from = self.file.metadata().map_or(0, |seen| seen.len());
    }

    /// For a child to write to.
    pub(super) fn handle(&self) -> Result<File, EmbeddedError> {
        self.file.try_clone().map_err(EmbeddedError::file("open", &self.path))
    }

    /// The last words of this attempt, or that there are none.
    pub(super) fn tail(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.path)?;
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.from.max(end.saturating_sub(QUOTED))))?;
            let mut bytes = Vec::new();
            file.take(QUOTED).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        match read() {
            Ok(text) if text.is_empty() => format!("(nothing in {})", self.path.display()),
            Ok(text) => text,
            Err(error) => format!("({} cannot be read: {error})", self.path.display()),
        }
    }
}
