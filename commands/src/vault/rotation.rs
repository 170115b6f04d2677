//! Rotating the encryption key: everything sealed is sealed again under the current one, while the program serves.
//!
//! Each secret is replaced by itself, and only if it is still what was read: an edit in the meantime wins, and a rotation that
//! is cut off goes on where it was the next time.

use draxis_domain::TenantId;
use draxis_event_store::{Pools, TenantTx, stream_positions};
use sqlx::PgPool;
use ulid::Ulid;
use uuid::Uuid;

use crate::CommandError;
use crate::vault::Vault;
use crate::vault::seal::{Place, SealError, Sealed, reseal};

/// How many tenants are asked for at once.
const TENANTS: i32 = 500;
/// How many secrets of a tenant are read at once.
const SECRETS: i64 = 100;
/// The kind of place that signing keys are sealed for.
const SIGNING_KEY: &str = "signing_key";

/// What a rotation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Secrets in the vault that were sealed again.
    pub secrets: u64,
    /// Signing keys that were sealed again.
    pub signing_keys: u64,
    /// What could not be opened, and so is as it was: each is logged with its place.
    pub unopened: u64,
}

impl Rotation {
    /// Whether everything was under the current key already.
    pub const fn is_nothing(&self) -> bool {
        self.secrets == 0 && self.signing_keys == 0 && self.unopened == 0
    }

    /// Takes the outcome of one: how many rows it replaced. One that cannot be opened does not hold up the others.
    fn note(&mut self, outcome: Result<u64, CommandError>, place: &Place) -> Result<u64, CommandError> {
        match outcome {
            Ok(replaced) => Ok(replaced),
            Err(CommandError::Failed(error)) if error.is::<SealError>() => {
                tracing::error!(place = %place, error = %error, "a secret cannot be sealed again");
                self.unopened = self.unopened.saturating_add(1);
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }
}

/// A sealed secret as it lies in the vault.
struct Entry {
    kind: String,
    record_id: String,
    sealed: Vec<u8>,
}

impl Vault {
    /// Seals everything again that is not under the current key. Where nothing was left unopened, no older key is needed by
    /// anything afterwards.
    pub async fn rotate(&self, pools: &Pools) -> Result<Rotation, CommandError> {
        let mut rotation = Rotation::default();
        self.rotate_signing_keys(&pools.platform, &mut rotation).await?;
        let mut tenants = vec![TenantId::PLATFORM];
        while let Some(last) = tenants.last().copied() {
            for tenant in tenants {
                self.rotate_tenant(&pools.app, tenant, &mut rotation).await?;
            }
            let next = stream_positions(&pools.app, last, TENANTS).await?;
            tenants = next.into_iter().map(|(tenant, _)| tenant).collect();
        }
        Ok(rotation)
    }

    async fn rotate_tenant(
        &self,
        pool: &PgPool,
        tenant: TenantId,
        rotation: &mut Rotation,
    ) -> Result<(), CommandError> {
        let mut after = (String::new(), String::new());
        loop {
            let entries = self.under_other_keys(pool, tenant, &after).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = (last.kind.clone(), last.record_id.clone());
            for entry in entries {
                let place = Place::new(tenant.uuid(), entry.kind.clone(), entry.record_id.clone());
                let outcome = self.rotate_entry(pool, tenant, (entry, &place)).await;
                let replaced = rotation.note(outcome, &place)?;
                rotation.secrets = rotation.secrets.saturating_add(replaced);
            }
        }
    }

    async fn under_other_keys(
        &self,
        pool: &PgPool,
        tenant: TenantId,
        (kind, record): &(String, String),
    ) -> Result<Vec<Entry>, CommandError> {
        let mut transaction = TenantTx::begin(pool, tenant).await?;
        let entries = sqlx::query_as!(
            Entry,
            "SELECT kind, record_id, sealed FROM vault
             WHERE tenant_id = $1 AND key_id <> $2 AND (kind, record_id) > ($3, $4)
             ORDER BY kind, record_id LIMIT $5",
            tenant.uuid(),
            self.keys.current_id().as_str(),
            kind,
            record,
            SECRETS
        )
        .fetch_all(&mut *transaction)
        .await?;
        Ok(entries)
    }

    async fn rotate_entry(
        &self,
        pool: &PgPool,
        tenant: TenantId,
        (entry, place): (Entry, &Place),
    ) -> Result<u64, CommandError> {
        let old = Sealed::parse(&entry.sealed)?;
        // The column only says where to look; the bytes say which key it was. Where they differ the column is put right.
        let new = reseal(&self.keys, place, &old)?.unwrap_or(old);
        let mut transaction = TenantTx::begin(pool, tenant).await?;
        let replaced = sqlx::query!(
            "UPDATE vault SET key_id = $5, sealed = $6, sealed_at = now()
             WHERE tenant_id = $1 AND kind = $2 AND record_id = $3 AND sealed = $4",
            tenant.uuid(),
            entry.kind,
            entry.record_id,
            entry.sealed,
            new.key_id().as_str(),
            new.to_bytes()
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(replaced)
    }

    /// There are few: one a month, and each is small.
    async fn rotate_signing_keys(&self, pool: &PgPool, rotation: &mut Rotation) -> Result<(), CommandError> {
        let rows = sqlx::query!("SELECT id, sealed FROM signing_keys ORDER BY id").fetch_all(pool).await?;
        for row in rows {
            let record = Ulid(row.id.as_u128()).to_string();
            let place = Place::new(TenantId::PLATFORM.uuid(), SIGNING_KEY, record);
            let outcome = self.rotate_signing_key(pool, (row.id, &row.sealed), &place).await;
            let replaced = rotation.note(outcome, &place)?;
            rotation.signing_keys = rotation.signing_keys.saturating_add(replaced);
        }
        Ok(())
    }

    async fn rotate_signing_key(
        &self,
        pool: &PgPool,
        (id, sealed): (Uuid, &[u8]),
        place: &Place,
    ) -> Result<u64, CommandError> {
        let Some(new) = reseal(&self.keys, place, &Sealed::parse(sealed)?)? else { return Ok(0) };
        let replaced = sqlx::query!(
            "UPDATE signing_keys SET sealed = $3 WHERE id = $1 AND sealed = $2",
            id,
            sealed,
            new.to_bytes()
        )
        .execute(pool)
        .await?;
        Ok(replaced.rows_affected())
    }
}
