//! The keys that checkpoints are signed with: made once, sealed in the database, opened into this process only.

use chrono::{DateTime, Duration, Utc};
use draxis_domain::TenantId;
use draxis_domain::checkpoint_key::CheckpointKeyRotated;
use draxis_event_store::{Clock, Ids};
use draxis_proof::checkpoint::{KeyName, KeyRing, Note, Rotation, Signer, VerifierKey};
use draxis_proof::record::UtcMicros;
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
    id: Ulid,
    signer: Signer,
    from: DateTime<Utc>,
    /// The note in which the key before vouches for it.
    rotation: Option<String>,
}

/// A key to verify with, as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key in the form of a signed note: `name+hash+key`.
    pub verifier_key: VerifierKey,
    /// When it began to sign.
    pub from: DateTime<Utc>,
    /// The note in which the key before it vouches for it; none for the first.
    pub rotation: Option<String>,
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

    /// The rotations there were, the oldest first, each with the id of the key that took over.
    pub(super) fn rotations(&self) -> Vec<(Ulid, CheckpointKeyRotated)> {
        let pairs =
            self.0.windows(2).filter_map(|pair| if let [old, new] = pair { Some((old, new)) } else { None });
        pairs
            .filter_map(|(old, new)| {
                let rotated = CheckpointKeyRotated {
                    verifier_key: new.signer.verifier_key().to_string(),
                    previous: old.signer.verifier_key().to_string(),
                    from: new.from,
                    note: new.rotation.clone()?,
                };
                Some((new.id, rotated))
            })
            .collect()
    }

    /// The notes of the rotations, for bundles.
    pub(super) fn rotation_notes(&self) -> Result<Vec<Note>, SealError> {
        let notes = self.0.iter().filter_map(|key| key.rotation.as_ref());
        notes.map(|note| Note::parse(note.as_bytes()).map_err(SealError::Rotation)).collect()
    }

    pub(super) fn published(&self) -> Vec<PublishedKey> {
        let published = |key: &CheckpointKey| PublishedKey {
            verifier_key: key.signer.verifier_key().clone(),
            from: key.from,
            rotation: key.rotation.clone(),
        };
        self.0.iter().map(published).collect()
    }
}

/// The private halves say what the public ones are: a public key that somebody put into the table is worth nothing.
async fn read(platform: &PgPool, vault: &Vault, log: &KeyName) -> Result<Vec<CheckpointKey>, SealError> {
    let rows = sqlx::query!(
        "SELECT id, sealed, created_at, rotation FROM signing_keys WHERE purpose = $1 ORDER BY created_at, id",
        PURPOSE
    )
    .fetch_all(platform)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = Ulid(row.id.as_u128());
            let seed = vault
                .unseal(TenantId::PLATFORM, KIND, id.to_string(), &row.sealed)
                .map_err(SealError::Key)?;
            let seed = seed_of(&seed).map_err(SealError::Key)?;
            let signer = Signer::new(log.clone(), &seed);
            Ok(CheckpointKey { id, signer, from: row.created_at, rotation: row.rotation })
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
        insert(&mut transaction, vault, (ids.next(), &new_seed()?), clock.now(), None).await?;
    }
    Ok(transaction.commit().await?)
}

/// Makes a key that takes over from the newest, which vouches for it.
pub(super) async fn rotate(
    platform: &PgPool,
    vault: &Vault,
    log: &KeyName,
    clock: &dyn Clock,
    ids: &dyn Ids,
) -> Result<(), SealError> {
    let mut transaction = platform.begin().await?;
    // Under the lock of the first key, so that two who rotate at once make a chain and no fork.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('checkpoint key', 0))")
        .execute(&mut *transaction)
        .await?;
    let keys = read(platform, vault, log).await?;
    let now = clock.now();
    let seed = new_seed()?;
    let rotation = match keys.last() {
        Some(newest) => {
            let at = UtcMicros::try_new(now.timestamp_micros())?;
            let note = Rotation::sign(&newest.signer, &Signer::new(log.clone(), &seed), at);
            Some(note.map_err(SealError::Rotation)?.to_string())
        }
        None => None,
    };
    insert(&mut transaction, vault, (ids.next(), &seed), now, rotation.as_deref()).await?;
    Ok(transaction.commit().await?)
}

fn new_seed() -> Result<Zeroizing<[u8; 32]>, SealError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice())
        .map_err(|error| SealError::Key(CommandError::Failed(error.to_string().into())))?;
    Ok(seed)
}

async fn insert(
    connection: &mut sqlx::PgConnection,
    vault: &Vault,
    (id, seed): (Ulid, &Zeroizing<[u8; 32]>),
    now: DateTime<Utc>,
    rotation: Option<&str>,
) -> Result<(), SealError> {
    let secret = Secret::new(data_encoding::BASE64.encode(seed.as_slice()));
    let sealed = vault.seal(TenantId::PLATFORM, KIND, id.to_string(), &secret);
    let sealed = sealed.map_err(|error| SealError::Key(error.into()))?;
    let public = ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes();
    sqlx::query!(
        "INSERT INTO signing_keys (id, purpose, public_key, sealed, created_at, rotation)
         VALUES ($1, $2, $3, $4, $5, $6)",
        Uuid::from_u128(id.0),
        PURPOSE,
        &public,
        sealed.to_bytes(),
        now,
        rotation
    )
    .execute(connection)
    .await?;
    tracing::info!(key.id = %id, "a new key seals checkpoints from now on");
    Ok(())
}
