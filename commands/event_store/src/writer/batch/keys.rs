//! The keys of a batch, held until its commit: who comes with one of them meanwhile is told that it is under way.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::append::ReceiptKey;
use crate::writer::batch::Batch;
use crate::writer::batch::columns::KeyColumns;
use crate::writer::batch::heads::simply;

impl Batch<'_> {
    /// Holds the batch's keys, before any head is waited for, and answers with those that another process holds. Where there
    /// are keys the transaction is begun for it; `beginning` is what is left to say.
    pub(super) async fn hold_keys(
        &self,
        connection: &mut PgConnection,
        beginning: &mut String,
    ) -> Result<BTreeSet<ReceiptKey>, sqlx::Error> {
        let KeyColumns { tenants, callers, keys } = self.keys();
        if keys.is_empty() {
            return Ok(BTreeSet::new());
        }
        simply(connection, &std::mem::take(beginning)).await?;
        let held = sqlx::query_scalar!(
            r#"SELECT hold_key(a.tenant, a.caller, a.key) AS "held!"
               FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS a (tenant, caller, key, place)
               ORDER BY a.place"#,
            &tenants,
            &callers,
            &keys
        )
        .fetch_all(connection)
        .await?;
        let keys = self.appends().filter_map(crate::append::Append::receipt_key);
        Ok(keys.zip(held).filter_map(|(key, held)| (!held).then_some(key)).collect())
    }

    /// The keys that the batch's receipts stand under.
    pub(super) fn keys(&self) -> KeyColumns {
        let mut columns = KeyColumns::default();
        for (tenant, caller, key) in self.appends().filter_map(crate::append::Append::receipt_key) {
            columns.tenants.push(tenant.uuid());
            columns.callers.push(caller);
            columns.keys.push(key);
        }
        columns
    }
}
