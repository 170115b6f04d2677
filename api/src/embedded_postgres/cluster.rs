//! Making the cluster, once, so that it is there whole or not at all.

use std::ffi::OsString;
use std::fs::File;

use super::binaries::Binaries;
use super::data_dir::{DataDir, make_private};
use super::log_file::LogFile;
use super::server_user::ServerUser;
use super::supervisor::Supervised;
use super::{Durability, EmbeddedError, SUPERUSER};

/// Sorts by bytes, the same on every machine. macOS knows no `C.UTF-8`.
const LOCALE: &str = if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" };

/// Runs `initdb` beside the cluster's place and moves the result there when it is complete.
pub(super) fn make(
    binaries: &Binaries,
    data: &DataDir,
    user: &ServerUser,
    durability: Durability,
    log: &mut LogFile,
) -> Result<(), EmbeddedError> {
    let (unfinished, cluster) = (data.path().join("postgres.new"), data.cluster());
    match std::fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(EmbeddedError::file("remove", &unfinished)(error));
        }
        Ok(()) | Err(_) => make_private(&unfinished, user)?,
    }
    log.begin();
    let mut arguments: Vec<OsString> = vec!["--pgdata".into(), unfinished.clone().into()];
    arguments.extend(["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8"].map(OsString::from));
    arguments.extend(["--data-checksums", "--no-instructions"].map(OsString::from));
    arguments.push(format!("--locale={LOCALE}").into());
    if durability == Durability::Disposable {
        arguments.push("--no-sync".into());
    }
    let status = Supervised::spawn(&binaries.initdb(), &arguments, user, log.handle()?)
        .and_then(|mut initdb| initdb.wait())
        .map_err(EmbeddedError::Supervise)?;
    if !status.success() {
        return Err(EmbeddedError::Initdb { dir: cluster, status, log: log.tail() });
    }
    std::fs::rename(&unfinished, &cluster).map_err(EmbeddedError::file("move into place", &unfinished))?;
    File::open(data.path()).and_then(|dir| dir.sync_all()).map_err(EmbeddedError::file("sync", data.path()))
}
