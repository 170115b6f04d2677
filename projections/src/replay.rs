//! Replaying: a stream folded in memory, in constant memory besides what is folded; the next page is read while one is folded.

use draxis_domain::{Position, Recorded, TenantId};
use draxis_event_store::{Page, TenantTx, read_page};
use sqlx::PgPool;

use crate::error::ReadError;
use crate::past::{AsOf, UNBOUNDED};
use crate::projection::{LogEvent, copied, dense};

/// A fold under way: what it has made so far and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Folded<S> {
    pub(crate) state: S,
    pub(crate) position: Position,
}

/// Folds the events after a state's position up to a place in the past, or to the stream's end. Events are decoded and folded off the async
/// threads; the count is checked, so that a read that was cut short is an error and no shorter past.
pub(crate) async fn replay<E: LogEvent, S: Send + 'static>(
    pool: &PgPool,
    tenant: TenantId,
    from: Folded<S>,
    until: Option<AsOf>,
    fold: fn(&mut S, &Recorded<E>),
) -> Result<Folded<S>, ReadError> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    let end = until.map_or(UNBOUNDED, AsOf::end);
    let mut folded = from;
    let mut page = read_page(&mut transaction, (folded.position, end), Page::FIRST).await?;
    while let Some(last) = page.last()? {
        let (position, limit) = (last.position, page.next_limit());
        let ended = !page.is_full() || until.is_some_and(|until| !until.admits(&last));
        let folding = tokio::task::spawn_blocking(move || fold_page(folded, &page, until, fold));
        page =
            if ended { Page::default() } else { read_page(&mut transaction, (position, end), limit).await? };
        folded = folding.await??;
    }
    Ok(folded)
}

fn fold_page<E: LogEvent, S>(
    mut folded: Folded<S>,
    page: &Page,
    until: Option<AsOf>,
    fold: fn(&mut S, &Recorded<E>),
) -> Result<Folded<S>, ReadError> {
    for stored in dense(page, folded.position) {
        let stored = stored?;
        if until.is_some_and(|until| !until.admits(&stored)) {
            break;
        }
        fold(&mut folded.state, &copied(&stored)?);
        folded.position = stored.position;
    }
    Ok(folded)
}
