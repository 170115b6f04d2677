//! The shelf: a directory outside the database that checkpoints are published to, where no database's superuser reaches.
//!
//! `<directory>/<tenant>/<size, 20 digits>.note` for each checkpoint, and `latest.note`, a copy of the newest. Copy it elsewhere
//! (a bucket with a lock, another machine, a repository): `draxis verify --checkpoints` and `draxis-verify --checkpoint` compare.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use draxis_domain::TenantId;
use draxis_event_store::{TenantTx, checkpoints_from};
use draxis_proof::checkpoint::{Checkpoint, Note};

use crate::sealing::{SealError, Sealing};

const LATEST: &str = "latest.note";
/// Checkpoints are caught up with so many at a time.
const PAGE: u32 = 1000;

/// The directory.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    directory: PathBuf,
}

/// A note that somebody kept outside the database, and the file it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldNote {
    /// The file, as it is named in what is said about the note.
    pub file: String,
    /// The note.
    pub note: Vec<u8>,
}

impl HeldNote {
    /// Every note (`*.note`) in a directory and in the directories within it.
    pub fn read_all(directory: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                for entry in fs::read_dir(&path)? {
                    found.extend(Self::read(&entry?.path())?);
                }
            } else {
                found.extend(Self::read(&path)?);
            }
        }
        found.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(found)
    }

    fn read(path: &Path) -> io::Result<Option<Self>> {
        let is_note = path.extension().is_some_and(|extension| extension == "note");
        let note = is_note.then(|| fs::read(path)).transpose()?;
        Ok(note.map(|note| Self { file: path.display().to_string(), note }))
    }
}

impl Sealing {
    /// Publishes what has been sealed and is not on the shelf yet, whoever sealed it; nothing where there is no shelf.
    pub(super) async fn publish(&self, tenant: TenantId) -> Result<(), SealError> {
        let Some(directory) = &self.office.shelf else { return Ok(()) };
        loop {
            let looking = directory.clone();
            let published = tokio::task::spawn_blocking(move || looking.published(tenant)).await??;
            let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
            let missing = checkpoints_from(&mut transaction, published.saturating_add(1), PAGE).await?;
            drop(transaction);
            if missing.is_empty() {
                return Ok(());
            }
            let notes = missing.into_iter().map(|checkpoint| (checkpoint.size, checkpoint.note)).collect();
            let putting = directory.clone();
            tokio::task::spawn_blocking(move || putting.put(tenant, notes)).await??;
        }
    }
}

impl Shelf {
    pub(super) const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The size of the newest checkpoint on the shelf.
    fn published(&self, tenant: TenantId) -> Result<u64, SealError> {
        let path = self.directory.join(tenant.to_string()).join(LATEST);
        let note = match fs::read(&path) {
            Ok(note) => note,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(source) => return Err(SealError::Publish { path, source }),
        };
        // A note that does not read is no reason to publish nothing: each file is compared before it would be overwritten.
        let checkpoint = Note::parse(&note).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
        Ok(checkpoint.map_or(0, |checkpoint| checkpoint.size()))
    }

    fn put(&self, tenant: TenantId, notes: Vec<(u64, String)>) -> Result<(), SealError> {
        let directory = self.directory.join(tenant.to_string());
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            |source| SealError::Publish { path, source }
        };
        fs::create_dir_all(&directory).map_err(failed(&directory))?;
        let Some((_, newest)) = notes.last().cloned() else { return Ok(()) };
        for (size, note) in notes {
            let path = directory.join(format!("{size:020}.note"));
            match fs::read_to_string(&path) {
                Ok(before) if before == note => continue,
                Ok(_) => return Err(SealError::Contradicted { path }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(SealError::Publish { path, source }),
            }
            write_whole(&directory, &path, &note).map_err(failed(&path))?;
        }
        let latest = directory.join(LATEST);
        write_whole(&directory, &latest, &newest).map_err(failed(&latest))
    }
}

/// A file that is there whole or not at all, also after a power cut.
fn write_whole(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = File::create(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&unfinished, path)?;
    File::open(directory)?.sync_all()
}
