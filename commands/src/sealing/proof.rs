//! Proofs for witnesses: that an event is sealed, and that one checkpoint continues another.

use draxis_domain::{Position, TenantId};
use draxis_event_store::{EventFilter, TenantTx, read_events};
use draxis_proof::checkpoint::Note;
use draxis_proof::tree::{ConsistencyProof, InclusionProof};

use crate::sealing::making::recorded_leaf;
use crate::sealing::stored_tree::StoredTree;
use crate::sealing::{ProofRefusal, SealError, SealedTree, Sealing};

/// An event's record with the proof that it stands in the tree of the newest checkpoint.
#[derive(Debug, Clone)]
pub struct InclusionShown {
    /// The record, exactly as it was hashed.
    pub record: Vec<u8>,
    /// The proof.
    pub proof: InclusionProof,
    /// The checkpoint it is proved against.
    pub checkpoint: Note,
}

/// The proof that the tree of one size begins with that of another.
#[derive(Debug, Clone)]
pub struct ConsistencyShown {
    /// The proof.
    pub proof: ConsistencyProof,
    /// The root at the smaller size.
    pub from_root: draxis_proof::tree::Hash,
    /// The root at the larger size.
    pub to_root: draxis_proof::tree::Hash,
    /// The newest checkpoint.
    pub checkpoint: Note,
}

impl Sealing {
    pub(super) fn tree(&self, tenant: TenantId) -> StoredTree {
        StoredTree::new(self.office.pools.app.clone(), tenant)
    }

    /// The newest checkpoint, which covers a position; the stream is sealed anew where the last one does not.
    async fn covering(&self, tenant: TenantId, position: u64) -> Result<SealedTree, ProofRefusal> {
        let sealed = match self.latest(tenant).await? {
            Some(latest) if position <= latest.checkpoint.size() => latest,
            Some(_) | None => self.seal(tenant).await?,
        };
        let size = sealed.checkpoint.size();
        if (1..=size).contains(&position) { Ok(sealed) } else { Err(ProofRefusal::Outside { sealed: size }) }
    }

    /// Proves that the event at a position is sealed.
    pub async fn prove_inclusion(
        &self,
        tenant: TenantId,
        position: Position,
    ) -> Result<InclusionShown, ProofRefusal> {
        let sealed = self.covering(tenant, position.get()).await?;
        let before = Position::new(position.get().saturating_sub(1));
        let mut transaction =
            TenantTx::begin(&self.office.pools.app, tenant).await.map_err(SealError::from)?;
        let filter = EventFilter { until: Some(position), ..EventFilter::default() };
        let events = read_events(&mut transaction, before, &filter, 1).await.map_err(SealError::from)?;
        drop(transaction);
        let altered = || SealError::Altered { tenant, position };
        let event = events.first().ok_or_else(altered)?;
        let leaf = recorded_leaf(tenant, event).ok_or_else(altered)?;
        let proof = self.tree(tenant).inclusion(before.get(), sealed.checkpoint.size()).await?;
        proof
            .verify(&leaf, &sealed.checkpoint.root())
            .map_err(|source| SealError::Proof { tenant, source })?;
        let record = event.record(tenant).ok_or_else(altered)?;
        Ok(InclusionShown { record, proof, checkpoint: sealed.note })
    }

    /// Proves that the tree of `to` events begins with that of `from`.
    pub async fn prove_consistency(
        &self,
        tenant: TenantId,
        from: u64,
        to: u64,
    ) -> Result<ConsistencyShown, ProofRefusal> {
        let sealed = self.covering(tenant, to).await?;
        if !(1..=to).contains(&from) {
            return Err(ProofRefusal::Outside { sealed: sealed.checkpoint.size() });
        }
        let mut tree = self.tree(tenant);
        let refused = |source| SealError::Proof { tenant, source };
        let (from_root, to_root) = (tree.frontier(from).await?.root(), tree.frontier(to).await?.root());
        let anchored = tree.consistency(to, sealed.checkpoint.size()).await?;
        anchored.verify(&to_root, &sealed.checkpoint.root()).map_err(refused)?;
        let proof = tree.consistency(from, to).await?;
        proof.verify(&from_root, &to_root).map_err(refused)?;
        Ok(ConsistencyShown { proof, from_root, to_root, checkpoint: sealed.note })
    }
}
