//! Checkpoints as they are stored: the signed notes, the frontiers to go on from, and the nodes that proofs are made of.
#![expect(clippy::as_conversions, reason = "sqlx's macros take a parameter's type in the form of a cast")]

use chrono::{DateTime, Utc};
use draxis_proof::tree::Hash;

use crate::tenant_tx::TenantTx;

/// How many children a stored node has, and how many hashes are read at a time.
pub const TILE: u64 = 256;

/// A checkpoint as it is stored; what it says is worth as much as its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many events it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
    /// The frontier of the tree of that size.
    pub frontier: Vec<u8>,
    /// When it was sealed.
    pub sealed_at: DateTime<Utc>,
}

/// The root of a complete subtree of `TILE` to the power of `height` leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredNode {
    /// 1 for the root over 256 leaves, 2 over 256 of those.
    pub height: u8,
    /// Its place among those of its height, from 0.
    pub place: u64,
    /// The root.
    pub hash: Hash,
}

/// The newest checkpoint of the transaction's tenant.
pub async fn last_checkpoint(transaction: &mut TenantTx) -> Result<Option<StoredCheckpoint>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let row = sqlx::query!(
        "SELECT size, note, frontier, sealed_at FROM checkpoints WHERE tenant_id = $1 ORDER BY size DESC LIMIT 1",
        tenant
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(|row| StoredCheckpoint {
        size: unsigned(row.size),
        note: row.note,
        frontier: row.frontier,
        sealed_at: row.sealed_at,
    }))
}

/// Checkpoints of at least this size, the smallest first, at most `limit`.
pub async fn checkpoints_from(
    transaction: &mut TenantTx,
    size: u64,
    limit: u32,
) -> Result<Vec<StoredCheckpoint>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query!(
        "SELECT size, note, frontier, sealed_at FROM checkpoints WHERE tenant_id = $1 AND size >= $2
         ORDER BY size LIMIT $3",
        tenant,
        signed(size),
        i64::from(limit)
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StoredCheckpoint {
            size: unsigned(row.size),
            note: row.note,
            frontier: row.frontier,
            sealed_at: row.sealed_at,
        })
        .collect())
}

/// Stores a checkpoint with the nodes that its events completed, and commits. False, and nothing stored, where another process
/// has sealed as far in the meantime.
pub async fn store_checkpoint(
    mut transaction: TenantTx,
    checkpoint: &StoredCheckpoint,
    nodes: &[StoredNode],
) -> Result<bool, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    // One at a time, so that a stream's checkpoints are sealed in the order of their sizes.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('checkpoint', 0) # hashtextextended($1, 0))",
        tenant.to_string()
    )
    .execute(&mut *transaction)
    .await?;
    if last_checkpoint(&mut transaction).await?.is_some_and(|last| last.size >= checkpoint.size) {
        return Ok(false);
    }
    insert_nodes(&mut transaction, nodes).await?;
    sqlx::query!(
        "INSERT INTO checkpoints (tenant_id, size, note, frontier, sealed_at) VALUES ($1, $2, $3, $4, $5)",
        tenant,
        signed(checkpoint.size),
        checkpoint.note,
        checkpoint.frontier,
        checkpoint.sealed_at
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

async fn insert_nodes(transaction: &mut TenantTx, nodes: &[StoredNode]) -> Result<(), sqlx::Error> {
    if nodes.is_empty() {
        return Ok(());
    }
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "INSERT INTO tree_nodes (tenant_id, height, place, hash)
         SELECT $1, n.* FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS n (height, place, hash)
         ON CONFLICT ON CONSTRAINT tree_nodes_pk DO NOTHING",
        tenant,
        &nodes.iter().map(|node| i16::from(node.height)).collect::<Vec<_>>(),
        &nodes.iter().map(|node| signed(node.place)).collect::<Vec<_>>(),
        &nodes.iter().map(|node| node.hash.as_bytes().as_slice()).collect::<Vec<_>>() as &[&[u8]],
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The hashes of one tile: up to 256 neighbours of a height, from the tile's first on without a gap. Height 0 is the leaves
/// themselves, as they stand beside their events.
pub async fn read_tile(transaction: &mut TenantTx, height: u8, tile: u64) -> Result<Vec<Hash>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let first = tile.saturating_mul(TILE);
    let rows: Vec<(u64, Vec<u8>)> = if height == 0 {
        let query = sqlx::query!(
            "SELECT position, leaf_hash FROM events WHERE tenant_id = $1 AND position > $2 AND position <= $3
             ORDER BY position",
            tenant,
            signed(first),
            signed(first.saturating_add(TILE))
        );
        let rows = query.fetch_all(&mut **transaction).await?;
        rows.into_iter().map(|row| (unsigned(row.position).saturating_sub(1), row.leaf_hash)).collect()
    } else {
        let query = sqlx::query!(
            "SELECT place, hash FROM tree_nodes WHERE tenant_id = $1 AND height = $2 AND place >= $3 AND place < $4
             ORDER BY place",
            tenant,
            i16::from(height),
            signed(first),
            signed(first.saturating_add(TILE))
        );
        let rows = query.fetch_all(&mut **transaction).await?;
        rows.into_iter().map(|row| (unsigned(row.place), row.hash)).collect()
    };
    let dense = (first..).zip(rows).take_while(|(expected, (place, _))| expected == place);
    Ok(dense.map_while(|(_, (_, hash))| as_hash(&hash)).collect())
}

/// A hash from its column; none where it has not 32 bytes, which the table's check never admits.
pub fn as_hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok().map(Hash::new)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
