//! Reading rows from Postgres at a position: one statement sees the rows and the checkpoint they belong to.

use std::collections::BTreeMap;

use draxis_domain::{Position, TenantId};
use draxis_event_store::{TenantTx, head};

use crate::error::ReadError;
use crate::live::Live;
use crate::page::{Page, PageOf};
use crate::projection::Projection;
use crate::store::{Range, Seen, parsed};

/// How often rows are read again after the read models were caught up; more than once only where they are rebuilt meanwhile.
const TRIES: usize = 4;

/// How many rows are read at once where a filter may drop some of them.
const SCANNED: usize = 200;

/// Which rows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    /// The first ones between two keys.
    Ascending(&'a Range, usize),
    /// The last ones between two keys.
    Descending(&'a Range, usize),
    /// Those under these keys.
    Named(&'a [String]),
}

/// In which order a list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// Rows and the position they are of.
pub(crate) struct Rows<P: Projection> {
    pub(crate) rows: Vec<(String, P::Row)>,
    pub(crate) position: Position,
}

impl Live {
    /// The rows at a position or later; at the stream's head where none is named.
    pub(crate) async fn read<P: Projection>(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        ask: Ask<'_>,
    ) -> Result<Rows<P>, ReadError> {
        let wanted = match at_least {
            Some(position) => position,
            None => head(&self.pool, tenant).await?,
        };
        let mut caught_up = None;
        for _ in 0..TRIES {
            let seen = self.seen::<P>(tenant, ask).await?;
            match (seen.served::<P>()?, caught_up) {
                (Some(position), _) if position >= wanted => {
                    let mut rows: Vec<_> = parsed::<P>(seen.rows)?.into_iter().collect();
                    if matches!(ask, Ask::Descending(..)) {
                        rows.reverse();
                    }
                    return Ok(Rows { rows, position });
                }
                (_, Some(head)) if head < wanted => return Err(ReadError::Ahead { wanted, head }),
                (Some(_) | None, _) => caught_up = Some(self.catch_up(tenant, wanted).await?),
            }
        }
        Err(ReadError::Contended)
    }

    async fn seen<P: Projection>(&self, tenant: TenantId, ask: Ask<'_>) -> Result<Seen, sqlx::Error> {
        let mut transaction = TenantTx::begin(&self.pool, tenant).await?;
        let most = |limit| i64::try_from(limit).unwrap_or(i64::MAX);
        match ask {
            Ask::Ascending(range, limit) => P::TABLE.ascending(&mut transaction, range, most(limit)).await,
            Ask::Descending(range, limit) => P::TABLE.descending(&mut transaction, range, most(limit)).await,
            Ask::Named(keys) => P::TABLE.named(&mut transaction, keys).await,
        }
    }

    /// The row under a key.
    pub(crate) async fn find<P: Projection>(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        key: String,
    ) -> Result<Option<P::Row>, ReadError> {
        let found = self.read::<P>(tenant, at_least, Ask::Named(&[key])).await?;
        Ok(found.rows.into_iter().next().map(|(_, row)| row))
    }

    /// A page of the rows under a prefix, as far as they are kept.
    pub(crate) async fn page<P: Projection, T>(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        list: List<'_>,
        keep: impl Fn(P::Row) -> Option<T>,
    ) -> Result<Page<T>, ReadError> {
        let mut walk = Walk::begin(list)?;
        let mut found = Vec::new();
        loop {
            let rows = self.walk::<P>(tenant, at_least, &mut walk).await?;
            for (key, row) in rows.rows {
                let Some(item) = keep(row) else { continue };
                found.push((list.cursor(&key), item));
            }
            if walk.ends_with(found.len()) {
                return Ok(Page::cut(found, walk.limit, rows.position));
            }
        }
    }

    /// A page of the rows that the entries of a list name by their keys, as far as they are kept: the list gives the order, and
    /// whoever keeps a row is told the place of the entry that names it.
    pub(crate) async fn named_page<P: Projection, T>(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        list: List<'_>,
        (named, keep): (impl Fn(P::Row) -> Option<String>, impl Fn(&str, P::Row) -> Option<T>),
    ) -> Result<Page<T>, ReadError> {
        let mut walk = Walk::begin(list)?;
        let mut found = Vec::new();
        loop {
            let entries = self.walk::<P>(tenant, at_least, &mut walk).await?;
            let entry = |(key, row): (String, P::Row)| Some((list.cursor(&key), named(row)?));
            let entries_named: Vec<(String, String)> = entries.rows.into_iter().filter_map(entry).collect();
            let keys: Vec<String> = entries_named.iter().map(|(_, key)| key.clone()).collect();
            let rows = self.read::<P>(tenant, Some(entries.position), Ask::Named(&keys)).await?.rows;
            let rows: BTreeMap<String, P::Row> = rows.into_iter().collect();
            let kept = |(cursor, key): (String, String)| {
                let item = keep(&cursor, rows.get(&key)?.clone())?;
                Some((cursor, item))
            };
            found.extend(entries_named.into_iter().filter_map(kept));
            if walk.ends_with(found.len()) {
                return Ok(Page::cut(found, walk.limit, entries.position));
            }
        }
    }

    /// The next rows of a walk.
    async fn walk<P: Projection>(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        walk: &mut Walk<'_>,
    ) -> Result<Rows<P>, ReadError> {
        let scanned = walk.limit.saturating_add(1).max(SCANNED);
        let rows = self.read::<P>(tenant, at_least, walk.list.ask(&walk.range, scanned)).await?;
        walk.exhausted = rows.rows.len() < scanned;
        if let Some((last, _)) = rows.rows.last() {
            walk.list.go_on(&mut walk.range, last.clone());
        }
        Ok(rows)
    }
}

/// A list that is walked along until there is enough for a page.
struct Walk<'a> {
    list: List<'a>,
    limit: usize,
    range: Range,
    exhausted: bool,
}

impl<'a> Walk<'a> {
    fn begin(list: List<'a>) -> Result<Self, ReadError> {
        Ok(Self { list, limit: list.page.bounded(), range: list.range()?, exhausted: false })
    }

    /// Whether there is nothing more to come, or one more than the page takes.
    const fn ends_with(&self, found: usize) -> bool {
        self.exhausted || found > self.limit
    }
}

/// A list: what its keys begin with, its order, and which page of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) order: Order,
    pub(crate) page: &'a PageOf,
}

impl List<'_> {
    /// Where the page lies. A cursor is what follows the prefix in the last key of the page before.
    fn range(&self) -> Result<Range, ReadError> {
        let mut range = Range::under(self.prefix);
        if let Some(cursor) = &self.page.cursor {
            if cursor.is_empty() || cursor.len() > 64 || !cursor.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(ReadError::Cursor);
            }
            self.go_on(&mut range, format!("{}{cursor}", self.prefix));
        }
        Ok(range)
    }

    fn go_on(&self, range: &mut Range, last: String) {
        match self.order {
            Order::OldestFirst => range.after = last,
            Order::NewestFirst => range.before = last,
        }
    }

    const fn ask<'a>(&self, range: &'a Range, limit: usize) -> Ask<'a> {
        match self.order {
            Order::OldestFirst => Ask::Ascending(range, limit),
            Order::NewestFirst => Ask::Descending(range, limit),
        }
    }

    fn cursor(&self, key: &str) -> String {
        key.strip_prefix(self.prefix).unwrap_or(key).to_owned()
    }
}
