//! Folding a stream once more in memory, into all its projections at once: it is read and decoded but one time.

use draxis_domain::{PlatformEvent, Position, Recorded, TenantEvent, TenantId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::Verified;
use crate::error::ReadError;
use crate::live::Live;
use crate::memory::Memory;
use crate::projection::{Log, Projection};
use crate::replay::{Folded, replay};
use crate::store::{Keyed, written};

/// A projection that is being folded in memory, without its types, so that all of a log's stand in one list.
pub(crate) trait Refold<E>: Send {
    /// Folds one event.
    fn fold(&mut self, told: &Recorded<E>);
    /// How many rows there are.
    fn rows(&self) -> usize;
    /// The first rows after a key, as they are stored.
    fn rows_after(&self, key: &str, limit: usize) -> Result<Vec<Keyed>, ReadError>;
    /// Compares the rows, which are of that position, with those stored.
    fn compare(
        self: Box<Self>,
        live: &Live,
        tenant: TenantId,
        position: Position,
    ) -> BoxFuture<'_, Result<Verified, ReadError>>;
}

impl<P: Projection> Refold<P::Event> for Memory<P> {
    fn fold(&mut self, told: &Recorded<P::Event>) {
        Self::fold(self, told);
    }

    fn rows(&self) -> usize {
        self.count()
    }

    fn rows_after(&self, key: &str, limit: usize) -> Result<Vec<Keyed>, ReadError> {
        let keyed = |(key, row): (&String, &P::Row)| Ok(Keyed { key: key.clone(), body: written::<P>(row)? });
        Self::rows_after(self, key).take(limit).map(keyed).collect()
    }

    fn compare(
        self: Box<Self>,
        live: &Live,
        tenant: TenantId,
        position: Position,
    ) -> BoxFuture<'_, Result<Verified, ReadError>> {
        live.compare::<P>(tenant, Folded { state: *self, position }).boxed()
    }
}

/// All projections of a log.
pub(super) type All<E> = Vec<Box<dyn Refold<E>>>;

/// What a stream makes, folded once more in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refolded {
    /// Up to where.
    pub position: Position,
    /// The rows of all projections.
    pub rows: usize,
}

impl Live {
    /// Folds the stream to its head and tells what that makes.
    pub(crate) async fn refold(&self, tenant: TenantId) -> Result<Refolded, ReadError> {
        if tenant == TenantId::PLATFORM {
            self.refold_log::<PlatformEvent>(tenant).await.map(|folded| counted(&folded))
        } else {
            self.refold_log::<TenantEvent>(tenant).await.map(|folded| counted(&folded))
        }
    }

    pub(super) async fn refold_log<E: Log>(&self, tenant: TenantId) -> Result<Folded<All<E>>, ReadError> {
        let nothing = E::folders().iter().map(|folder| folder.in_memory()).collect();
        let folded = Folded { state: nothing, position: Position::START };
        replay(&self.pool, tenant, folded, None, fold_into_all).await
    }
}

fn fold_into_all<E>(all: &mut All<E>, told: &Recorded<E>) {
    for projection in all {
        projection.fold(told);
    }
}

fn counted<E>(folded: &Folded<All<E>>) -> Refolded {
    let rows = folded.state.iter().map(|projection| projection.rows()).fold(0, usize::saturating_add);
    Refolded { position: folded.position, rows }
}
