//! Where secrets are kept: sealed, and bound to the one place each belongs to.

mod rotation;
pub mod seal;

use std::sync::Arc;

use draxis_domain::{SecretId, TenantId};
use draxis_event_store::TenantTx;
use sqlx::PgPool;

pub use crate::vault::rotation::Rotation;

use crate::CommandError;
use crate::secret::{EncryptionKeys, Secret};
use crate::vault::seal::{Place, SealError, Sealed};

/// The vault: the table of sealed secrets and the ring of keys that opens them.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<EncryptionKeys>,
}

impl From<SealError> for CommandError {
    fn from(error: SealError) -> Self {
        Self::failed(error)
    }
}

impl Vault {
    /// A vault under these keys.
    pub fn new(keys: EncryptionKeys) -> Self {
        Self { keys: Arc::new(keys) }
    }

    /// Seals a secret of the tenant and keeps it under its id.
    pub async fn keep(
        &self,
        pool: &PgPool,
        (tenant, kind, id): (TenantId, &'static str, SecretId),
        secret: &Secret,
    ) -> Result<(), CommandError> {
        let sealed = self.seal(tenant, kind, id.to_string(), secret)?;
        let mut transaction = TenantTx::begin(pool, tenant).await?;
        sqlx::query!(
            "INSERT INTO vault (tenant_id, kind, record_id, key_id, sealed, sealed_at) VALUES ($1, $2, $3, $4, $5, now())
             ON CONFLICT ON CONSTRAINT vault_pk DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed,
                                                              sealed_at = excluded.sealed_at",
            tenant.uuid(),
            kind,
            id.to_string(),
            sealed.key_id().as_str(),
            sealed.to_bytes()
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Opens a secret of the tenant; none where it is not kept (any more).
    pub async fn open(
        &self,
        pool: &PgPool,
        (tenant, kind, id): (TenantId, &'static str, SecretId),
    ) -> Result<Option<Secret>, CommandError> {
        let mut transaction = TenantTx::begin(pool, tenant).await?;
        let sealed = sqlx::query_scalar!(
            "SELECT sealed FROM vault WHERE tenant_id = $1 AND kind = $2 AND record_id = $3",
            tenant.uuid(),
            kind,
            id.to_string()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        sealed.map(|sealed| self.unseal(tenant, kind, id.to_string(), &sealed)).transpose()
    }

    /// Forgets every secret of a kind that has been kept for so many days and is of no use by then.
    pub async fn forget_old(
        &self,
        pool: &PgPool,
        (tenant, kind): (TenantId, &'static str),
        days: i32,
    ) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(pool, tenant).await?;
        sqlx::query!(
            "DELETE FROM vault WHERE tenant_id = $1 AND kind = $2 AND sealed_at < now() - make_interval(days => $3)",
            tenant.uuid(),
            kind,
            days
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets a secret that nothing refers to any more.
    pub async fn forget(
        &self,
        pool: &PgPool,
        (tenant, kind, id): (TenantId, &'static str, SecretId),
    ) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(pool, tenant).await?;
        sqlx::query!(
            "DELETE FROM vault WHERE tenant_id = $1 AND kind = $2 AND record_id = $3",
            tenant.uuid(),
            kind,
            id.to_string()
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Seals a secret that its owner keeps in another table.
    pub fn seal(
        &self,
        tenant: TenantId,
        kind: &'static str,
        record: String,
        secret: &Secret,
    ) -> Result<Sealed, SealError> {
        seal::seal(&self.keys, &Place::new(tenant.uuid(), kind, record), secret)
    }

    /// Opens what [`Self::seal`] sealed for the same place.
    pub fn unseal(
        &self,
        tenant: TenantId,
        kind: &'static str,
        record: String,
        sealed: &[u8],
    ) -> Result<Secret, CommandError> {
        let sealed = Sealed::parse(sealed)?;
        Ok(seal::open(&self.keys, &Place::new(tenant.uuid(), kind, record), &sealed)?)
    }
}
