//! Pages of lists: bounded, with a cursor that stays good under inserts (product.md section 7).

use draxis_domain::Position;
use schemars::JsonSchema;
use serde::Serialize;

/// What part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOf {
    /// Where the page before ended; none for the first.
    pub cursor: Option<String>,
    /// How many items at most; never more than [`PageOf::MOST`] are given.
    pub limit: usize,
}

impl PageOf {
    /// The most items that one page may have (product.md section 7).
    pub const MOST: usize = 200;

    /// The limit within its bounds.
    pub(crate) fn bounded(&self) -> usize {
        self.limit.clamp(1, Self::MOST)
    }
}

/// Whether a list shows what is out of use as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Archived {
    /// Only what is in use.
    #[default]
    Hidden,
    /// Everything.
    Shown,
}

impl Archived {
    pub(crate) const fn shown(self) -> bool {
        matches!(self, Self::Shown)
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none where this is the last.
    pub next_cursor: Option<String>,
    /// The position whose events the items hold.
    #[serde(skip)]
    pub position: Position,
}

impl<T> Page<T> {
    /// A page of items in the order of their keys. `found` holds one more than asked for, where there is one more.
    pub(crate) fn cut(mut found: Vec<(String, T)>, limit: usize, position: Position) -> Self {
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|(key, _)| key.clone());
        Self { items: found.into_iter().map(|(_, item)| item).collect(), next_cursor, position }
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::Position;

    use super::Page;

    #[test]
    fn the_last_page_has_no_cursor() {
        let found = |count: usize| (0..count).map(|n| (n.to_string(), n)).collect::<Vec<_>>();
        assert_eq!(Page::cut(found(2), 2, Position::START).next_cursor, None);
        let page = Page::cut(found(3), 2, Position::START);
        assert_eq!((page.items.len(), page.next_cursor.as_deref()), (2, Some("1")));
    }
}
