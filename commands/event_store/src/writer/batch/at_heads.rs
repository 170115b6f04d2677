//! The short way: a batch judged on what the writer remembers and committed in one exchange, where its streams still stand
//! there and nobody else is at them.
#![expect(clippy::as_conversions, reason = "sqlx's macros take a parameter's type in the form of a cast")]

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use draxis_domain::{Sequence, TenantId};
use sqlx::PgConnection;

use crate::append::Decision;
use crate::writer::batch::columns::{EventColumns, HeadColumns, ReceiptColumns};
use crate::writer::batch::heads::note_heads;
use crate::writer::batch::{Batch, BatchError, Outcome};
use crate::writer::judge::{Head, Judgement, Standing};
use crate::writer::sequences::Sequences;

impl Batch<'_> {
    /// Commits the batch in one exchange; none where it has to go the long way, with nothing written.
    pub(super) async fn commit_at_heads(
        &self,
        connection: &mut PgConnection,
        remembered: &mut Sequences,
    ) -> Result<Option<Outcome>, BatchError> {
        let Some(mut standing) = self.remembered(remembered) else { return Ok(None) };
        let before = standing.heads.clone();
        let judgement = self.judge(&mut standing);
        // A refusal is only as true as what it was judged on, which the database confirms together with what is written.
        if judgement.events.is_empty() && judgement.results.iter().any(Result::is_err) {
            return Ok(None);
        }
        self.committing.store(true, Ordering::Relaxed);
        let written = append_at_heads(connection, &before, &standing, &judgement).await;
        if !written.or_else(not_held)? {
            self.committing.store(false, Ordering::Relaxed);
            return Ok(None);
        }
        let heads = note_heads(&before, standing, remembered);
        Ok(Some(Outcome { results: judgement.results, heads, events: judgement.events }))
    }

    /// What the batch stands on as far as the writer remembers it; none where something must be looked up.
    fn remembered(&self, remembered: &Sequences) -> Option<Standing> {
        let mut standing = Standing::default();
        for append in self.appends() {
            let head = remembered.head(append.tenant)?;
            if let Some(unless) = append.unless
                && remembered.overtaken(append.tenant, head.position, unless)?
            {
                return None;
            }
            for decision in &append.decisions {
                if !decision.claims.is_empty() {
                    return None;
                }
                let aggregate = decision.aggregate();
                match remembered.recall(append.tenant, head.position, &aggregate) {
                    Some(sequence) => {
                        standing.sequences.insert((append.tenant, aggregate), sequence);
                    }
                    None if is_first(decision) => {}
                    None => return None,
                }
            }
            standing.heads.insert(append.tenant, head);
        }
        Some(standing)
    }
}

/// Whether it begins its aggregate. Where there is one already, its first sequence is taken and the database says so.
fn is_first(decision: &Decision) -> bool {
    decision.expected == Sequence::START && !decision.events.is_empty()
}

/// Whether it was written: true only once it is committed. The answer comes with the row, the commit behind it, so the
/// exchange is read to its end.
#[expect(clippy::cognitive_complexity, reason = "one statement with as many arguments as it has columns")]
async fn append_at_heads(
    connection: &mut PgConnection,
    before: &BTreeMap<TenantId, Head>,
    standing: &Standing,
    judgement: &Judgement,
) -> Result<bool, sqlx::Error> {
    let (was, heads) = (HeadColumns::of(before), HeadColumns::of(&standing.heads));
    let events = EventColumns::of(&judgement.events);
    let receipts = ReceiptColumns::of(&judgement.receipts, standing);
    let answers = sqlx::query_scalar!(
        r#"SELECT append_at_heads($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                                  $17, $18, $19, $20, $21, $22, $23, $24, $25) AS "written!""#,
        &was.tenants,
        &was.positions,
        &heads.positions,
        &heads.times,
        &events.tenants,
        &events.positions,
        &events.ids,
        &events.aggregate_types as &[&str],
        &events.aggregate_ids as &[&str],
        &events.sequences,
        &events.types as &[&str],
        &events.versions,
        &events.payloads as &[&str],
        &events.metadatas as &[&str],
        &events.times,
        &events.leaf_hashes as &[&[u8]],
        &receipts.tenants,
        &receipts.callers as &[&str],
        &receipts.keys as &[&str],
        &receipts.request_hashes as &[&[u8]],
        &receipts.statuses,
        &receipts.answers as &[&[u8]],
        &receipts.versions as &[Option<i64>],
        &receipts.positions,
        &receipts.times,
    )
    .fetch_all(connection)
    .await?;
    Ok(answers == [true])
}

/// An error of the statement has undone it, and the long way finds the guilty one. Where the wire broke or the server went
/// down, the commit may have been under way.
fn not_held(error: sqlx::Error) -> Result<bool, BatchError> {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.is_some_and(|code| !code.starts_with("57")) { Ok(false) } else { Err(BatchError::Unknown(error)) }
}
