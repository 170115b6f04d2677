//! Copying a stream out: a page of rows in Postgres' binary form, read where they lie. Whoever reads a whole stream reads it
//! so; made one by one, rows cost twice as much.

pub(crate) mod fields;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use draxis_domain::{Position, Sequence};

use crate::copy::fields::Fields;
use crate::read::{StoredEvent, read_on};
use crate::tenant_tx::TenantTx;

/// About as many bytes are wanted in a page.
const PAGE_BYTES: usize = 2 << 20;
const LARGEST_PAGE: usize = 8_192;

/// An event as it is stored, borrowed from the page it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopiedEvent<'a> {
    /// Its place in the stream.
    pub position: Position,
    /// Its id, a ULID.
    pub event_id: &'a str,
    /// The aggregate's type.
    pub aggregate_type: &'a str,
    /// The aggregate's id.
    pub aggregate_id: &'a str,
    /// Its place in the aggregate.
    pub sequence: Sequence,
    /// The wire name.
    pub event_type: &'a str,
    /// The payload's version.
    pub version: u16,
    /// The payload, byte for byte.
    pub payload: &'a str,
    /// The metadata, byte for byte.
    pub metadata: &'a str,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The RFC 6962 leaf hash of its record, as stored.
    pub leaf_hash: &'a [u8],
}

impl From<CopiedEvent<'_>> for StoredEvent {
    fn from(event: CopiedEvent<'_>) -> Self {
        Self {
            position: event.position,
            event_id: event.event_id.to_owned(),
            aggregate_type: event.aggregate_type.to_owned(),
            aggregate_id: event.aggregate_id.to_owned(),
            sequence: event.sequence,
            event_type: event.event_type.to_owned(),
            version: event.version,
            payload: event.payload.to_owned(),
            metadata: event.metadata.to_owned(),
            recorded_at: event.recorded_at,
            leaf_hash: event.leaf_hash.to_vec(),
        }
    }
}

impl StoredEvent {
    /// The same, borrowed.
    pub fn borrowed(&self) -> CopiedEvent<'_> {
        CopiedEvent {
            position: self.position,
            event_id: &self.event_id,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
            event_type: &self.event_type,
            version: self.version,
            payload: &self.payload,
            metadata: &self.metadata,
            recorded_at: self.recorded_at,
            leaf_hash: &self.leaf_hash,
        }
    }
}

/// Events in the order of the stream, as the database sent them.
#[derive(Debug, Default)]
pub struct Page {
    rows: Vec<StoredEvent>,
    copied: Vec<Bytes>,
    full: bool,
    /// How many events the next one should have.
    next: u32,
}

impl Page {
    /// The first page asks for so many; those after it for as many as make a page of the wanted size.
    pub const FIRST: u32 = 512;

    fn of_rows(rows: Vec<StoredEvent>, limit: u32) -> Self {
        let next = fitting(rows.iter().map(weight), limit);
        Self { full: is_full(rows.len(), limit), next, rows, copied: Vec::new() }
    }

    fn of_copied(copied: Vec<Bytes>, limit: u32) -> Self {
        let next = fitting(copied.iter().map(Bytes::len), limit);
        Self { full: is_full(copied.len(), limit), next, rows: Vec::new(), copied }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.copied.is_empty()
    }

    /// Whether as many came as were asked for, so that more may follow.
    pub const fn is_full(&self) -> bool {
        self.full
    }

    /// How many to ask for next.
    pub const fn next_limit(&self) -> u32 {
        self.next
    }

    /// The events, in order.
    pub fn events(&self) -> impl Iterator<Item = Result<CopiedEvent<'_>, sqlx::Error>> {
        let rows = self.rows.iter().map(|event| Ok(event.borrowed()));
        rows.chain(self.copied.iter().map(|row| read(row)))
    }

    /// The last of them.
    pub fn last(&self) -> Result<Option<CopiedEvent<'_>>, sqlx::Error> {
        match self.copied.last() {
            Some(row) => read(row).map(Some),
            None => Ok(self.rows.last().map(StoredEvent::borrowed)),
        }
    }
}

fn is_full(count: usize, limit: u32) -> bool {
    u32::try_from(count).is_ok_and(|count| count >= limit)
}

/// About how many bytes an event takes in a page.
pub(crate) fn weight(event: &StoredEvent) -> usize {
    event.payload.len().saturating_add(event.metadata.len()).saturating_add(300)
}

/// As many events as make a page of the wanted size, if they are like those just seen; as many as before where there were none.
pub(crate) fn fitting(weights: impl ExactSizeIterator<Item = usize>, limit: u32) -> u32 {
    let count = weights.len();
    let each = weights.fold(0, usize::saturating_add).checked_div(count);
    let fit = each.and_then(|each| PAGE_BYTES.checked_div(each));
    fit.and_then(|fit| u32::try_from(fit.clamp(1, LARGEST_PAGE)).ok()).unwrap_or(limit)
}

/// Events after a position up to another, in order, at most `limit`. Few are asked for by a statement that the database has
/// planned already: whoever is but a few events behind waits for nothing else.
pub async fn read_page(
    transaction: &mut TenantTx,
    (after, until): (Position, Position),
    limit: u32,
) -> Result<Page, sqlx::Error> {
    if limit > Page::FIRST {
        return copy_page(transaction, (after, until), limit).await;
    }
    let mut rows = read_on(transaction, after, limit).await?;
    rows.truncate(rows.partition_point(|event| event.position <= until));
    Ok(Page::of_rows(rows, limit))
}

async fn copy_page(
    transaction: &mut TenantTx,
    (after, until): (Position, Position),
    limit: u32,
) -> Result<Page, sqlx::Error> {
    // COPY takes no parameters: the text is rendered from a typed id and from numbers, in this one place.
    let copy = format!(
        "COPY (SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                      payload, metadata, recorded_at, leaf_hash
               FROM events WHERE tenant_id = '{}' AND position > {} AND position <= {}
               ORDER BY position LIMIT {limit}) TO STDOUT (FORMAT binary)",
        transaction.tenant().uuid(),
        after.as_i64(),
        until.as_i64(),
    );
    let mut rows = Vec::new();
    transaction
        .copy_out(&copy, |row| {
            rows.push(row);
            Ok::<(), sqlx::Error>(())
        })
        .await?;
    Ok(Page::of_copied(rows, limit))
}

fn read(row: &[u8]) -> Result<CopiedEvent<'_>, sqlx::Error> {
    let mut fields = Fields::of(row, 11)?;
    let event = CopiedEvent {
        position: Position::from_i64(fields.bigint()?),
        event_id: fields.text()?,
        aggregate_type: fields.text()?,
        aggregate_id: fields.text()?,
        sequence: Sequence::from_i64(fields.bigint()?),
        event_type: fields.text()?,
        version: u16::try_from(fields.integer()?).unwrap_or_default(),
        payload: fields.text()?,
        metadata: fields.text()?,
        recorded_at: fields.time()?,
        leaf_hash: fields.bytes()?,
    };
    fields.end()?;
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_PAGE, fitting};

    #[test]
    fn pages_shrink_where_events_are_large() {
        assert_eq!(fitting([100, 100].into_iter(), 512), u32::try_from(LARGEST_PAGE).unwrap());
        assert_eq!(fitting([1 << 20].into_iter(), 512), 2);
        assert_eq!(fitting([8 << 20].into_iter(), 512), 1);
        assert_eq!(fitting([].into_iter(), 512), 512);
    }
}
