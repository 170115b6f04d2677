//! Tenants' risk models in memory: a bounded number, each brought up to date from the log's tail by whoever asks.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use draxis_domain::{Position, TenantId};
use draxis_event_store::{TenantTx, head};
use lru::LruCache;

use crate::dashboard::{Clocks, RenderedDashboard, render};
use crate::error::ReadError;
use crate::live::Live;
use crate::memory::Memory;
use crate::projection::Projection;
use crate::replay::{Folded, replay};
use crate::risk_model::{ModelAt, RiskModel};
use crate::store::{Range, parsed};

/// How far a model may lie behind before its rows are read from Postgres instead of the events since.
const TAIL: u64 = 4_000;

/// One tenant's place in the cache.
#[derive(Debug, Default)]
struct Place {
    /// The model; held while it is brought up to date.
    model: tokio::sync::Mutex<Option<ModelAt>>,
    /// What was rendered last.
    rendered: Mutex<Option<Arc<RenderedDashboard>>>,
}

/// The models of one process.
#[derive(Debug)]
pub(crate) struct Models {
    live: Live,
    places: Mutex<LruCache<TenantId, Arc<Place>>>,
}

impl Models {
    pub(crate) fn new(live: Live, most: NonZeroUsize) -> Self {
        Self { live, places: Mutex::new(LruCache::new(most)) }
    }

    /// The dashboard at a position or later; at the stream's head where none is named. Where nothing has happened since the
    /// last time, the same bytes.
    pub(crate) async fn dashboard(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
    ) -> Result<Arc<RenderedDashboard>, ReadError> {
        let wanted = self.wanted(tenant, at_least).await?;
        let place = self.place(tenant);
        let rendered = || place.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        let known = rendered().clone();
        if let Some(known) = known.filter(|known| known.position >= wanted) {
            return Ok(known);
        }
        let mut model = place.model.lock().await;
        let model = self.up_to(tenant, &mut model, wanted).await?;
        let known = rendered().clone();
        if let Some(known) = known.filter(|known| known.position == model.position) {
            return Ok(known);
        }
        let fresh = Arc::new(render(model, Clocks::default())?);
        *rendered() = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Looks at the model at a position or later; at the stream's head where none is named.
    pub(crate) async fn look<T>(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        look: impl FnOnce(&ModelAt) -> T,
    ) -> Result<T, ReadError> {
        let wanted = self.wanted(tenant, at_least).await?;
        let place = self.place(tenant);
        let mut model = place.model.lock().await;
        Ok(look(self.up_to(tenant, &mut model, wanted).await?))
    }

    async fn wanted(&self, tenant: TenantId, at_least: Option<Position>) -> Result<Position, ReadError> {
        match at_least {
            Some(position) => Ok(position),
            None => Ok(head(&self.live.pool, tenant).await?),
        }
    }

    fn place(&self, tenant: TenantId) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.get_or_insert(tenant, Arc::default))
    }

    /// The model, brought up to the position by the log's tail, or from Postgres where it is far behind or not there.
    async fn up_to<'a>(
        &self,
        tenant: TenantId,
        held: &'a mut Option<ModelAt>,
        wanted: Position,
    ) -> Result<&'a ModelAt, ReadError> {
        let near = |model: &ModelAt| wanted.get().saturating_sub(model.position.get()) <= TAIL;
        // Taken out while it is worked on: a request that is given up leaves nothing half folded behind.
        let folded = match held.take().filter(near) {
            Some(model) if model.position >= wanted => return Ok(held.insert(model)),
            Some(model) => model.into_folded(),
            None => self.stored(tenant, wanted).await?,
        };
        let folded = replay(&self.live.pool, tenant, folded, None, Memory::fold).await?;
        if folded.position < wanted {
            return Err(ReadError::Ahead { wanted, head: folded.position });
        }
        Ok(held.insert(ModelAt::new(folded)))
    }

    /// The rows as Postgres has them, all of one position.
    async fn stored(
        &self,
        tenant: TenantId,
        wanted: Position,
    ) -> Result<Folded<Memory<RiskModel>>, ReadError> {
        self.live.catch_up(tenant, wanted).await?;
        let mut transaction = TenantTx::begin(&self.live.pool, tenant).await?;
        let seen = RiskModel::TABLE.ascending(&mut transaction, &Range::all(), i64::MAX).await?;
        let position = seen.served::<RiskModel>()?.unwrap_or_default();
        Ok(Folded { state: Memory::from_rows(parsed::<RiskModel>(seen.rows)?), position })
    }
}
