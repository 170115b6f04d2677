//! The keys that access tokens are signed with: several at a time, so that a rotation never ends a session.

use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Duration, Utc};
use draxis_domain::TenantId;
use draxis_event_store::{Clock, Ids, Pools};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ulid::Ulid;
use uuid::Uuid;

use crate::CommandError;
use crate::identity::random_bytes;
use crate::secret::Secret;
use crate::vault::Vault;

/// A key in use: its id, and both halves in the forms jsonwebtoken takes.
pub(super) struct TokenKey {
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) encoding: jsonwebtoken::EncodingKey,
    pub(super) decoding: jsonwebtoken::DecodingKey,
}

/// The keys known to this process, the newest first.
pub(super) struct KeyRing(RwLock<Vec<std::sync::Arc<TokenKey>>>);

/// What the keys are for, beside other signing keys in the same table.
const PURPOSE: &str = "access_token";
/// A key signs for a month…
const SIGNS: Duration = Duration::days(30);
/// …and verifies a day longer, far beyond the quarter of an hour that a token lives.
const VERIFIES: Duration = Duration::days(31);

impl KeyRing {
    pub(super) async fn open(
        pools: &Pools,
        vault: &Vault,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> Result<Self, CommandError> {
        let ring = Self(RwLock::default());
        ring.refresh(pools, vault, clock, ids).await?;
        Ok(ring)
    }

    /// Reads the keys, makes one if the newest has signed for long enough, and keeps those that still verify.
    pub(super) async fn refresh(
        &self,
        pools: &Pools,
        vault: &Vault,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> Result<(), CommandError> {
        let now = clock.now();
        let mut keys = read(pools, vault, now - VERIFIES).await?;
        if keys.first().is_none_or(|newest| newest.created_at + SIGNS <= now) {
            make(pools, vault, ids.next(), now).await?;
            keys = read(pools, vault, now - VERIFIES).await?;
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            keys.into_iter().map(std::sync::Arc::new).collect();
        Ok(())
    }

    /// The key that signs now.
    pub(super) fn newest(&self) -> Option<std::sync::Arc<TokenKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    /// The key of that id, if it still verifies.
    pub(super) fn find(&self, id: &str) -> Option<std::sync::Arc<TokenKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().find(|key| key.id == id).cloned()
    }
}

async fn read(pools: &Pools, vault: &Vault, since: DateTime<Utc>) -> Result<Vec<TokenKey>, CommandError> {
    let rows = sqlx::query!(
        "SELECT id, public_key, sealed, created_at FROM signing_keys
         WHERE purpose = $1 AND created_at > $2 ORDER BY created_at DESC, id",
        PURPOSE,
        since
    )
    .fetch_all(&pools.platform)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = Ulid(row.id.as_u128()).to_string();
            let sealed = vault.unseal(TenantId::PLATFORM, "signing_key", id.clone(), &row.sealed)?;
            let der =
                data_encoding::BASE64.decode(sealed.expose().as_bytes()).map_err(CommandError::failed)?;
            Ok(TokenKey {
                id,
                created_at: row.created_at,
                encoding: jsonwebtoken::EncodingKey::from_ed_der(&der),
                decoding: jsonwebtoken::DecodingKey::from_ed_der(&row.public_key),
            })
        })
        .collect()
}

async fn make(pools: &Pools, vault: &Vault, id: Ulid, now: DateTime<Utc>) -> Result<(), CommandError> {
    let key = SigningKey::from_bytes(&random_bytes()?);
    let der = key.to_pkcs8_der().map_err(|error| CommandError::Failed(error.to_string().into()))?;
    let secret = Secret::new(data_encoding::BASE64.encode(der.as_bytes()));
    let sealed = vault.seal(TenantId::PLATFORM, "signing_key", id.to_string(), &secret)?;
    sqlx::query!(
        "INSERT INTO signing_keys (id, purpose, public_key, sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
        Uuid::from_u128(id.0),
        PURPOSE,
        &key.verifying_key().to_bytes(),
        sealed.to_bytes(),
        now
    )
    .execute(&pools.platform)
    .await?;
    tracing::info!(key.id = %id, "a new key signs access tokens from now on");
    Ok(())
}
