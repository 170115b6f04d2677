//! Reading a stretch of a stream from end to end: in pages, in constant memory, and never less than was asked for.
//!
//! No transaction is held between two pages. The log only grows and its positions are dense, so a stretch whose end is fixed
//! beforehand is the same whenever its pages are read, and a slow consumer keeps neither a connection nor a snapshot.

use draxis_domain::{Position, TenantId};
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::copy::{Page as Copied, fitting, read_page, weight};
use crate::read::{EventFilter, StoredEvent, read_events};
use crate::tenant_tx::TenantTx;

/// So many positions are looked through at a time where a filter leaves most of them out, so that no statement runs long.
const WINDOW: u64 = 100_000;

/// Why a stretch could not be read to its end. What was read before is right, but it is not all.
#[derive(Debug, thiserror::Error)]
pub enum StretchError {
    /// The database did not answer.
    #[error("the database did not answer while the stream was read; go on after position {after}")]
    Database {
        /// The last position that was read.
        after: Position,
        /// What went wrong.
        source: sqlx::Error,
    },
    /// An event that must be there is not.
    #[error("position {expected} is missing from the stream: run `draxis verify`")]
    Missing {
        /// The position that was due.
        expected: Position,
    },
    /// The reading ended with the process.
    #[error("the reading was interrupted; go on after position {after}")]
    Interrupted {
        /// The last position that was read.
        after: Position,
    },
}

/// What to read.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Whose stream.
    pub tenant: TenantId,
    /// Events after this position…
    pub after: Position,
    /// …up to and including this one, which must have been written.
    pub until: Position,
    /// Which of them; its own limits of position are not looked at.
    pub filter: EventFilter,
}

/// A stretch being read: while one page is used, the next one is on its way.
#[derive(Debug)]
pub struct StretchReader {
    pages: mpsc::Receiver<Result<Page, StretchError>>,
    after: Position,
    ended: bool,
    _reading: JoinSet<()>,
}

/// Some events in order, and whether the stretch ends with them.
#[derive(Debug)]
struct Page {
    events: Vec<StoredEvent>,
    up_to: Position,
    last: bool,
}

impl Stretch {
    /// Every event after one position up to another.
    pub fn all(tenant: TenantId, after: Position, until: Position) -> Self {
        Self { tenant, after, until, filter: EventFilter::default() }
    }

    fn is_whole(&self) -> bool {
        self.filter == EventFilter { until: self.filter.until, ..EventFilter::default() }
    }

    /// Begins to read.
    pub fn read(self, pool: &PgPool) -> StretchReader {
        let (sender, pages) = mpsc::channel(1);
        let (after, ended) = (self.after, self.after >= self.until);
        let mut reading = JoinSet::new();
        if !ended {
            reading.spawn(self.send_pages(pool.clone(), sender));
        }
        StretchReader { pages, after, ended, _reading: reading }
    }

    async fn send_pages(self, pool: PgPool, sender: mpsc::Sender<Result<Page, StretchError>>) {
        let (mut after, mut limit) = (self.after, Copied::FIRST);
        loop {
            let page = self.page(&pool, after, limit).await;
            let over = page.as_ref().map_or(true, |page| page.last);
            if let Ok(page) = &page {
                after = page.up_to;
                limit = fitting(page.events.iter().map(weight), limit);
            }
            // Nobody there to take it: whoever read has turned away.
            if sender.send(page).await.is_err() || over {
                return;
            }
        }
    }

    async fn page(&self, pool: &PgPool, after: Position, limit: u32) -> Result<Page, StretchError> {
        let window = if self.is_whole() { self.until } else { self.until.min(after.plus(WINDOW)) };
        let events = self.read_page(pool, (after, window), limit).await;
        let events = events.map_err(|source| StretchError::Database { after, source })?;
        let full = u32::try_from(events.len()).unwrap_or(u32::MAX) >= limit;
        let seen = events.last().map(|event| event.position);
        let up_to = if full { seen.unwrap_or(window) } else { window };
        if self.is_whole() {
            refuse_gaps(&events, after, up_to)?;
        }
        Ok(Page { events, up_to, last: up_to >= self.until })
    }

    /// Whatever has no filter is copied.
    async fn read_page(
        &self,
        pool: &PgPool,
        (after, window): (Position, Position),
        limit: u32,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let mut transaction = TenantTx::begin(pool, self.tenant).await?;
        if self.is_whole() {
            let page = read_page(&mut transaction, (after, window), limit).await?;
            return page.events().map(|event| event.map(StoredEvent::from)).collect();
        }
        let filter = EventFilter { until: Some(window), ..self.filter.clone() };
        read_events(&mut transaction, after, &filter, limit).await
    }
}

impl StretchReader {
    /// The next events, possibly none on the way; `None` once the whole stretch has been read.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredEvent>>, StretchError> {
        if self.ended {
            return Ok(None);
        }
        // A reader that ended without saying so has not read to the end.
        let page = self.pages.recv().await.unwrap_or(Err(StretchError::Interrupted { after: self.after }));
        match page {
            Ok(page) => {
                (self.after, self.ended) = (page.up_to, page.last);
                Ok(Some(page.events))
            }
            Err(error) => {
                self.pages.close();
                Err(error)
            }
        }
    }
}

/// Dense from the position after `after` up to `up_to`, or the first that is missing.
fn refuse_gaps(events: &[StoredEvent], after: Position, up_to: Position) -> Result<(), StretchError> {
    let mut expected = after.next();
    for event in events {
        if event.position != expected {
            return Err(StretchError::Missing { expected });
        }
        expected = expected.next();
    }
    if expected == up_to.next() { Ok(()) } else { Err(StretchError::Missing { expected }) }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_domain::Sequence;

    use super::*;

    fn event(position: u64, bytes: usize) -> StoredEvent {
        StoredEvent {
            position: Position::new(position),
            event_id: String::new(),
            aggregate_type: String::new(),
            aggregate_id: String::new(),
            sequence: Sequence::new(1),
            event_type: String::new(),
            version: 1,
            payload: "x".repeat(bytes),
            metadata: String::new(),
            recorded_at: DateTime::UNIX_EPOCH,
            leaf_hash: Vec::new(),
        }
    }

    #[test]
    fn a_position_missing_at_the_beginning_inside_or_at_the_end_is_named() {
        let missing = |positions: &[u64]| {
            let events: Vec<StoredEvent> = positions.iter().map(|position| event(*position, 1)).collect();
            match refuse_gaps(&events, Position::new(2), Position::new(5)) {
                Err(StretchError::Missing { expected }) => Some(expected.get()),
                Ok(()) => None,
                Err(other) => panic!("{other}"),
            }
        };
        assert_eq!(missing(&[3, 4, 5]), None);
        assert_eq!(missing(&[4, 5]), Some(3));
        assert_eq!(missing(&[3, 5]), Some(4));
        assert_eq!(missing(&[3, 4]), Some(5));
        assert_eq!(missing(&[]), Some(3));
        assert_eq!(missing(&[3, 3, 4, 5]), Some(4), "nor may one come twice");
    }
}
