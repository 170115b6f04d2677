//! Catching up: whoever needs a tenant's read models brings them to where they must be (design.md section 4).

use draxis_domain::{PlatformEvent, Position, TenantEvent, TenantId};
use draxis_event_store::TenantTx;

use crate::error::ReadError;
use crate::live::advance::advance;
use crate::live::at_hand::AtHand;
use crate::live::{BATCH, Live};
use crate::projection::Log;
use crate::store::{Checkpoint, Role, checkpoint};

/// How often the checkpoints are locked anew where another transaction switched them meanwhile.
const TRIES: usize = 5;

/// The checkpoints that serve, told apart by what this program may do with them.
#[derive(Debug, Default)]
pub(super) struct Serving {
    current: Vec<Checkpoint>,
    outdated: Vec<Checkpoint>,
}

impl Live {
    /// Brings every projection of the stream to its head, at least to a position; answers with where they now are. Rows of an
    /// older version of a projection are built anew on the way.
    pub(crate) async fn catch_up(&self, tenant: TenantId, at_least: Position) -> Result<Position, ReadError> {
        let slot = self.slots.of(tenant);
        let asked = slot.round();
        let mut reached = slot.reached.lock().await;
        if slot.round() != asked && *reached >= at_least {
            return Ok(*reached);
        }
        *reached = if tenant == TenantId::PLATFORM {
            self.to_head::<PlatformEvent>(tenant, &self.at_hand.of_platform).await?
        } else {
            self.to_head::<TenantEvent>(tenant, &self.at_hand.of_tenants).await?
        };
        slot.count();
        Ok(*reached)
    }

    async fn to_head<E: Log>(&self, tenant: TenantId, at_hand: &AtHand<E>) -> Result<Position, ReadError> {
        loop {
            let mut transaction = TenantTx::begin_rebuildable(&self.pool, tenant).await?;
            let serving = lock_serving::<E>(&mut transaction).await?;
            let to = if serving.current.is_empty() {
                Position::START
            } else {
                let mut growing = at_hand.take(tenant, &serving.current);
                let these = (Role::Serving, serving.current.as_slice());
                let done = advance(&mut transaction, these, &mut growing, BATCH).await?;
                transaction.commit().await?;
                at_hand.put_back(tenant, growing);
                if done.read == usize::try_from(BATCH).unwrap_or(usize::MAX) {
                    continue;
                }
                done.to
            };
            if serving.outdated.is_empty() {
                return Ok(to);
            }
            let outdated: Vec<String> =
                serving.outdated.into_iter().map(|checkpoint| checkpoint.projection).collect();
            Box::pin(self.build::<E>(tenant, &outdated, &mut |_| {})).await?;
        }
    }
}

/// Locks what serves, after letting serve what does not yet.
pub(super) async fn lock_serving<E: Log>(transaction: &mut TenantTx) -> Result<Serving, ReadError> {
    let names: Vec<String> = E::folders().iter().map(|folder| folder.table().name().to_owned()).collect();
    let versions: Vec<i32> = E::folders().iter().map(|folder| folder.version()).collect();
    for _ in 0..TRIES {
        let locked = checkpoint::locked(transaction, Role::Serving, &names).await?;
        if locked.len() == names.len() {
            return Ok(told_apart::<E>(locked));
        }
        checkpoint::begin_serving(transaction, &names, &versions).await?;
    }
    Err(ReadError::Contended)
}

/// A projection that a newer program keeps is left to that program; a query for it here says so.
fn told_apart<E: Log>(locked: Vec<Checkpoint>) -> Serving {
    let mut serving = Serving::default();
    for checkpoint in locked {
        let folder = E::folders().iter().find(|folder| folder.table().name() == checkpoint.projection);
        match folder.map(|folder| checkpoint.version.cmp(&folder.version())) {
            Some(std::cmp::Ordering::Equal) => serving.current.push(checkpoint),
            Some(std::cmp::Ordering::Less) => serving.outdated.push(checkpoint),
            Some(std::cmp::Ordering::Greater) | None => {}
        }
    }
    serving
}
