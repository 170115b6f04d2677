//! Sealing: what makes a stream provable to somebody who trusts neither this program nor its database.
//!
//! A checkpoint is a signed statement of how many events a stream has and of the root of the tree over them. Here checkpoints
//! are sealed and published outside the database, proofs are made from stored nodes, streams are verified and exported.

mod error;
mod export;
mod keys;
mod making;
mod proof;
mod rotation;
mod sealer;
mod shelf;
mod stored_tree;
mod verification;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use draxis_domain::TenantId;
use draxis_event_store::{Clock, Ids, Pools};
use draxis_proof::checkpoint::{KeyName, KeyRing, Origin};
use draxis_proof::record::Ulid;

pub use error::{ProofRefusal, SealError};
pub use export::{Export, ExportFormat, ExportRequest, Selection};
pub use keys::PublishedKey;
pub use making::SealedTree;
pub use proof::{ConsistencyShown, InclusionShown};
pub use shelf::HeldNote;
pub use verification::{Fault, Verification};

use crate::Commands;
use crate::sealing::keys::Keys;
use crate::sealing::shelf::Shelf;
use crate::vault::Vault;

/// The log's name where the configuration gives none.
const DEFAULT_NAME: &str = "draxis";

/// How this deployment seals.
#[derive(Debug, Clone)]
pub struct SealingSettings {
    /// The name its keys sign under, such as `draxis` or `risk.example.com`; checkpoints bear it for ever.
    pub log: KeyName,
    /// A directory outside the database that checkpoints are published to, such as one that is copied elsewhere.
    pub directory: Option<PathBuf>,
}

impl SealingSettings {
    /// The default name, and nothing published.
    pub fn try_default() -> Result<Self, SealError> {
        let log = KeyName::parse(DEFAULT_NAME).map_err(SealError::Name)?;
        Ok(Self { log, directory: None })
    }
}

/// Seals, proves, verifies and exports streams.
#[derive(Clone)]
pub struct Sealing {
    office: Arc<Office>,
}

/// What everything here reaches for.
struct Office {
    pools: Pools,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    vault: Vault,
    log: KeyName,
    keys: RwLock<Arc<Keys>>,
    shelf: Option<Shelf>,
}

impl Sealing {
    /// Opens the signing keys, and makes the first where there is none.
    pub async fn open(commands: &Commands, settings: SealingSettings) -> Result<Self, SealError> {
        let office = Office {
            pools: commands.pools().clone(),
            clock: commands.shared_clock(),
            ids: commands.shared_ids(),
            vault: commands.vault().clone(),
            log: settings.log,
            keys: RwLock::default(),
            shelf: settings.directory.map(Shelf::new),
        };
        let sealing = Self { office: Arc::new(office) };
        sealing.refresh_keys().await?;
        Ok(sealing)
    }

    /// Takes in keys that other processes made.
    pub async fn refresh_keys(&self) -> Result<(), SealError> {
        let office = &self.office;
        let keys =
            Keys::open(&office.pools.platform, &office.vault, &office.log, &*office.clock, &*office.ids);
        *office.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys.await?);
        Ok(())
    }

    /// The keys to verify with, the oldest first, each with the time from which it signs.
    pub fn published_keys(&self) -> Vec<PublishedKey> {
        self.keys().published()
    }

    /// The keys that this deployment's checkpoints are verified with.
    pub fn ring(&self) -> KeyRing {
        self.keys().ring()
    }

    /// The identity of one tenant's stream.
    pub fn origin(&self, tenant: TenantId) -> Origin {
        Origin::new(self.office.log.clone(), Ulid::new(tenant.ulid().0))
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.office.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}
