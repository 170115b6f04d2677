//! Questions about what was: breaches and the values of a KRI.

use draxis_domain::{BreachId, KriId, Position, TenantId};

use crate::breaches::{self, BreachFilter, BreachRow, Breaches, BreachesRow};
use crate::error::ReadError;
use crate::kri_history::{self, Drawing, History, HistoryRange, KriHistory};
use crate::page::{Page, PageOf};
use crate::read_models::ReadModels;
use crate::reading::{Ask, List, Order};

/// How many days' rows are read at once.
const ROWS: usize = 500;

impl ReadModels {
    /// Breaches, newest first.
    pub async fn list_breaches(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &BreachFilter,
        page: &PageOf,
    ) -> Result<Page<BreachRow>, ReadError> {
        let list = List { prefix: breaches::OPENED, order: Order::NewestFirst, page };
        let opened = |row| match row {
            BreachesRow::Opened(id) => Some(breaches::key(&id.to_string())),
            BreachesRow::Breach(_) => None,
        };
        let admitted = |_: &str, row| match row {
            BreachesRow::Breach(breach) => Some(*breach).filter(|breach| filter.admits(breach)),
            BreachesRow::Opened(_) => None,
        };
        self.live.named_page::<Breaches, _>(tenant, at_least, list, (opened, admitted)).await
    }

    /// A breach.
    pub async fn find_breach(
        &self,
        tenant: TenantId,
        id: BreachId,
        at_least: Option<Position>,
    ) -> Result<Option<BreachRow>, ReadError> {
        let row = self.live.find::<Breaches>(tenant, at_least, breaches::key(&id.to_string())).await?;
        Ok(row.and_then(|row| if let BreachesRow::Breach(breach) = row { Some(*breach) } else { None }))
    }

    /// The values of a KRI within a range of time, thinned to what a plot has room for.
    pub async fn kri_history(
        &self,
        tenant: TenantId,
        kri: KriId,
        at_least: Option<Position>,
        range: HistoryRange,
    ) -> Result<History, ReadError> {
        let mut drawing = Drawing::of(range);
        let mut keys = kri_history::keys_within(kri, &range);
        let mut at_least = at_least;
        loop {
            let part = self.live.read::<KriHistory>(tenant, at_least, Ask::Ascending(&keys, ROWS)).await?;
            at_least = Some(part.position);
            let exhausted = part.rows.len() < ROWS;
            if let Some((last, _)) = part.rows.last() {
                keys.after.clone_from(last);
            }
            part.rows.into_iter().flat_map(|(_, row)| row.0).for_each(|point| drawing.add(point));
            if exhausted {
                return Ok(drawing.finish(kri, part.position));
            }
        }
    }
}
