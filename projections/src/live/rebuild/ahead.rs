//! Reading ahead: the next events are read and decoded while those before them are folded and written.

use draxis_domain::{Position, Recorded, TenantId};
use draxis_event_store::{StoredEvent, Stretch, StretchError, StretchReader};
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::error::ReadError;
use crate::projection::{LogEvent, recorded};

type Page<E> = Result<Vec<Recorded<E>>, ReadError>;

/// A stretch of a stream on its way, a page at a time, in constant memory.
pub(super) struct Ahead<E> {
    pages: mpsc::Receiver<Page<E>>,
    position: Position,
    until: Position,
    _reading: JoinSet<()>,
}

impl<E: LogEvent> Ahead<E> {
    /// Begins to read after one position up to another, which must have been written.
    pub(super) fn of(pool: &PgPool, tenant: TenantId, after: Position, until: Position) -> Self {
        let (sender, pages) = mpsc::channel(1);
        let mut reading = JoinSet::new();
        reading.spawn(send(Stretch::all(tenant, after, until).read(pool), sender));
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

async fn send<E: LogEvent>(mut reader: StretchReader, sender: mpsc::Sender<Page<E>>) {
    loop {
        let page = match reader.next().await {
            Ok(None) => return,
            Ok(Some(events)) => tokio::task::spawn_blocking(move || decoded(events))
                .await
                .unwrap_or_else(|interrupted| Err(interrupted.into())),
            Err(error) => Err(error.into()),
        };
        let over = page.is_err();
        // Nobody there to take it: whoever read has turned away.
        if sender.send(page).await.is_err() || over {
            return;
        }
    }
}

fn decoded<E: LogEvent>(events: Vec<StoredEvent>) -> Page<E> {
    events.into_iter().map(recorded).collect()
}
