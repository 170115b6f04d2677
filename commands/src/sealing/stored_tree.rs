//! A stream's tree as it is stored: leaves beside their events, every eighth level in a table, the rest computed.
//!
//! Nothing that comes out of here is believed by itself: a proof is verified against a signed root before it leaves.

use std::collections::BTreeMap;

use draxis_domain::TenantId;
use draxis_event_store::{TILE, TenantTx, read_tile};
use draxis_proof::tree::{ConsistencyProof, Frontier, Hash, InclusionProof, Span};
use sqlx::PgPool;

use crate::sealing::SealError;
use crate::sealing::making::LEVELS;

/// Tiles of 8 KiB kept at a time.
const MOST_TILES: usize = 256;

/// Reads nodes of one stream's tree, a tile at a time, and keeps the last tiles it has read.
pub(super) struct StoredTree {
    pool: PgPool,
    tenant: TenantId,
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl StoredTree {
    pub(super) const fn new(pool: PgPool, tenant: TenantId) -> Self {
        Self { pool, tenant, tiles: BTreeMap::new() }
    }

    /// The frontier of the first `size` leaves, which must be sealed.
    pub(super) async fn frontier(&mut self, size: u64) -> Result<Frontier, SealError> {
        let mut peaks = Vec::new();
        for (level, index) in Span::whole(size).complete_nodes() {
            peaks.push(self.node(level, index).await?);
        }
        self.joined(size, peaks)
    }

    /// That a leaf is in the tree of a sealed size.
    pub(super) async fn inclusion(&mut self, index: u64, size: u64) -> Result<InclusionProof, SealError> {
        let spans = InclusionProof::spans(index, size).map_err(|source| self.refused(source))?;
        Ok(InclusionProof { index, size, path: self.roots(&spans).await? })
    }

    /// That the tree of one sealed size begins with that of another.
    pub(super) async fn consistency(&mut self, old: u64, new: u64) -> Result<ConsistencyProof, SealError> {
        let spans = ConsistencyProof::spans(old, new).map_err(|source| self.refused(source))?;
        Ok(ConsistencyProof { old, new, path: self.roots(&spans).await? })
    }

    /// A stored hash: a leaf at height 0, a kept node above it; none where it is not stored.
    pub(super) async fn stored(&mut self, height: u8, place: u64) -> Result<Option<Hash>, SealError> {
        let (tile, at) = (place / TILE, place % TILE);
        if !self.tiles.contains_key(&(height, tile)) {
            let mut transaction = TenantTx::begin(&self.pool, self.tenant).await?;
            let hashes = read_tile(&mut transaction, height, tile).await?;
            if self.tiles.len() >= MOST_TILES {
                self.tiles.clear();
            }
            self.tiles.insert((height, tile), hashes);
        }
        let hashes = self.tiles.get(&(height, tile)).map(Vec::as_slice).unwrap_or_default();
        Ok(usize::try_from(at).ok().and_then(|at| hashes.get(at)).copied())
    }

    async fn roots(&mut self, spans: &[Span]) -> Result<Vec<Hash>, SealError> {
        let mut roots = Vec::with_capacity(spans.len());
        for span in spans {
            let mut peaks = Vec::new();
            for (level, index) in span.complete_nodes() {
                peaks.push(self.node(level, index).await?);
            }
            roots.push(self.joined(span.end().saturating_sub(span.begin()), peaks)?.root());
        }
        Ok(roots)
    }

    /// A node of any level, computed from the stored ones of the height below.
    async fn node(&mut self, level: u32, index: u64) -> Result<Hash, SealError> {
        let height = u8::try_from(level / LEVELS).unwrap_or(u8::MAX);
        let first = index << (level % LEVELS);
        let mut subtree = Frontier::new();
        for place in first..first.saturating_add(1 << (level % LEVELS)) {
            let missing = SealError::NodeMissing { tenant: self.tenant, height, place };
            subtree.push(self.stored(height, place).await?.ok_or(missing)?);
        }
        Ok(subtree.root())
    }

    fn joined(&self, size: u64, peaks: Vec<Hash>) -> Result<Frontier, SealError> {
        let tenant = self.tenant;
        Frontier::try_new(size, peaks).map_err(|source| SealError::Frontier { tenant, source })
    }

    const fn refused(&self, source: draxis_proof::tree::ProofError) -> SealError {
        SealError::Proof { tenant: self.tenant, source }
    }
}
