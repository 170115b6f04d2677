//! Up to which size a stream's checkpoints have been delivered to whoever keeps them outside.

use chrono::{DateTime, Utc};

use crate::tenant_tx::TenantTx;

/// The size of the newest checkpoint of the transaction's stream that was delivered; 0 where none was.
pub async fn delivered_size(transaction: &mut TenantTx) -> Result<u64, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let size = sqlx::query_scalar!("SELECT size FROM checkpoint_deliveries WHERE tenant_id = $1", tenant)
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default())
}

/// Notes that the checkpoint of a size was delivered; one that is behind what is noted changes nothing.
pub async fn note_delivered(
    mut transaction: TenantTx,
    size: u64,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "INSERT INTO checkpoint_deliveries (tenant_id, size, delivered_at) VALUES ($1, $2, $3)
         ON CONFLICT ON CONSTRAINT checkpoint_deliveries_pk DO UPDATE
         SET size = excluded.size, delivered_at = excluded.delivered_at
         WHERE checkpoint_deliveries.size < excluded.size",
        tenant,
        i64::try_from(size).unwrap_or(i64::MAX),
        at
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}
