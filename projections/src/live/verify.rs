//! Verifying: the stream folded anew in memory must equal the rows in Postgres byte for byte (design.md section 4).

mod refold;
mod snapshots;

use std::pin::{Pin, pin};

use draxis_domain::{PlatformEvent, Position, TenantEvent, TenantId};
use draxis_event_store::TenantTx;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ReadError;
use crate::live::Live;
use crate::memory::Memory;
use crate::past::AsOf;
use crate::projection::{Log, Projection};
use crate::replay::{Folded, replay};
use crate::store::{Keyed, written};

pub(crate) use refold::Refold;
pub use refold::Refolded;

/// What the comparison of one projection with its log has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// The projection.
    pub projection: &'static str,
    /// The position at which both were compared.
    pub position: Position,
    /// How many rows the log gives.
    pub rows: usize,
    /// The first row that differs; none where all are equal.
    pub difference: Option<Difference>,
}

/// A row that is not as the log gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Its key.
    pub key: String,
    /// What the log gives; none where there should be no such row.
    pub folded: Option<String>,
    /// What is stored; none where there is no such row.
    pub stored: Option<String>,
}

impl Live {
    /// Folds the stream once more into all of its projections and compares each; then the snapshots of the risk model likewise.
    pub(crate) async fn verify(&self, tenant: TenantId) -> Result<Vec<Verified>, ReadError> {
        if tenant == TenantId::PLATFORM {
            self.verify_log::<PlatformEvent>(tenant).await
        } else {
            let mut verified = self.verify_log::<TenantEvent>(tenant).await?;
            verified.push(self.compare_snapshots(tenant).await?);
            Ok(verified)
        }
    }

    async fn verify_log<E: Log>(&self, tenant: TenantId) -> Result<Vec<Verified>, ReadError> {
        let folded = self.refold_log::<E>(tenant).await?;
        self.catch_up(tenant, folded.position).await?;
        let mut verified = Vec::new();
        for projection in folded.state {
            verified.push(projection.compare(self, tenant, folded.position).await?);
        }
        Ok(verified)
    }

    /// Compares one projection, folded up to a position. The rows are read by one statement, so that they all are of one
    /// position, and the log is folded on to that very position.
    async fn compare<P: Projection>(
        &self,
        tenant: TenantId,
        folded: Folded<Memory<P>>,
    ) -> Result<Verified, ReadError> {
        let mut transaction = TenantTx::begin(&self.pool, tenant).await?;
        // As long as it takes: a million rows are compared while they are read.
        sqlx::query!("SET LOCAL statement_timeout = '1h'").execute(&mut *transaction).await?;
        let mut rows = P::TABLE.stream(&mut transaction);
        let Some((version, position, first)) = rows.try_next().await? else {
            return Err(ReadError::Contended);
        };
        if version != P::VERSION {
            return Err(ReadError::Newer { projection: P::TABLE.name(), found: version, known: P::VERSION });
        }
        let folded = replay(&self.pool, tenant, folded, Some(AsOf::Position(position)), Memory::fold).await?;
        let rest = rows.try_filter_map(async |(_, _, row)| Ok(row));
        let stored = stream::iter(first.map(Ok)).chain(rest);
        let difference = first_difference(&folded.state, pin!(stored)).await?;
        Ok(Verified { projection: P::TABLE.name(), position, rows: folded.state.count(), difference })
    }
}

/// Walks both in the order of their keys, to the first row in which they differ.
async fn first_difference<P: Projection>(
    expected: &Memory<P>,
    mut stored: Pin<&mut (impl Stream<Item = Result<Keyed, sqlx::Error>> + Send)>,
) -> Result<Option<Difference>, ReadError> {
    let mut expected = expected.rows();
    loop {
        let folded = match expected.next() {
            Some((key, row)) => Some(Keyed { key: key.clone(), body: written::<P>(row)? }),
            None => None,
        };
        let stored = stored.try_next().await?;
        if folded.is_none() && stored.is_none() {
            return Ok(None);
        }
        if folded != stored {
            return Ok(Difference::between(folded, stored));
        }
    }
}

impl Difference {
    /// The row that comes first of two that differ: where the other comes later, it is missing on that side.
    fn between(folded: Option<Keyed>, stored: Option<Keyed>) -> Option<Self> {
        let key = [&folded, &stored].into_iter().flatten().map(|row| row.key.clone()).min()?;
        let body = |row: Option<Keyed>| row.filter(|row| row.key == key).map(|row| row.body);
        let (folded, stored) = (body(folded), body(stored));
        Some(Self { key, folded, stored })
    }
}

#[cfg(test)]
mod tests {
    use super::Difference;
    use crate::store::Keyed;

    fn row(key: &str) -> Keyed {
        Keyed { key: key.to_owned(), body: "{}".to_owned() }
    }

    #[test]
    fn a_row_that_is_missing_on_one_side_is_named_with_that_side_empty() {
        let missing = Difference::between(Some(row("a")), Some(row("b"))).unwrap();
        assert_eq!(
            (missing.key.as_str(), missing.folded.is_some(), missing.stored.is_some()),
            ("a", true, false)
        );
        let extra = Difference::between(Some(row("b")), Some(row("a"))).unwrap();
        assert_eq!((extra.key.as_str(), extra.folded.is_some(), extra.stored.is_some()), ("a", false, true));
        let last = Difference::between(None, Some(row("z"))).unwrap();
        assert_eq!((last.key.as_str(), last.folded), ("z", None));
    }
}
