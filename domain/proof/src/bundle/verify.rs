//! Verifies a bundle as it streams by, trusting nothing but the keys and checkpoints handed in (hazard D5).

mod closing;
mod desk;
mod opening;
mod records;
mod sequences;

use std::io::Read;

use super::{Report, names};
use crate::checkpoint::{KeyRing, SealedCheckpoint};
use desk::{Desk, Stop};

/// A file that is not a bundle at all, so that there is nothing to judge.
#[derive(Debug, thiserror::Error)]
pub enum NotABundle {
    /// It does not begin as every bundle does.
    #[error("this is not a draxis bundle: it does not begin with the manifest of one")]
    Form,
    /// It could not be read.
    #[error("the bundle could not be read")]
    Io(#[source] std::io::Error),
}

/// Reads a bundle to its end, or to the place after which nothing can be read, and judges it.
///
/// `ring` is who the caller trusts. `held` are checkpoints that the caller got at another time or from another place
/// (opened with the same keys): the bundle must agree with each of them, so a rewritten history is seen even when
/// everything in it was signed anew with the true key. Memory stays at a few entries of at most 4 MiB.
pub fn verify<R: Read>(bundle: R, ring: &KeyRing, held: &[SealedCheckpoint]) -> Result<Report, NotABundle> {
    let mut desk = Desk::new(bundle, ring.clone(), held);
    match judge(&mut desk) {
        Ok(()) | Err(Stop::Refused) => Ok(desk.report()),
        Err(Stop::NotABundle(reason)) => Err(reason),
    }
}

fn judge<R: Read>(desk: &mut Desk<'_, R>) -> Result<(), Stop> {
    let manifest = desk.open_manifest()?;
    desk.take_file(names::DEFINITIONS)?;
    desk.follow_rotations()?;
    let sizes = desk.open_checkpoints(&manifest)?;
    desk.open_links(&manifest, &sizes)?;
    let start = desk.open_start(&manifest)?;
    let shown = desk.read_records(&manifest, start)?;
    desk.close_roots(&manifest, &shown);
    desk.close_held(&manifest);
    desk.close_statement(&manifest, &shown)?;
    desk.close_archive()
}
