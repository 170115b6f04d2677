//! Replaying: a stream folded in memory, in constant memory besides what is folded; the next page is read while one is folded.

use draxis_domain::{Position, Recorded, TenantId};
use draxis_event_store::{StoredEvent, TenantTx, read_on};
use sqlx::PgPool;

use crate::error::ReadError;
use crate::past::AsOf;
use crate::projection::{LogEvent, recorded};

/// How many events are read at once.
const PAGE: u32 = 2_048;

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
    let mut folded = from;
    let mut page = read_on(&mut transaction, folded.position, PAGE).await?;
    while let Some(last) = page.last().map(|event| event.position) {
        let full = page.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        let ended = until.is_some_and(|until| page.last().is_some_and(|event| !until.admits(event)));
        let folding = tokio::task::spawn_blocking(move || fold_page(folded, page, until, fold));
        page = if full && !ended { read_on(&mut transaction, last, PAGE).await? } else { Vec::new() };
        folded = folding.await??;
    }
    Ok(folded)
}

fn fold_page<E: LogEvent, S>(
    mut folded: Folded<S>,
    page: Vec<StoredEvent>,
    until: Option<AsOf>,
    fold: fn(&mut S, &Recorded<E>),
) -> Result<Folded<S>, ReadError> {
    for stored in page {
        if until.is_some_and(|until| !until.admits(&stored)) {
            break;
        }
        let expected = folded.position.next();
        if stored.position != expected {
            return Err(ReadError::Gap { expected, found: stored.position });
        }
        fold(&mut folded.state, &recorded(stored)?);
        folded.position = expected;
    }
    Ok(folded)
}
