//! Making a checkpoint: read back, hash again, go on from the last signed root, sign, store, publish (hazard D4).

use draxis_domain::{Position, TenantId};
use draxis_event_store::{
    StoredCheckpoint, StoredEvent, StoredNode, Stretch, TenantTx, as_hash, last_checkpoint, store_checkpoint,
    stream_end,
};
use draxis_proof::checkpoint::{Checkpoint, Note};
use draxis_proof::record::UtcMicros;
use draxis_proof::tree::{Frontier, Hash, leaf_hash};

use crate::sealing::{SealError, Sealing};

/// How many levels of the tree lie between two heights of stored nodes.
pub(super) const LEVELS: u32 = 8;

/// The head of a stream's tree, signed.
#[derive(Debug, Clone)]
pub struct SealedTree {
    /// The signed note.
    pub note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The tree's right edge.
    pub frontier: Frontier,
}

/// The tree that a checkpoint is extended to, with the nodes its new leaves complete.
struct Growth {
    tenant: TenantId,
    frontier: Frontier,
    nodes: Vec<StoredNode>,
}

impl Sealing {
    /// Seals a stream as it stands and publishes the checkpoint; where nothing is new, gives the last one again.
    pub async fn seal(&self, tenant: TenantId) -> Result<SealedTree, SealError> {
        let (last, head) = self.last_and_head(tenant).await?;
        let sealed = match last {
            Some(last) if last.frontier.size() == head.get() => last,
            last => match self.extend(tenant, last, head).await? {
                Some(sealed) => sealed,
                None => self.latest(tenant).await?.ok_or(SealError::Altered { tenant, position: head })?,
            },
        };
        self.publish(tenant).await?;
        Ok(sealed)
    }

    /// The newest checkpoint, if the stream has been sealed.
    pub async fn latest(&self, tenant: TenantId) -> Result<Option<SealedTree>, SealError> {
        let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        let stored = last_checkpoint(&mut transaction).await?;
        stored.map(|stored| self.opened(tenant, &stored)).transpose()
    }

    /// How many events the newest checkpoint covers by its row's word.
    pub(super) async fn latest_size(&self, tenant: TenantId) -> Result<u64, SealError> {
        let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        Ok(last_checkpoint(&mut transaction).await?.map_or(0, |stored| stored.size))
    }

    async fn last_and_head(&self, tenant: TenantId) -> Result<(Option<SealedTree>, Position), SealError> {
        let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        let last = last_checkpoint(&mut transaction).await?;
        let end = stream_end(&mut transaction).await?;
        drop(transaction);
        let last = last.map(|stored| self.opened(tenant, &stored)).transpose()?;
        let head = end.head.map_or(Position::START, |(position, _)| position);
        match &last {
            Some(last) if last.frontier.size() > head.get() => {
                Err(SealError::TailLost { tenant, size: last.frontier.size(), head })
            }
            Some(_) | None => Ok((last, head)),
        }
    }

    /// A stored checkpoint, if it is what one of our keys signed for this stream and size, with its own frontier beside it.
    pub(super) fn opened(
        &self,
        tenant: TenantId,
        stored: &StoredCheckpoint,
    ) -> Result<SealedTree, SealError> {
        let size = stored.size;
        let refused = |source| SealError::Checkpoint { tenant, size, source };
        let sealed =
            Checkpoint::open(stored.note.as_bytes(), &self.ring()).map_err(|error| refused(Some(error)))?;
        let checkpoint = sealed.checkpoint().clone();
        let frontier = Frontier::from_bytes(&stored.frontier).map_err(|_not_a_frontier| refused(None))?;
        let fits = *checkpoint.origin() == self.origin(tenant)
            && checkpoint.size() == size
            && frontier.size() == size
            && frontier.root() == checkpoint.root();
        let note = Note::parse(stored.note.as_bytes())
            .map_err(|error| refused(Some(draxis_proof::checkpoint::CheckpointError::Note(error))))?;
        if fits { Ok(SealedTree { note, checkpoint, frontier }) } else { Err(refused(None)) }
    }

    /// Extends the last signed tree by the events up to `head`. The new root continues the old one because it is grown from a
    /// frontier whose root is the signed one. None where another process has sealed as far meanwhile.
    async fn extend(
        &self,
        tenant: TenantId,
        last: Option<SealedTree>,
        head: Position,
    ) -> Result<Option<SealedTree>, SealError> {
        let frontier = last.map(|last| last.frontier).unwrap_or_default();
        let mut growth = Growth { tenant, frontier, nodes: Vec::new() };
        let after = Position::new(growth.frontier.size());
        let mut reader = Stretch::all(tenant, after, head).read(&self.office.pools.app);
        while let Some(events) = reader.next().await? {
            growth.grow(&events)?;
        }
        let now = self.office.clock.now();
        let sealed_at = UtcMicros::try_new(now.timestamp_micros())?;
        let size = growth.frontier.size();
        let checkpoint = Checkpoint::new(self.origin(tenant), size, growth.frontier.root(), sealed_at);
        let keys = self.keys();
        let note = checkpoint.seal(&keys.signers(now)).map_err(SealError::Signing)?;
        // What is for ever is looked at once more by the eyes of whoever will read it.
        Checkpoint::open(note.to_string().as_bytes(), &keys.ring()).map_err(SealError::Signing)?;
        let stored = StoredCheckpoint {
            size,
            note: note.to_string(),
            frontier: growth.frontier.to_bytes(),
            sealed_at: now,
        };
        let transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        let kept = store_checkpoint(transaction, &stored, &growth.nodes).await?;
        Ok(kept.then_some(SealedTree { note, checkpoint, frontier: growth.frontier }))
    }
}

impl Growth {
    fn grow(&mut self, events: &[StoredEvent]) -> Result<(), SealError> {
        for event in events {
            let altered = SealError::Altered { tenant: self.tenant, position: event.position };
            let leaf = recorded_leaf(self.tenant, event).ok_or(altered)?;
            let nodes = &mut self.nodes;
            self.frontier.push_noting(leaf, |level, place, hash| nodes.extend(kept_node(level, place, hash)));
        }
        Ok(())
    }
}

/// The leaf of an event: the hash of its record, if that is the one that was stored with it.
pub(super) fn recorded_leaf(tenant: TenantId, event: &StoredEvent) -> Option<Hash> {
    let leaf = leaf_hash(&event.record(tenant)?);
    (as_hash(&event.leaf_hash) == Some(leaf)).then_some(leaf)
}

/// The form in which a node is kept, for those that are.
pub(super) fn kept_node(level: u32, place: u64, hash: Hash) -> Option<StoredNode> {
    let height = u8::try_from(level.checked_div(LEVELS)?).ok()?;
    level.is_multiple_of(LEVELS).then_some(StoredNode { height, place, hash })
}
