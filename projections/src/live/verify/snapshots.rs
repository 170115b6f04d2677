//! Verifying the snapshots that looks at the past begin at: each must be the fold of the events before it, byte for byte.

use std::collections::BTreeMap;
use std::pin::pin;

use draxis_domain::{Position, TenantId};
use draxis_event_store::TenantTx;
use futures_util::stream;
use serde_json::value::RawValue;

use super::{Difference, Verified, first_difference};
use crate::error::ReadError;
use crate::live::Live;
use crate::memory::Memory;
use crate::past::AsOf;
use crate::replay::{Folded, replay};
use crate::risk_model::RiskModel;
use crate::store::{Keyed, snapshot};

impl Live {
    /// Folds the stream from one snapshot's position to the next and compares; counts snapshots as rows. One snapshot is in memory at a time.
    pub(super) async fn compare_snapshots(&self, tenant: TenantId) -> Result<Verified, ReadError> {
        let mut folded = Folded { state: Memory::<RiskModel>::default(), position: Position::START };
        let mut verified =
            Verified { projection: snapshot::TABLE, position: Position::START, rows: 0, difference: None };
        let all = snapshot::all(&mut TenantTx::begin(&self.pool, tenant).await?).await?;
        for kept in all {
            let until = Some(AsOf::Position(kept.position));
            folded = replay(&self.pool, tenant, folded, until, Memory::fold).await?;
            let body = snapshot::body(&mut TenantTx::begin(&self.pool, tenant).await?, kept).await?;
            // Gone meanwhile: a rebuild has taken its rows away.
            let Some(body) = body else { continue };
            verified.position = kept.position;
            verified.difference = if folded.position == kept.position {
                difference_of(&folded.state, body).await?.map(|found| found.under(kept.position))
            } else {
                Some(Difference { key: kept.position.to_string(), folded: None, stored: Some(body) })
            };
            if verified.difference.is_some() {
                break;
            }
            verified.rows = verified.rows.saturating_add(1);
        }
        Ok(verified)
    }
}

async fn difference_of(folded: &Memory<RiskModel>, body: String) -> Result<Option<Difference>, ReadError> {
    let Ok(rows) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(&body) else {
        return Ok(Some(Difference { key: String::new(), folded: None, stored: Some(body) }));
    };
    let rows = rows.into_iter().map(|(key, body)| Ok(Keyed { key, body: body.get().to_owned() }));
    first_difference(folded, pin!(stream::iter(rows))).await
}

impl Difference {
    /// The same, named with the position of the snapshot it was found in.
    fn under(self, position: Position) -> Self {
        Self { key: format!("{position}/{}", self.key), ..self }
    }
}
