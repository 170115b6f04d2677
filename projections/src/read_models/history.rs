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
        let limit = page.bounded();
        let (mut at_least, mut cursor, mut found) = (at_least, page.cursor.clone(), Vec::new());
        loop {
            let part = PageOf { cursor, limit: PageOf::MOST };
            let list = List { prefix: breaches::OPENED, order: Order::NewestFirst, page: &part };
            let opened = |row| if let BreachesRow::Opened(opened) = row { Some(opened) } else { None };
            let named = self.live.page::<Breaches, _>(tenant, at_least, list, opened).await?;
            for breach in self.breaches(tenant, &named).await? {
                if filter.admits(&breach) {
                    found.push((breaches::cursor(breach.position), breach));
                }
            }
            (at_least, cursor) = (Some(named.position), named.next_cursor);
            if cursor.is_none() || found.len() > limit {
                return Ok(Page::cut(found, limit, named.position));
            }
        }
    }

    /// The episodes of these ids, in the order of the ids.
    async fn breaches(&self, tenant: TenantId, named: &Page<BreachId>) -> Result<Vec<BreachRow>, ReadError> {
        let keys: Vec<String> = named.items.iter().map(|id| breaches::key(&id.to_string())).collect();
        let rows = self.live.read::<Breaches>(tenant, Some(named.position), Ask::Named(&keys)).await?.rows;
        let mut found: Vec<BreachRow> = rows
            .into_iter()
            .filter_map(|(_, row)| if let BreachesRow::Breach(breach) = row { Some(*breach) } else { None })
            .collect();
        found.sort_by_key(|breach| std::cmp::Reverse(breach.position));
        Ok(found)
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
