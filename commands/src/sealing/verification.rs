//! Verifying a stream as it lies in the database: every record, the tree over them, every checkpoint, the head.
//!
//! The stream is read once from its beginning, in constant memory. The first place that is not as it must be is named; what
//! comes after it is not looked at, since one change makes everything behind it differ.

mod claims;
mod fault;
mod walk;

use draxis_domain::TenantId;
use draxis_event_store::{TenantTx, first_sequence_fault, stream_end};
use draxis_proof::checkpoint::{KeyRing, VerifierKey};

pub use fault::Fault;

use crate::sealing::verification::claims::Claims;
use crate::sealing::verification::walk::{Stop, Walk};
use crate::sealing::{HeldNote, SealError, Sealing};

/// What a verification has shown of one stream.
#[derive(Debug)]
pub struct Verification {
    /// Whose stream.
    pub tenant: TenantId,
    /// How many events were read.
    pub events: u64,
    /// How many stored checkpoints were compared.
    pub checkpoints: u64,
    /// How many checkpoints from outside were compared.
    pub held: u64,
    /// The first place that is not as it must be.
    pub fault: Option<Fault>,
}

impl Verification {
    /// Whether everything is as it must be.
    pub const fn holds(&self) -> bool {
        self.fault.is_none()
    }
}

impl Sealing {
    /// Verifies one stream against itself, against its checkpoints and against those that were kept outside the database
    /// (notes of other streams are passed over). `trusted` are keys known from outside, besides our own. `progress` is told how
    /// many events have been read of how many.
    pub async fn verify(
        &self,
        tenant: TenantId,
        held: &[HeldNote],
        trusted: &[VerifierKey],
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Verification, SealError> {
        let ring = KeyRing::new(self.ring().keys().iter().chain(trusted).cloned().collect());
        let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        let end = stream_end(&mut transaction).await?;
        drop(transaction);
        let claims = Claims::new(self.clone(), tenant, ring, held);
        let mut walk = Walk::new(self.clone(), tenant, claims);
        let stopped = match walk.walk_through(&end, &mut progress).await {
            Ok(()) => None,
            Err(Stop::Fault(fault)) => Some(*fault),
            Err(Stop::Failed(error)) => return Err(error),
        };
        let fault = match stopped {
            Some(fault) => Some(fault),
            None => self.sequence_fault(tenant, walk.read()).await?,
        };
        let (checkpoints, held) = walk.compared();
        Ok(Verification { tenant, events: walk.read().get(), checkpoints, held, fault })
    }

    async fn sequence_fault(
        &self,
        tenant: TenantId,
        until: draxis_domain::Position,
    ) -> Result<Option<Fault>, SealError> {
        let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        let fault = first_sequence_fault(&mut transaction, until).await?;
        Ok(fault.map(|fault| Fault::Sequence {
            position: fault.position,
            aggregate: fault.aggregate,
            found: fault.found,
        }))
    }
}
