//! Reading ahead: the next events are read and decoded while those before them are folded and written.

use draxis_domain::{Position, Recorded, TenantId};
use draxis_event_store::{Page, StretchError, TenantTx, read_page};
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::error::ReadError;
use crate::projection::{LogEvent, copied, dense};

type Decoded<E> = Result<Vec<Recorded<E>>, ReadError>;

/// A stretch of a stream on its way, a page at a time, in constant memory.
pub(super) struct Ahead<E> {
    pages: mpsc::Receiver<Decoded<E>>,
    position: Position,
    until: Position,
    _reading: JoinSet<()>,
}

impl<E: LogEvent> Ahead<E> {
    /// Begins to read after one position up to another, which must have been written.
    pub(super) fn of(pool: &PgPool, tenant: TenantId, after: Position, until: Position) -> Self {
        let (sender, pages) = mpsc::channel(1);
        let mut reading = JoinSet::new();
        reading.spawn(send(pool.clone(), tenant, (after, until), sender));
        Self { pages, position: after, until, _reading: reading }
    }

    /// The position of the last event that was handed out.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// The next events; none once all were handed out.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Recorded<E>>>, ReadError> {
        let Some(page) = self.pages.recv().await else {
            let interrupted = StretchError::Interrupted { after: self.position };
            return if self.position >= self.until { Ok(None) } else { Err(interrupted.into()) };
        };
        let page = page?;
        self.position = page.last().map_or(self.position, |last| last.position);
        Ok(Some(page))
    }
}

async fn send<E: LogEvent>(
    pool: PgPool,
    tenant: TenantId,
    (mut after, until): (Position, Position),
    sender: mpsc::Sender<Decoded<E>>,
) {
    let mut limit = Page::FIRST;
    while after < until {
        let page = read(&pool, tenant, (after, until), limit).await;
        let page = page.map(|(events, next)| {
            limit = next;
            events
        });
        after = page.as_ref().ok().and_then(|events| events.last()).map_or(until, |last| last.position);
        // Nobody there to take it: whoever read has turned away.
        if sender.send(page).await.is_err() {
            return;
        }
    }
}

/// A page, decoded off the async threads, and how many events the next one should have. No transaction is held between two.
async fn read<E: LogEvent>(
    pool: &PgPool,
    tenant: TenantId,
    (after, until): (Position, Position),
    limit: u32,
) -> Result<(Vec<Recorded<E>>, u32), ReadError> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    let page = read_page(&mut transaction, (after, until), limit).await?;
    drop(transaction);
    let next = page.next_limit();
    if page.is_empty() {
        return Err(StretchError::Missing { expected: after.next() }.into());
    }
    let events = tokio::task::spawn_blocking(move || decoded(&page, after)).await??;
    Ok((events, next))
}

fn decoded<E: LogEvent>(page: &Page, after: Position) -> Decoded<E> {
    dense(page, after).map(|event| copied(&event?)).collect()
}
