//! The keys that checkpoints are signed with: made once, sealed in the database, opened into this process only.

use chrono::{DateTime, Duration, Utc};
use draxis_domain::TenantId;
use draxis_event_store::{Clock, Ids};
use draxis_proof::checkpoint::{KeyName, KeyRing, Signer, VerifierKey};
use sqlx::PgPool;
use ulid::Ulid;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::CommandError;
use crate::sealing::SealError;
use crate::secret::Secret;
use crate::vault::Vault;

/// What the keys are for, beside other signing keys in the same table.
const PURPOSE: &str = "checkpoint";
/// The vault's word for what they are.
const KIND: &str = "signing_key";
/// For so long after a rotation the key before the newest signs as well, for those who have not heard of the newest.
const OVERLAP: Duration = Duration::days(90);

/// The keys known to this process, the oldest first.
#[derive(Default)]
pub(super) struct Keys(Vec<CheckpointKey>);

struct CheckpointKey {
    signer: Signer,
    from: DateTime<Utc>,
}

/// A key to verify with, as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key in the form of a signed note: `name+hash+key`.
    pub verifier_key: VerifierKey,
    /// When it began to sign.
    pub from: DateTime<Utc>,
}

impl Keys {
    /// Reads the keys; makes the first where there is none.
    pub(super) async fn open(
        platform: &PgPool,
        vault: &Vault,
        log: &KeyName,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> Result<Self, SealError> {
        let keys = read(platform, vault, log).await?;
        if !keys.is_empty() {
            return Ok(Self(keys));
        }
        make_first(platform, vault, clock, ids).await?;
        Ok(Self(read(platform, vault, log).await?))
    }

    /// Who signs now: the newest key, and for a while after a rotation the one before it.
    pub(super) fn signers(&self, now: DateTime<Utc>) -> Vec<&Signer> {
        let Some((newest, older)) = self.0.split_last() else { return Vec::new() };
        let before = older.last().filter(|_| now < newest.from + OVERLAP);
        before.into_iter().chain([newest]).map(|key| &key.signer).collect()
    }

    pub(super) fn ring(&self) -> KeyRing {
        KeyRing::new(self.0.iter().map(|key| key.signer.verifier_key().clone()).collect())
    }

    pub(super) fn published(&self) -> Vec<PublishedKey> {
        let published = |key: &CheckpointKey| PublishedKey {
            verifier_key: key.signer.verifier_key().clone(),
            from: key.from,
        };
        self.0.iter().map(published).collect()
    }
}

/// The private halves say what the public ones are: a public key that somebody put into the table is worth nothing.
async fn read(platform: &PgPool, vault: &Vault, log: &KeyName) -> Result<Vec<CheckpointKey>, SealError> {
    let rows = sqlx::query!(
        "SELECT id, sealed, created_at FROM signing_keys WHERE purpose = $1 ORDER BY created_at, id",
        PURPOSE
    )
    .fetch_all(platform)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = Ulid(row.id.as_u128()).to_string();
            let seed = vault.unseal(TenantId::PLATFORM, KIND, id, &row.sealed).map_err(SealError::Key)?;
            let seed = seed_of(&seed).map_err(SealError::Key)?;
            Ok(CheckpointKey { signer: Signer::new(log.clone(), &seed), from: row.created_at })
        })
        .collect()
}

fn seed_of(secret: &Secret) -> Result<Zeroizing<[u8; 32]>, CommandError> {
    let bytes = data_encoding::BASE64.decode(secret.expose().as_bytes()).map(Zeroizing::new);
    let bytes = bytes.map_err(CommandError::failed)?;
    let seed: &[u8; 32] = bytes.as_slice().try_into().map_err(CommandError::failed)?;
    Ok(Zeroizing::new(*seed))
}

/// Under a lock, so that two processes that start at once make one key.
async fn make_first(
    platform: &PgPool,
    vault: &Vault,
    clock: &dyn Clock,
    ids: &dyn Ids,
) -> Result<(), SealError> {
    let mut transaction = platform.begin().await?;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('checkpoint key', 0))")
        .execute(&mut *transaction)
        .await?;
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM signing_keys WHERE purpose = $1) AS "known!""#,
        PURPOSE
    )
    .fetch_one(&mut *transaction)
    .await?;
    if !known {
        insert(&mut transaction, vault, ids.next(), clock.now()).await?;
    }
    Ok(transaction.commit().await?)
}

async fn insert(
    connection: &mut sqlx::PgConnection,
    vault: &Vault,
    id: Ulid,
    now: DateTime<Utc>,
) -> Result<(), SealError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice())
        .map_err(|error| SealError::Key(CommandError::Failed(error.to_string().into())))?;
    let secret = Secret::new(data_encoding::BASE64.encode(seed.as_slice()));
    let sealed = vault.seal(TenantId::PLATFORM, KIND, id.to_string(), &secret);
    let sealed = sealed.map_err(|error| SealError::Key(error.into()))?;
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    sqlx::query!(
        "INSERT INTO signing_keys (id, purpose, public_key, sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
        Uuid::from_u128(id.0),
        PURPOSE,
        &public,
        sealed.to_bytes(),
        now
    )
    .execute(connection)
    .await?;
    tracing::info!(key.id = %id, "a new key seals checkpoints from now on");
    Ok(())
}
