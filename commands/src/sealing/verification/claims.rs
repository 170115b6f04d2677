//! What checkpoints claim, in the order of their sizes: those stored, a page at a time, and those kept outside.

use std::collections::VecDeque;

use draxis_domain::{Position, TenantId};
use draxis_event_store::{StoredCheckpoint, TenantTx, checkpoints_from, stream_end};
use draxis_proof::checkpoint::{Checkpoint, CheckpointError, KeyRing, Note};
use draxis_proof::tree::{Frontier, Hash};

use super::fault::{CheckpointPlace, Fault};
use super::walk::Stop;
use crate::sealing::{HeldNote, Sealing};

const PAGE: u32 = 500;

/// The claims that are still to be compared.
pub(super) struct Claims {
    sealing: Sealing,
    tenant: TenantId,
    ring: KeyRing,
    stored: VecDeque<StoredCheckpoint>,
    more_from: Option<u64>,
    held: VecDeque<Held>,
    compared: (u64, u64),
}

/// A checkpoint from outside: by its own word of this stream and size.
struct Held {
    size: u64,
    file: String,
    opened: Result<Hash, CheckpointError>,
}

impl Claims {
    pub(super) fn new(sealing: Sealing, tenant: TenantId, ring: KeyRing, held: &[HeldNote]) -> Self {
        let origin = sealing.origin(tenant);
        let mut held: Vec<Held> = held
            .iter()
            .filter_map(|held| {
                let opened = Checkpoint::open(&held.note, &ring);
                // Whose it is must be known before it is refused: a folder holds checkpoints of many streams.
                let said = Note::parse(&held.note).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
                let size = match &said {
                    Some(said) if said.origin().stream() == origin.stream() => said.size(),
                    // What cannot be read may be of any stream; its folder's name says of which.
                    None if held.file.contains(&tenant.to_string()) => 0,
                    Some(_) | None => return None,
                };
                let opened = opened.map(|sealed| sealed.checkpoint().root());
                Some(Held { size, file: held.file.clone(), opened })
            })
            .collect();
        held.sort_by_key(|held| held.size);
        Self {
            sealing,
            tenant,
            ring,
            stored: VecDeque::new(),
            more_from: Some(0),
            held: held.into(),
            compared: (0, 0),
        }
    }

    /// How many stored ones and how many from outside have been compared.
    pub(super) const fn compared(&self) -> (u64, u64) {
        self.compared
    }

    /// The size at which the next comparison is due.
    pub(super) async fn next_size(&mut self) -> Result<Option<u64>, Stop> {
        self.refill().await?;
        let sizes = [self.stored.front().map(|stored| stored.size), self.held.front().map(|held| held.size)];
        Ok(sizes.into_iter().flatten().min())
    }

    /// Compares everything claimed of the tree at its present size.
    pub(super) async fn compare(&mut self, frontier: &Frontier) -> Result<(), Stop> {
        let root = frontier.root();
        while self.next_size().await? == Some(frontier.size()) {
            if let Some(stored) = self.stored.pop_front_if(|stored| stored.size == frontier.size()) {
                self.compare_stored(&stored, frontier, root)?;
                self.compared.0 += 1;
            }
            if let Some(held) = self.held.pop_front_if(|held| held.size == frontier.size()) {
                compare_held(held, root)?;
                self.compared.1 += 1;
            }
        }
        Ok(())
    }

    /// A claim beyond the last event, if there is one: the tail that it covers was lost. What has been written and sealed since
    /// the verification began is none of its business.
    pub(super) async fn beyond(&mut self, last: Position) -> Result<(), Stop> {
        let written = self.last_written().await?;
        let stored = self.sealing.latest_size(self.tenant).await?;
        if stored > written {
            return Err(Fault::Tail { place: CheckpointPlace::Stored(stored), size: stored, last }.into());
        }
        let Some(at) = self.held.iter().position(|held| held.size > written) else { return Ok(()) };
        let Some(Held { size, file, opened }) = self.held.remove(at) else { return Ok(()) };
        let place = CheckpointPlace::Held(file);
        Err(match opened {
            Ok(_) => Fault::Tail { place, size, last },
            Err(error) => Fault::Checkpoint { place, source: Some(error) },
        }
        .into())
    }

    async fn last_written(&self) -> Result<u64, Stop> {
        let mut transaction = TenantTx::begin(&self.sealing.office.pools.app, self.tenant).await?;
        let end = stream_end(&mut transaction).await?;
        Ok(end.last.map_or(0, |(position, _)| position.get()))
    }

    fn compare_stored(&self, stored: &StoredCheckpoint, frontier: &Frontier, root: Hash) -> Result<(), Stop> {
        let place = || CheckpointPlace::Stored(stored.size);
        let sealed = Checkpoint::open(stored.note.as_bytes(), &self.ring)
            .map_err(|error| Fault::Checkpoint { place: place(), source: Some(error) })?;
        let checkpoint = sealed.checkpoint();
        if *checkpoint.origin() != self.sealing.origin(self.tenant) || checkpoint.size() != stored.size {
            return Err(Fault::Checkpoint { place: place(), source: None }.into());
        }
        if checkpoint.root() != root {
            return Err(Fault::Root { place: place(), size: stored.size }.into());
        }
        if stored.frontier != frontier.to_bytes() {
            return Err(Fault::Frontier { size: stored.size }.into());
        }
        Ok(())
    }

    async fn refill(&mut self) -> Result<(), Stop> {
        let Some(from) = self.more_from.filter(|_| self.stored.is_empty()) else { return Ok(()) };
        let mut transaction = TenantTx::begin(&self.sealing.office.pools.app, self.tenant).await?;
        self.stored = checkpoints_from(&mut transaction, from, PAGE).await?.into();
        self.more_from = self.stored.back().map(|last| last.size.saturating_add(1));
        Ok(())
    }
}

fn compare_held(held: Held, root: Hash) -> Result<(), Stop> {
    let place = CheckpointPlace::Held(held.file);
    match held.opened {
        Ok(claimed) if claimed == root => Ok(()),
        Ok(_) => Err(Fault::Root { place, size: held.size }.into()),
        Err(error) => Err(Fault::Checkpoint { place, source: Some(error) }.into()),
    }
}
