//! Who the server runs as: Postgres refuses to be root, and `initdb` wants a user that /etc/passwd knows.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use super::EmbeddedError;

/// The user that owns the cluster and runs the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerUser {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// We are root and must hand everything over to that user.
    switch: bool,
}

/// Whether this process is root: a file it makes says who it is.
pub(crate) fn running_as_root() -> std::io::Result<bool> {
    Ok(tempfile::tempfile()?.metadata()?.uid() == 0)
}

impl ServerUser {
    /// Ourselves; as root `postgres` if there is one, else `nobody`.
    pub(super) fn choose() -> Result<Self, EmbeddedError> {
        let place = Path::new("a temporary file");
        let myself = tempfile::tempfile()
            .and_then(|file| file.metadata())
            .map_err(EmbeddedError::file("make", place))?;
        let passwd = Path::new("/etc/passwd");
        if myself.uid() != 0 {
            let text = std::fs::read_to_string(passwd).unwrap_or_default();
            let name = lines(&text)
                .find(|user| user.uid == myself.uid())
                .map_or_else(|| format!("uid {}", myself.uid()), |user| user.name);
            return Ok(Self { name, uid: myself.uid(), gid: myself.gid(), switch: false });
        }
        let text = std::fs::read_to_string(passwd).map_err(EmbeddedError::file("read", passwd))?;
        unprivileged(&text).ok_or(EmbeddedError::NoUser)
    }

    /// Runs the command as this user, without any group of ours.
    pub(super) fn run_as(&self, command: &mut Command) {
        if self.switch {
            use std::os::unix::process::CommandExt;
            // As root, std also empties the list of supplementary groups when a uid is given.
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Hands a file or folder to this user.
    pub(super) fn give(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.switch {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .map_err(EmbeddedError::file("change the owner of", path))
    }
}

fn unprivileged(passwd: &str) -> Option<ServerUser> {
    let named = |name| lines(passwd).find(|user| user.name == name && user.uid != 0);
    named("postgres").or_else(|| named("nobody"))
}

/// passwd(5): `name:password:uid:gid:…`.
fn lines(passwd: &str) -> impl Iterator<Item = ServerUser> + '_ {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _password) = (fields.next()?, fields.next()?);
        let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(ServerUser { name: name.to_owned(), uid, gid, switch: true })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: &str = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/nonexistent:/bin/false\n";

    #[test]
    fn root_hands_over_to_postgres_if_there_is_one() {
        let passwd = format!("{NOBODY}postgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n");
        let user = unprivileged(&passwd).unwrap();
        assert_eq!((user.name.as_str(), user.uid, user.gid), ("postgres", 101, 104));
    }

    #[test]
    fn root_hands_over_to_nobody_otherwise() {
        assert_eq!(unprivileged(NOBODY).unwrap().gid, 65533);
    }

    #[test]
    fn a_postgres_that_is_root_is_of_no_use() {
        assert_eq!(unprivileged("postgres:x:0:0::/:/bin/sh\nbroken line\n"), None);
    }
}
