//! Lists: `limit` and `cursor`, stable under inserts (product.md section 7).

use draxis_projections::PageOf;
use serde::Deserialize;

use crate::problem::Problem;

/// The query parameters of a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many, at most 200.
    limit: Option<u32>,
    /// Where the last answer ended (`nextCursor`).
    cursor: Option<String>,
}

/// The most a list answers at once.
const MOST: u32 = 200;

impl PageQuery {
    /// The page that is asked for.
    pub fn page(&self) -> Result<PageOf, Problem> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::invalid_at("/limit", format!("must be from 1 to {MOST}")));
        }
        Ok(PageOf { limit: usize::try_from(limit).unwrap_or(PageOf::MOST), cursor: self.cursor.clone() })
    }
}
