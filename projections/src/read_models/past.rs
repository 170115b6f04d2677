//! Questions about a past position or time: the dashboard as it was, and as it is known to have been.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use draxis_domain::kri::Standing;
use draxis_domain::{Position, Recorded, Sequence, TenantEvent, TenantId};
use draxis_event_store::{OfAggregate, TenantTx, read_aggregate};

use crate::dashboard::{Clocks, RenderedDashboard, render};
use crate::error::ReadError;
use crate::memory::Memory;
use crate::past::AsOf;
use crate::projection::recorded;
use crate::read_models::ReadModels;
use crate::replay::{Folded, replay};
use crate::risk_model::{LearntLater, ModelAt, RiskModel};
use crate::store::snapshot;

/// How many events of one KRI are read at once.
const PAGE: u32 = 2_000;

impl ReadModels {
    /// The dashboard as it was.
    pub async fn dashboard_as_of(
        &self,
        tenant: TenantId,
        as_of: AsOf,
    ) -> Result<RenderedDashboard, ReadError> {
        let model = self.model_as_of(tenant, as_of).await?;
        let as_of = if let AsOf::Time(time) = as_of { Some(time) } else { None };
        render(&model, Clocks { as_of, known_at: None })
    }

    /// The dashboard as it is known, at a later time, to have been: values that were true then and were recorded by `known_at`
    /// count, and how fresh they were is told by the time looked back at. What people made (definitions, links, breaches) is as it was.
    pub async fn dashboard_known_at(
        &self,
        tenant: TenantId,
        as_of: DateTime<Utc>,
        known_at: DateTime<Utc>,
    ) -> Result<RenderedDashboard, ReadError> {
        let model = self.model_as_of(tenant, AsOf::Time(as_of)).await?;
        let unlearnt = Folded { state: LearntLater::of(as_of), position: model.position };
        let known = Some(AsOf::Time(known_at));
        let learnt = replay(self.pool(), tenant, unlearnt, known, LearntLater::fold).await?.state;
        let mut standings: BTreeMap<String, Standing> = BTreeMap::new();
        for kri in learnt.of_kris.keys() {
            let in_time = self.kri_until(tenant, kri, model.position).await?;
            if let Some(standing) = learnt.standing(kri, in_time) {
                standings.insert(kri.clone(), standing);
            }
        }
        let clocks = Clocks { as_of: Some(as_of), known_at: Some(known_at) };
        render(&model.revised(&learnt, &standings), clocks)
    }

    /// The risk model as it was, folded on from the nearest snapshot.
    pub(super) async fn model_as_of(&self, tenant: TenantId, as_of: AsOf) -> Result<ModelAt, ReadError> {
        let nearest = snapshot::nearest(&mut TenantTx::begin(self.pool(), tenant).await?, as_of).await?;
        let begin: Folded<Memory<RiskModel>> = match nearest {
            Some(kept) => Folded { state: Memory::from_rows(kept.rows), position: kept.position },
            None => Folded { state: Memory::default(), position: Position::START },
        };
        let folded = replay(self.pool(), tenant, begin, Some(as_of), Memory::fold).await?;
        match as_of {
            AsOf::Position(wanted) if folded.position < wanted => {
                Err(ReadError::Ahead { wanted, head: folded.position })
            }
            AsOf::Position(_) | AsOf::Time(_) => Ok(ModelAt::new(folded)),
        }
    }

    /// The events of a KRI up to a position.
    async fn kri_until(
        &self,
        tenant: TenantId,
        kri: &str,
        until: Position,
    ) -> Result<Vec<Recorded<TenantEvent>>, ReadError> {
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let of = OfAggregate::new("kri", kri);
        let (mut told, mut after) = (Vec::new(), Sequence::START);
        loop {
            let page = read_aggregate(&mut transaction, &of, after, PAGE).await?;
            let Some(last) = page.last().map(|event| (event.sequence, event.position)) else {
                return Ok(told);
            };
            after = last.0;
            for event in page.into_iter().filter(|event| event.position <= until) {
                told.push(recorded(&event)?);
            }
            if last.1 >= until {
                return Ok(told);
            }
        }
    }
}
