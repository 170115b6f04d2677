//! Passwords: argon2id, off the async threads, behind two permits and a bounded queue (hazards A1).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::CommandError;
use crate::secret::Secret;

/// A password of acceptable length. Length is what makes it hard to guess; no other rule is imposed (NIST SP 800-63B).
#[derive(Deserialize)]
#[serde(try_from = "Secret")]
pub struct Password(Secret);

/// Why a password was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Easy to guess.
    #[error("must have 12 or more characters")]
    TooShort,
    /// Longer than anybody needs.
    #[error("must have at most 256 characters")]
    TooLong,
}

impl TryFrom<Secret> for Password {
    type Error = PasswordError;

    fn try_from(text: Secret) -> Result<Self, PasswordError> {
        match text.expose().chars().count() {
            0..12 => Err(PasswordError::TooShort),
            12..=256 => Ok(Self(text)),
            _ => Err(PasswordError::TooLong),
        }
    }
}

impl Password {
    /// The secret behind it, to be verified against.
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

/// Hashes and verifies, two at a time.
#[derive(Clone)]
pub(super) struct Hasher {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// What an unknown account's password is verified against, so that it costs the same as a known one's.
    decoy: Arc<str>,
}

impl Hasher {
    /// How many may wait for a permit before more are turned away.
    const QUEUE: usize = 128;

    pub(super) fn start() -> Result<Self, CommandError> {
        let decoy = hash("correct horse battery staple")?;
        Ok(Self { permits: Arc::new(Semaphore::new(2)), waiting: Arc::default(), decoy: decoy.into() })
    }

    /// The PHC string to store.
    pub(super) async fn hash(&self, password: Password) -> Result<String, CommandError> {
        self.work(move || hash(password.0.expose())).await
    }

    /// Whether the password fits the stored hash; without one it never does, at the same cost.
    pub(super) async fn verify(
        &self,
        password: Secret,
        stored: Option<String>,
    ) -> Result<bool, CommandError> {
        let decoy = Arc::clone(&self.decoy);
        self.work(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| decoy.to_string());
            let stored =
                PasswordHash::new(&stored).map_err(|error| CommandError::Failed(error.to_string().into()))?;
            Ok(argon2()?.verify_password(password.expose().as_bytes(), &stored).is_ok() && known)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
    ) -> Result<T, CommandError> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= Self::QUEUE {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(CommandError::Overloaded);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let permit = permit.map_err(CommandError::failed)?;
        let done = tokio::task::spawn_blocking(job).await.map_err(CommandError::failed)?;
        drop(permit);
        done
    }
}

/// OWASP's first choice for argon2id: 46 MiB, one pass, one lane.
fn argon2() -> Result<Argon2<'static>, CommandError> {
    let params =
        Params::new(46 * 1024, 1, 1, None).map_err(|error| CommandError::Failed(error.to_string().into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, CommandError> {
    let hashed = argon2()?
        .hash_password(password.as_bytes())
        .map_err(|error| CommandError::Failed(error.to_string().into()))?;
    Ok(hashed.to_string())
}
