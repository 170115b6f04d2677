//! The data directory: what lies where, who may enter, and that one program at a time uses it.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::EmbeddedError;
use super::server_user::ServerUser;

/// What the program itself puts into a data directory.
const OURS: [&str; 6] =
    ["draxis.lock", "encryption.key", "postgres", "postgres.log", "postgres.new", "socket"];

/// An existing data directory that no one else uses as long as this value lives.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    /// Giving it up, or a kill of the process, gives the directory free.
    lock: File,
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Closing the file is not enough: a child that another thread is starting shares it until it has become its program.
        // Where it cannot be unlocked, it is free a moment later.
        drop(self.lock.unlock());
    }
}

impl DataDir {
    /// Makes the directory if need be, checks that the server's user gets in, and takes it.
    pub(super) fn open(
        path: &Path,
        user: &ServerUser,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, EmbeddedError> {
        // Others may pass through (the server's user must) but not look around.
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(path)
            .map_err(EmbeddedError::file("make the folder", path))?;
        let path = path.canonicalize().map_err(EmbeddedError::file("find", path))?;
        let lock = take(&path)?;
        admit(&path, user, progress)?;
        if let Some(blocked) = first_closed(&path, user)? {
            return Err(EmbeddedError::Unreachable { user: user.name.clone(), blocked });
        }
        Ok(Self { path, lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.path.join("postgres")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    pub(super) fn has_cluster(&self) -> bool {
        has_cluster(&self.path)
    }

    /// The lock as a child has it that has not become its program yet.
    #[cfg(test)]
    pub(super) fn inherited(&self) -> std::io::Result<File> {
        self.lock.try_clone()
    }

    /// The major version that made the cluster, if there is one.
    pub(super) fn cluster_version(&self) -> Result<Option<u32>, EmbeddedError> {
        let file = self.cluster().join("PG_VERSION");
        match std::fs::read_to_string(&file) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EmbeddedError::file("read", &file)(error)),
        }
    }
}

/// Whether a data directory holds a cluster already.
pub(crate) fn has_cluster(data_dir: &Path) -> bool {
    data_dir.join("postgres").join("PG_VERSION").exists()
}

fn take(dir: &Path) -> Result<File, EmbeddedError> {
    let path = dir.join("draxis.lock");
    let cannot = |doing| EmbeddedError::file(doing, &path);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(cannot("open"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(EmbeddedError::InUse { dir: dir.to_path_buf(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(cannot("lock")(error)),
    }
    file.set_len(0).map_err(cannot("write"))?;
    file.rewind().map_err(cannot("write"))?;
    writeln!(file, "{}", std::process::id()).map_err(cannot("write"))?;
    Ok(file)
}

/// A folder that was made for us with a mode such as `mktemp -d` gives it: others may pass from now on, since the
/// server's user must and everything in it has a mode of its own. One that holds anything else is left alone.
fn admit(path: &Path, user: &ServerUser, progress: &mut dyn FnMut(&str)) -> Result<(), EmbeddedError> {
    let seen = path.metadata().map_err(EmbeddedError::file("look at", path))?;
    if passable(&seen, user) {
        return Ok(());
    }
    for entry in path.read_dir().map_err(EmbeddedError::file("look into", path))? {
        let name = entry.map_err(EmbeddedError::file("look into", path))?.file_name();
        if !name.to_str().is_some_and(|name| OURS.contains(&name)) {
            return Ok(());
        }
    }
    progress(&format!(
        "Letting the user `{}`, who runs Postgres, pass through {}",
        user.name,
        path.display()
    ));
    std::fs::set_permissions(path, Permissions::from_mode(seen.mode() & 0o7777 | 0o011))
        .map_err(EmbeddedError::file("set the mode of", path))
}

fn passable(seen: &Metadata, user: &ServerUser) -> bool {
    let bit = match seen.uid() {
        uid if uid == user.uid => 0o100,
        _ if seen.gid() == user.gid => 0o010,
        _ => 0o001,
    };
    seen.mode() & bit != 0
}

/// The first folder from the root on down that does not let the user pass.
fn first_closed(path: &Path, user: &ServerUser) -> Result<Option<PathBuf>, EmbeddedError> {
    let mut folders: Vec<&Path> = path.ancestors().collect();
    folders.reverse();
    for folder in folders {
        let seen = folder.metadata().map_err(EmbeddedError::file("look at", folder))?;
        if !passable(&seen, user) {
            return Ok(Some(folder.to_path_buf()));
        }
    }
    Ok(None)
}

/// Makes a folder that the server's user alone may enter, or accepts one that already is exactly that.
pub(super) fn make_private(dir: &Path, user: &ServerUser) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => {
            std::fs::set_permissions(dir, Permissions::from_mode(0o700))
                .map_err(EmbeddedError::file("set the mode of", dir))?;
            return user.give(dir);
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(EmbeddedError::file("make the folder", dir)(error)),
    }
    let seen = dir.symlink_metadata().map_err(EmbeddedError::file("look at", dir))?;
    let private = seen.is_dir() && seen.uid() == user.uid && seen.mode() & 0o7777 == 0o700;
    if private {
        Ok(())
    } else {
        Err(EmbeddedError::NotPrivate { dir: dir.to_path_buf(), user: user.name.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_lets_no_one_through_is_named() {
        let top = tempfile::tempdir().unwrap();
        let home = top.path().canonicalize().unwrap().join("home");
        std::fs::create_dir_all(home.join("data")).unwrap();
        std::fs::set_permissions(top.path(), Permissions::from_mode(0o711)).unwrap();
        std::fs::set_permissions(&home, Permissions::from_mode(0o700)).unwrap();
        let mut user = ServerUser::choose().unwrap();
        user.uid = 4_000_000;
        user.gid = 4_000_000;
        assert_eq!(first_closed(&home.join("data"), &user).unwrap(), Some(home.clone()));
        std::fs::set_permissions(&home, Permissions::from_mode(0o701)).unwrap();
        std::fs::set_permissions(home.join("data"), Permissions::from_mode(0o701)).unwrap();
        assert_eq!(first_closed(&home.join("data"), &user).unwrap(), None);
    }

    #[test]
    fn a_folder_made_for_us_alone_lets_the_servers_user_pass() {
        let top = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap();
        let mode = || top.path().metadata().unwrap().mode() & 0o777;
        let mut user = ServerUser::choose().unwrap();
        user.uid = 4_000_000;
        user.gid = 4_000_000;
        std::fs::write(top.path().join("encryption.key"), "").unwrap();
        std::fs::write(top.path().join("letter"), "").unwrap();
        admit(top.path(), &user, &mut |line| panic!("{line}")).unwrap();
        assert_eq!(mode(), 0o700, "someone keeps a letter in there");
        std::fs::remove_file(top.path().join("letter")).unwrap();
        let mut said = Vec::new();
        admit(top.path(), &user, &mut |line| said.push(line.to_owned())).unwrap();
        assert_eq!((mode(), said.len()), (0o711, 1));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_not_private() {
        let top = tempfile::tempdir().unwrap();
        let (dir, user) = (top.path().join("socket"), ServerUser::choose().unwrap());
        make_private(&dir, &user).unwrap();
        make_private(&dir, &user).unwrap();
        std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(make_private(&dir, &user), Err(EmbeddedError::NotPrivate { .. })));
    }

    #[test]
    fn a_link_in_place_of_a_private_folder_is_refused() {
        let top = tempfile::tempdir().unwrap();
        let (dir, user) = (top.path().join("socket"), ServerUser::choose().unwrap());
        make_private(&top.path().join("elsewhere"), &user).unwrap();
        std::os::unix::fs::symlink(top.path().join("elsewhere"), &dir).unwrap();
        assert!(matches!(make_private(&dir, &user), Err(EmbeddedError::NotPrivate { .. })));
    }
}
